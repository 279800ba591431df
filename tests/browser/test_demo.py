"""The demo as its visitor sees it: every sick layer named, the healthy run left alone, all tabs alive."""

import json
import re
import urllib.request

import pytest
from click.testing import CliRunner
from playwright.sync_api import expect

from tb_gradhealth.cli import main

pytestmark = pytest.mark.browser

SICK = {
    "vanishing_sigmoid": ("vanishing-gradient", "Vanishing gradient", "hidden_0"),
    "exploding_rnn": ("exploding-gradient", "Exploding gradient", "rnn"),
    "dead_relu": ("dead-units", "Dead units", "hidden_1"),
    "spike_glare": ("activation-spike", "Activation spike", "conv_0"),
    "nan_contrast": ("non-finite", "NaN or infinite values", "contrast"),
}

COLOURS = """canvas => new Set(
    new Uint32Array(canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height).data.buffer)
).size"""
"""Different colours in a canvas: an empty one has one."""

SMALL = """() => [...document.querySelectorAll('a, button, input, select, summary')].filter(element => {
    const target = element.closest('label') ?? element
    const { width, height } = target.getBoundingClientRect()
    return width > 0 && Math.min(width, height) < 24
}).map(element => element.outerHTML.slice(0, 120))"""
"""Targets of less than 24 pixels (WCAG 2.5.8); a label belongs to its field."""


@pytest.fixture(scope="module")
def report(demo_logs):
    result = CliRunner().invoke(main, ["check", str(demo_logs), "--format", "json"])
    assert result.exit_code == 1
    return {run["run"]: run for run in json.loads(result.stdout)["runs"]}


def test_check_names_the_layer_of_every_sick_run_and_spares_the_healthy_one(report):
    assert set(report) == {*SICK, "healthy_cnn"}
    assert report["healthy_cnn"]["verdict"] == "healthy"
    assert [run["problems"] for run in report.values()] == [[]] * 6
    for name, (symptom, _, layer) in SICK.items():
        origins = [found for found in report[name]["findings"] if found["origin"]]
        (origin,) = [found for found in origins if (found["symptom"], found["layer"]) == (symptom, layer)]
        assert origin["severity"] in ("warning", "critical"), name


@pytest.mark.parametrize(("name", "step"), [("spike_glare", 467), ("nan_contrast", 343)])
def test_planted_steps_are_found_exactly(report, name, step):
    symptom, _, layer = SICK[name]
    (found,) = [
        f for f in report[name]["findings"] if (f["symptom"], f["layer"]) == (symptom, layer) and f["origin"]
    ]
    assert found["opened_step"] == step


def test_the_table_shows_the_origin_of_every_sick_run(demo_server, open_tab):
    with open_tab(demo_server.url) as tab:
        for name, (_, title, layer) in SICK.items():
            # The table holds more rows than the page shows.
            tab.frame.get_by_role("searchbox", name="Filter runs (regex)").fill(f"^{name}$")
            row = tab.row(name, layer, title)
            assert "likely origin" in row.inner_text()
        tab.frame.get_by_role("searchbox", name="Filter runs (regex)").fill("")
        runs = tab.frame.get_by_role("navigation", name="Runs")
        assert runs.get_by_role("button", name="healthy_cnn").locator(".chip").inner_text() == "healthy"


def test_the_table_sorts_by_any_column_by_mouse_and_keyboard(demo_server, open_tab):
    with open_tab(demo_server.url) as tab:
        tab.column("Opened").get_by_role("button").click()
        assert tab.column("Opened").get_attribute("aria-sort") == "ascending"
        opened = [int(row[4].replace(",", "")) for row in tab.rows]
        assert opened == sorted(opened)
        assert len(set(opened)) > 1
        tab.column("Opened").get_by_role("button").press("Enter")
        assert tab.column("Opened").get_attribute("aria-sort") == "descending"
        # The table holds more rows than the page shows: the other end comes to the top.
        descending = [int(row[4].replace(",", "")) for row in tab.rows]
        assert descending == sorted(descending, reverse=True)
        assert descending[0] > opened[0]


def test_filters_narrow_the_table_and_live_in_the_address(demo_server, open_tab):
    with open_tab(demo_server.url) as tab:
        everything = len(tab.rows)
        tab.frame.get_by_role("searchbox", name="Filter layers (regex)").fill("hidden_[01]/")
        tab.frame.get_by_role("searchbox", name="Filter runs (regex)").fill("^vanish")
        tab.frame.locator('.row[data-run="dead_relu"]').first.wait_for(state="detached")
        tab.frame.get_by_role("button", name="Incidents").click()
        tab.frame.locator('.row[data-run="vanishing_sigmoid"]').nth(3).wait_for()
        filtered = tab.rows
        assert {row[2].split()[0] for row in filtered} == {"hidden_0/kernel", "hidden_1/kernel"}
        tab.page.wait_for_function("location.hash.includes('hidden_')")
        address = tab.page.url
    with open_tab(address.split("#")[0], "#" + address.split("#")[1]) as shared:
        assert shared.rows == filtered
        assert len(filtered) < everything
        shared.frame.get_by_role("searchbox", name="Filter layers (regex)").fill("hidden_[")
        assert shared.frame.get_by_role("alert").first.inner_text()


