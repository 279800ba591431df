"""The documentation site: it is built without a warning, is complete, and needs no server and no network."""

import html
import re
import subprocess
import sys

import documentation
import pytest
from chromium import chromium

from tb_gradhealth.cli.commands import COMMANDS
from tb_gradhealth.health import SYMPTOMS, parameters
from tb_gradhealth.health.results import FRAMEWORKS
from tb_gradhealth.plugin.routes import ROUTES
from tb_gradhealth.record import COLUMNS

BUILD = documentation.DOCS / "building" / "build.py"
AXE = documentation.REPOSITORY / "frontend" / "node_modules" / "axe-core" / "axe.min.js"
CHARTS = documentation.DOCS / "symptoms" / "pictures"


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    """The folders of the pages and of the site."""
    pages, site = tmp_path_factory.mktemp("pages"), tmp_path_factory.mktemp("site")
    done = _built(pages, site)
    assert (done.returncode, done.stderr) == (0, ""), done.stderr
    return pages, site


def _built(pages, site):
    command = [sys.executable, str(BUILD), str(site), "--pages", str(pages)]
    return subprocess.run(command, capture_output=True, text=True)


def text_of(page):
    """The text of a page of HTML in one line, without its markup."""
    return " ".join(html.unescape(re.sub(r"<[^>]+>", "", page.read_text("utf-8"))).split())


def test_nothing_is_requested_from_elsewhere(built):
    _, site = built
    pages = list(site.rglob("*.html"))
    assert len(pages) > 60
    for page in pages:
        loaded = re.findall(
            r"<(?:script|img|iframe|source)\b[^>]*\bsrc=\"?([^\" >]+)", page.read_text("utf-8")
        )
        loaded += re.findall(r"<link\b[^>]*\bhref=\"?([^\" >]+)", page.read_text("utf-8"))
        assert loaded
        for address in loaded:
            assert (page.parent / re.split(r"[?#]", address)[0]).resolve().is_file(), (page, address)
    for style in site.rglob("*.css"):
        assert "url(http" not in style.read_text("utf-8")


@pytest.mark.browser
def test_a_browser_searches_in_the_folder_and_requests_nothing_else(built):
    _, site = built
    requested = []
    with chromium() as browser:
        page = browser.new_page()
        page.on("request", lambda request: requested.append(request.url))
        page.goto((site / "index.html").as_uri())
        page.get_by_placeholder("Search").fill("vanishing gradient")
        page.locator(".md-search-result__item", has_text="Vanishing gradient").first.wait_for()
    assert requested
    assert [url for url in requested if not url.startswith(("file:", "data:", "blob:"))] == []


@pytest.mark.browser
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_its_pages_are_accessible(built, theme):
    _, site = built
    with chromium() as browser:
        page = browser.new_page(color_scheme=theme)
        for name in ("symptoms/vanishing-gradient", "how-to/keras-fit"):
            page.goto((site / f"{name}.html").as_uri())
            page.add_script_tag(path=AXE)
            found = page.evaluate("axe.run(document, {runOnly: ['wcag2a', 'wcag2aa', 'wcag21aa']})")
            assert [violation["id"] for violation in found["violations"]] == []


@pytest.mark.parametrize("symptom", SYMPTOMS.values(), ids=lambda symptom: symptom.id)
def test_a_symptom_has_a_page_with_all_that_the_rules_say(built, symptom):
    _, site = built
    text = text_of(site / "symptoms" / f"{symptom.id}.html")
    limits = parameters(symptom.limits_type).values()
    advice = [sentence for framework in FRAMEWORKS for sentence in symptom.advice_for(framework)]
    meanings = [limit.meaning.replace("`", "") for limit in limits]
    said = [
        symptom.title,
        symptom.meaning,
        symptom.measure,
        symptom.needs,
        *symptom.causes,
        *advice,
        *meanings,
    ]
    assert [sentence for sentence in said if sentence not in text] == []
    assert all(f"{limit.name} {limit.default:g}" in text for limit in limits)


def test_each_chart_is_of_a_symptom_and_on_its_page(built):
    _, site = built
    charts = sorted(CHARTS.glob("*.svg"))
    assert {chart.stem.rpartition("-")[0] for chart in charts} == set(SYMPTOMS) - {"no-gradient"}
    for chart in charts:
        symptom, _, state = chart.stem.rpartition("-")
        page = (site / "symptoms" / f"{symptom}.html").read_text("utf-8")
        assert f'id="{symptom}-{state}-title"' in page
        assert f"A {state} run: " in page


def test_the_reference_is_complete(built):
    _, site = built
    commands = text_of(site / "reference" / "command-line.html")
    assert all(re.search(rf"gradhealth {name}\b", commands) for name in COMMANDS)
    routes = (site / "reference" / "http.html").read_text("utf-8")
    assert all(f'id="{route.path.strip("/").replace(".", "")}"' in routes for route in ROUTES)
    columns = text_of(site / "reference" / "record-format.html")
    assert all(name in columns for name in COLUMNS if not name.startswith("magnitudes"))
    for page, names in {
        "tensorflow": (
            "KerasCallback",
            "Recorder",
            "capture",
            "raise_if_unhealthy",
            "summary",
            "TrainingUnhealthy",
        ),
        "torch": ("Watcher", "GradHealth"),
        "jax": ("Recorder", "State", "Watch"),
        "analysis": ("load",),
    }.items():
        headings = re.findall(
            r'<h2 id="[^"]*\.(\w+)"', (site / "reference" / f"{page}.html").read_text("utf-8")
        )
        assert set(names) <= set(headings)


def test_a_link_without_a_target_fails_the_build(built, tmp_path):
    pages, _ = built
    page = pages / "how-to" / "tab.md"
    whole = page.read_text("utf-8")
    try:
        page.write_text(whole + "\n[nowhere](../symptoms/index.md#nowhere)\n")
        program = (
            "import logging, pathlib, sys, build; logging.basicConfig(level='WARNING'); "
            "build.write_site(*map(pathlib.Path, sys.argv[1:]))"
        )
        done = subprocess.run(
            [sys.executable, "-c", program, str(pages), str(tmp_path / "site")],
            cwd=BUILD.parent,
            capture_output=True,
            text=True,
        )
    finally:
        page.write_text(whole)
    assert done.returncode != 0
    assert "nowhere" in done.stderr
