"""The evidence: its order, its axes, what its charts show at the cursor, and what is saved of them."""

import csv
import io
import struct
import xml.etree.ElementTree as ElementTree
from urllib.parse import urlencode

import numpy as np
import pytest
from frame import read_frame
from playwright.sync_api import expect

pytestmark = pytest.mark.browser

VANISHING = "#gradhealth&p.gradhealth.run=vanishing_sigmoid"
SMOOTHING = "Smoothing"


def open_first(tab):
    assert tab.rows
    tab.frame.locator(".rows .row").first.click()
    tab.evidence.get_by_role("img").first.wait_for()


def recorded(server, run):
    """The series behind the finding that the run's headline names."""
    named = next(each["named"] for each in server.json("runs")["runs"] if each["run"] == run)
    return read_frame(server.get(f"evidence?{urlencode({'run': run, 'finding': named})}")[2])


def download(tab, figure, kind):
    with tab.page.expect_download() as started:
        figure.locator("summary").click()
        figure.get_by_role("button", name=kind).click()
    return started.value


def test_what_happened_what_to_try_and_one_chart_come_first(demo_server, open_tab):
    header, _ = recorded(demo_server, "vanishing_sigmoid")
    with open_tab(demo_server.url, VANISHING) as tab:
        open_first(tab)
        parts = [
            tab.evidence.get_by_text(header["finding"]["message"]),
            tab.evidence.get_by_role("region", name="What to try"),
            tab.evidence.get_by_role("img"),
            tab.evidence.get_by_text("All charts"),
            tab.evidence.get_by_text("What it means, and likely causes"),
            tab.evidence.get_by_text("Rule and formula"),
        ]
        tops = [part.bounding_box()["y"] for part in parts]
        assert tops == sorted(tops)
        text = tab.evidence.inner_text().lower()
        assert "flight recorder" not in text
        assert "robust z" not in text


def test_the_axis_is_in_steps_time_or_epochs_and_in_the_address(demo_server, open_tab):
    _, columns = recorded(demo_server, "vanishing_sigmoid")
    with open_tab(demo_server.url, VANISHING) as tab:
        open_first(tab)
        axis = tab.evidence.get_by_role("group", name="Horizontal axis")
        legend = tab.evidence.locator(".chart .legend").first
        axis.get_by_role("button", name="epoch").click()
        last = columns["epoch"][np.isfinite(columns["epoch"])][-1]
        assert f"epoch {last:.1f} (step 790)" in legend.inner_text()
        axis.get_by_role("button", name="time").click()
        expect(legend).to_contain_text(" s (step 790)")
        seconds = columns["wall_time"][-1] - columns["wall_time"][0]
        shown = legend.inner_text().split(" (step")[0]
        assert float(shown.split()[-2]) == pytest.approx(seconds % 60, abs=1)
        tab.page.wait_for_function("location.hash.includes('axis=time')")
        tab.page.reload()
        expect(axis.get_by_role("button", name="time")).to_have_attribute("aria-pressed", "true")


def test_smoothing_is_that_of_scalars_and_is_remembered(demo_server, open_tab):
    _, columns = recorded(demo_server, "vanishing_sigmoid")
    values, average = columns["value"], 0.0
    for value in values:
        average = 0.9 * average + 0.1 * value
    expected = average / (1 - 0.9 ** len(values))
    with open_tab(demo_server.url, VANISHING) as tab:
        open_first(tab)
        tab.evidence.get_by_label(SMOOTHING).fill("0.9")
        legend = tab.evidence.locator(".chart .legend").first
        expect(legend).to_contain_text("measured, smoothed")
        shown = legend.locator(".key.value").inner_text().split()[-1]
        assert float(shown) == pytest.approx(expected, rel=0.005)
        tab.page.reload()
        expect(tab.evidence.get_by_label(SMOOTHING)).to_have_value("0.9")


def test_the_charts_of_a_constant_stay_drawn_when_smoothed(demo_server, open_tab):
    """The mean of equal numbers differs from them by rounding, which left an axis without ticks to end at."""
    with open_tab(demo_server.url, VANISHING) as tab:
        open_first(tab)
        tab.evidence.get_by_text("All charts").click()
        rate = tab.evidence.get_by_role("img", name="learning rate")
        rate.wait_for()
        tab.evidence.get_by_label(SMOOTHING).fill("0.9")
        expect(rate.locator("xpath=..").locator(".legend")).to_contain_text("smoothed")


def test_the_histogram_follows_the_cursor(demo_server, open_tab):
    with open_tab(demo_server.url, "#gradhealth&p.gradhealth.run=spike_glare", height=2400) as tab:
        open_first(tab)
        tab.evidence.get_by_text("All charts").click()
        bars = tab.evidence.get_by_role("img", name="Magnitudes at step")
        bars.wait_for()
        key = {"run": "spike_glare", "tensor": "conv_0", "kind": "activation", "width": 256}
        header, columns = read_frame(demo_server.get("magnitudes?" + urlencode(key))[2])
        band = tab.evidence.get_by_role("img", name="Share of elements by magnitude").bounding_box()
        for share in (0.05, 0.6):
            tab.page.mouse.move(band["x"] + share * band["width"], band["y"] + 30)
            steps = columns["step"]
            at = np.searchsorted(steps, share * 790, "right") - 1
            row = columns["share"][at * header["bins"] : (at + 1) * header["bins"]]
            name = f"Magnitudes at step {steps[at]:.0f}: most elements, {100 * row.max():.0f}\u00a0%"
            tab.evidence.get_by_role("img", name=name).wait_for()