def test_a_row_opens_its_evidence_and_escape_closes_it(demo_server, open_tab):
    with open_tab(demo_server.url) as tab:
        tab.row("vanishing_sigmoid", "hidden_0/kernel", "Vanishing").click()
        tab.evidence.wait_for()
        text = tab.evidence.inner_text()
        assert "hidden_0/kernel has received gradients" in text
        assert "and the loss has not improved" in text
        assert "Replace sigmoid or tanh" in text
        charts = tab.evidence.get_by_role("img")
        charts.first.wait_for()
        assert charts.count() == 1
        tab.evidence.get_by_text("All charts").click()
        charts.nth(5).wait_for()
        names = [chart.get_attribute("aria-label") for chart in charts.all()]
        for drawn in (
            "Share of elements by magnitude",
            "tensors in forward order",
            "loss:",
            "learning rate:",
        ):
            assert any(drawn in name for name in names), names
        assert tab.evidence.locator("canvas").first.evaluate(COLOURS) > 9
        tab.grid.focus()
        tab.page.keyboard.press("Escape")
        tab.evidence.wait_for(state="detached")


def test_the_keyboard_alone_reaches_the_evidence(demo_server, open_tab):
    with open_tab(demo_server.url) as tab:
        assert tab.rows
        tab.grid.focus()
        for key in ("ArrowDown", "ArrowDown", "Enter"):
            tab.page.keyboard.press(key)
        tab.evidence.wait_for()
        active = tab.grid.get_attribute("aria-activedescendant")
        assert tab.frame.locator(f'[id="{active}"]').get_attribute("aria-selected") == "true"


@pytest.mark.parametrize(
    ("link", "lands"),
    [
        ("Histograms", "#histograms"),
        ("Distributions", "#distributions"),
        ("Scalars", "#scalars"),
        ("Time Series", "#timeseries"),
    ],
)
def test_links_lead_to_the_layer_in_the_other_tabs(demo_server, open_tab, link, lands):
    with open_tab(demo_server.url) as tab:
        tab.row("dead_relu", "hidden_1", "Dead units").click()
        tab.evidence.get_by_role("link", name=link).click()
        tab.page.wait_for_url(f"**{lands}**")
        assert "hidden_1" in tab.page.url
        assert "dead_relu" in tab.page.url


@pytest.mark.parametrize("link", ["Histograms", "Distributions", "Time Series"])
def test_what_a_link_lands_on_is_that_layer_of_that_run_alone(demo_server, open_tab, link):
    with open_tab(demo_server.url) as tab:
        tab.row("dead_relu", "hidden_1", "Dead units").click()
        tab.evidence.get_by_role("link", name=link).click()
        layers = tab.page.get_by_text(re.compile(r"hidden_\d+/")).locator("visible=true")
        layers.first.wait_for()
        # The older tabs show what matches in a part of its own above all the rest.
        assert "hidden_1/" in layers.first.inner_text()
        runs = tab.page.get_by_text(re.compile(r"^(vanishing_sigmoid|spike_glare)")).locator("visible=true")
        assert runs.count() == 0


def test_both_themes_pass_axe_and_follow_tensorboards_switch(demo_server, open_tab, axe, tmp_path):
    with open_tab(demo_server.url) as tab:
        tab.row("vanishing_sigmoid", "hidden_0/kernel", "Vanishing").click()
        tab.evidence.get_by_role("img").first.wait_for()
        assert axe(tab) == []
        tab.switch_to_dark()
        assert axe(tab) == []


def test_targets_are_large_enough_for_a_finger(demo_server, open_tab):
    with open_tab(demo_server.url, width=800) as tab:
        tab.row("vanishing_sigmoid", "hidden_0/kernel", "Vanishing").click()
        tab.evidence.get_by_role("img").first.wait_for()
        for folded in tab.evidence.locator(".folded > summary").all():
            folded.click()
        tab.evidence.get_by_role("button", name="Make the rule").wait_for()
        assert tab.document.evaluate(SMALL) == []
        for view in ("Rules", "Runs", "Layers"):
            tab.frame.get_by_role("button", name=view, exact=True).click()
            tab.frame.get_by_role("main").get_by_role("heading", level=1).wait_for()
            assert tab.document.evaluate(SMALL) == []
        tab.frame.get_by_role("button", name="Network", exact=True).first.click()
        tab.frame.get_by_role("group", name="Network of").wait_for()
        assert tab.document.evaluate(SMALL) == []


@pytest.mark.parametrize(
    ("tab_name", "shows"),
    [
        ("scalars", "epoch_loss"),
        ("histograms", "hidden_0/kernel"),
        ("graphs", None),
        ("hparams", "critical findings"),
    ],
)
def test_tensorboards_other_tabs_show_the_demo_too(demo_server, browser, tab_name, shows):
    page = browser.new_page(viewport={"width": 1600, "height": 900})
    page.goto(f"{demo_server.url}#{tab_name}")
    shown = page.get_by_text(shows) if shows else page.locator("tf-graph-scene svg g.node")
    expect(shown.first).to_be_attached(timeout=30_000)
    page.close()


def test_hparams_can_sort_runs_by_their_health(demo_server):
    query = {
        "allowedStatuses": ["STATUS_UNKNOWN", "STATUS_SUCCESS", "STATUS_FAILURE", "STATUS_RUNNING"],
        "sliceSize": 100,
        "colParams": [
            {"metric": {"group": "gradhealth", "tag": "gradhealth/critical"}, "order": "ORDER_DESC"}
        ],
    }
    request = urllib.request.Request(
        demo_server.url + "data/plugin/hparams/session_groups",
        json.dumps(query).encode(),
        {"Content-Type": "application/json"},
    )
    with urllib.request.urlopen(request, timeout=30) as response:
        groups = json.load(response)["sessionGroups"]
    metrics = [{each["name"]["tag"]: each["value"] for each in group["metricValues"]} for group in groups]
    critical = [values["gradhealth/critical"] for values in metrics]
    assert len(critical) == 6
    assert critical == sorted(critical, reverse=True)
    assert critical[0] > 0 == critical[-1]
