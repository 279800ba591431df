"""The HTML report in a real Chromium without a network: both themes, printed, read aloud, and as XML."""

import re
from pathlib import Path
from types import SimpleNamespace

import pytest
from command import gradhealth
from hostile import NAMES
from run_log import RunLog
from sick_runs import write_sick_run

from tb_gradhealth.record import Row, RowTable

pytestmark = pytest.mark.browser

XHTML = "http://www.w3.org/1999/xhtml"
SVG = "http://www.w3.org/2000/svg"

TREE = """() => {
  const tree = node => node.nodeType === 3 ? node.data : [
    node.namespaceURI, node.localName,
    [...node.attributes].filter(each => !each.name.startsWith('xmlns')).map(each => [each.name, each.value]),
    [...node.childNodes].filter(each => each.nodeType !== 3 || each.data.trim()).map(tree),
  ]
  return JSON.stringify(tree(document.documentElement))
}"""
"""The document as nested lists, without the white space between elements."""


@pytest.fixture(scope="module")
def report(tmp_path_factory):
    """A report of trainings with many faults, one of them with hostile names."""
    folder = tmp_path_factory.mktemp("report")
    for seed in range(3):
        write_sick_run(folder / "logs" / f"run{seed}", seed)
    rows = [Row(name, "gradient", f"layer {name}", "kernel", 0, (8, 8)) for name in NAMES.values()]
    with RunLog(folder / "logs" / "<b>run\u202e&amp;", RowTable(tuple(rows))) as log:
        log.record(0, *[{"rms": 1, "nan_count": 1}] * len(rows))
    written = gradhealth("check", folder / "logs", "--format", "html", "--audit")
    assert written.returncode == 1, written.stderr
    path = folder / "report.html"
    path.write_text(written.stdout, "utf-8")
    return path


@pytest.fixture
def opened(browser):
    """Opens a file offline, in a theme; errors and requests fail the test."""
    contexts, complaints = [], []

    def open_page(path: Path, theme="light", width=1100):
        context = browser.new_context(
            color_scheme=theme, offline=True, viewport={"width": width, "height": 900}
        )
        contexts.append(context)
        page = context.new_page()
        page.on("console", lambda message: complaints.append(message.text))
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("request", lambda request: complaints.extend([request.url] * (request.url != path.as_uri())))
        page.goto(path.as_uri())
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert complaints == []


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_it_is_accessible_in_both_themes(opened, report, axe, theme):
    page = opened(report, theme)
    assert axe(SimpleNamespace(document=page)) == []
    background = page.evaluate("getComputedStyle(document.body).backgroundColor")
    brightness = sum(map(int, re.findall(r"\d+", background)))
    assert (brightness > 600) == (theme == "light")


@pytest.mark.parametrize("width", [390, 1100])
def test_nothing_is_wider_than_the_window(opened, report, width):
    page = opened(report, width=width)
    assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_the_html_parser_repairs_nothing(opened, report):
    """The page is XML too; as XML, which no parser repairs, it is the same tree as HTML."""
    text = report.read_text("utf-8")
    xml = report.with_suffix(".xhtml")
    xml.write_text(
        text.replace("<html ", f'<html xmlns="{XHTML}" ').replace("<svg ", f'<svg xmlns="{SVG}" '), "utf-8"
    )
    as_html, as_xml = (opened(path).evaluate(TREE) for path in (report, xml))
    assert "parsererror" not in as_xml
    assert as_html.count(SVG) > 100
    assert as_html == as_xml


def test_charts_have_names_and_their_labels_are_text_within_the_chart(opened, report):
    page = opened(report)
    charts = page.get_by_role("img")
    assert charts.count() > 20
    for index in range(charts.count()):
        assert charts.nth(index).evaluate("chart => chart.querySelector('title').textContent").strip()
    outside = page.evaluate(
        """() => [...document.querySelectorAll('svg')].flatMap(chart => {
          const around = chart.getBoundingClientRect()
          return [...chart.querySelectorAll('text')].filter(text => {
            const own = text.getBoundingClientRect()
            const aside = own.left < around.left - 1 || own.right > around.right + 12
            return aside || own.bottom > around.bottom + 1
          }).map(text => text.textContent)
        })"""
    )
    assert outside == []


def test_links_lead_to_their_runs(opened, report):
    page = opened(report)
    links = page.get_by_role("navigation", name="Runs").get_by_role("link")
    assert links.count() == 4
    last = links.nth(3)
    name = last.inner_text()
    last.click()
    heading = page.get_by_role("heading", level=2, name=name)
    heading.wait_for()
    assert heading.evaluate("heading => heading.closest(':target') !== null")


def test_it_prints_on_pages_of_a4_without_cutting_a_short_incident(opened, report, tmp_path):
    page = opened(report, "dark")
    page.emulate_media(media="print", color_scheme="dark")
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    breaks = page.evaluate(
        "[...document.querySelectorAll('.incident')].map(each => getComputedStyle(each).breakInside)"
    )
    assert set(breaks) == {"avoid"}
    pdf = page.pdf(prefer_css_page_size=True)
    sizes = set(re.findall(rb"/MediaBox \[([^\]]+)\]", pdf))
    assert [round(float(size)) for size in sizes.pop().split()] == [0, 0, 595, 842]
    assert not sizes
    assert pdf.count(b"/Type /Page\n") > 3