def test_neighbouring_layers_have_names_and_a_scale(demo_server, open_tab):
    with open_tab(demo_server.url, VANISHING) as tab:
        open_first(tab)
        tab.evidence.get_by_text("All charts").click()
        figure = tab.evidence.locator(
            "figure", has=tab.frame.get_by_role("img", name="tensors in forward order")
        )
        figure.wait_for()
        names = figure.locator(".band-labels span").all_inner_texts()
        assert names[:2] == ["hidden_0/kernel", "hidden_1/kernel"]
        assert names[-1] == "logits/kernel"
        low, high = figure.locator(".mini-ramp").inner_text().split()
        assert 0 < float(low) < float(high)


def test_a_chart_is_saved_as_a_picture_and_as_its_numbers(demo_server, open_tab, tmp_path):
    _, columns = recorded(demo_server, "vanishing_sigmoid")
    with open_tab(demo_server.url, VANISHING) as tab:
        open_first(tab)
        figure = tab.evidence.locator("figure").first
        table = download(tab, figure, "CSV")
        assert table.suggested_filename.endswith("-of-hidden-0-kernel-in-vanishing-sigmoid.csv")
        head, *rows = csv.reader(io.StringIO(table.path().read_text()))
        assert head[0] == "step"
        np.testing.assert_allclose([float(row[0]) for row in rows], columns["step"])
        np.testing.assert_allclose([float(row[1]) for row in rows], columns["value"])
        picture = download(tab, figure, "PNG").path().read_bytes()
        assert picture.startswith(b"\x89PNG")
        width, height = struct.unpack(">II", picture[16:24])
        assert (width, height) == (1280, 600)
        drawing = ElementTree.fromstring(download(tab, figure, "SVG").path().read_text())
        texts = [element.text for element in drawing.iter("{http://www.w3.org/2000/svg}text")]
        assert any("hidden_0/kernel" in text for text in texts)
        assert len(list(drawing.iter("{http://www.w3.org/2000/svg}path"))) > 3


def test_a_symptom_that_a_cause_mentions_leads_to_its_finding(demo_server, open_tab):
    address = "#gradhealth&p.gradhealth.run=dead_relu&p.gradhealth.flat=1"
    with open_tab(demo_server.url, address) as tab:
        assert tab.rows
        tab.frame.locator(".rows .row", has_text="Dead layer").first.click()
        link = tab.evidence.get_by_role("region", name="What to try").get_by_role("button", name="dead units")
        link.click()
        tab.evidence.get_by_role("heading", level=2, name="Dead units").wait_for()


@pytest.mark.parametrize("width", [1280, 800])
def test_with_everything_unfolded_both_themes_pass_axe(demo_server, open_tab, axe, width):
    with open_tab(demo_server.url, VANISHING, width=width) as tab:
        open_first(tab)
        for part in ("All charts", "What it means", "Rule and formula", "Other rules", "Acknowledge or mute"):
            tab.evidence.get_by_text(part).click()
        tab.evidence.get_by_role("img", name="Magnitudes at step").wait_for()
        tab.evidence.get_by_label("Reason").wait_for()
        tab.evidence.locator("figure summary").first.click()
        assert axe(tab) == []
        tab.switch_to_dark()
        assert axe(tab) == []


def test_a_tap_shows_what_hovering_shows(demo_server, open_tab):
    with open_tab(
        demo_server.url, "#gradhealth&p.gradhealth.run=spike_glare", width=800, has_touch=True
    ) as tab:
        tab.grid.wait_for()
        tab.frame.locator(".rows .row").first.tap()
        word = tab.evidence.locator("dl").get_by_role("button", name="× spread").first
        word.tap()
        said = tab.evidence.get_by_role("note")
        assert "median over the last 32 records" in said.inner_text()
        room, panel = said.bounding_box(), tab.evidence.bounding_box()
        assert panel["x"] <= room["x"] < room["x"] + room["width"] <= panel["x"] + panel["width"]
        word.tap()
        said.wait_for(state="detached")
        # The keyboard does the same, and Escape leaves the evidence open.
        word.press("Enter")
        said.wait_for()
        word.press("Escape")
        said.wait_for(state="detached")
        chart = tab.evidence.locator(".chart").first
        plot = chart.locator(".u-over")
        plot.scroll_into_view_if_needed()
        width = plot.bounding_box()["width"]
        steps = []
        for share in (0.25, 0.75):
            plot.tap(position={"x": share * width, "y": 40})
            steps.append(int(chart.locator(".legend").inner_text().split("\n")[0].removeprefix("step ")))
        assert 100 < steps[0] < 300
        assert 500 < steps[1] < 700
        tab.evidence.get_by_text("All charts").tap()
        bars, reading = tab.evidence.locator(".bars"), tab.evidence.locator(".histogram .legend")
        bars.scroll_into_view_if_needed()
        before = bars.get_attribute("aria-label")
        tab.evidence.locator(".chart:has(.bars) canvas").tap(position={"x": 30, "y": 10})
        expect(bars).not_to_have_attribute("aria-label", before)
        usual = reading.inner_text()
        bars.tap(position={"x": 3, "y": 30})
        expect(reading).not_to_have_text(usual)
