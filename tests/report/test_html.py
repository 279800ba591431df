"""The HTML report: well-formed, complete, self-contained, and with charts of the recorded numbers."""

import re
import xml.etree.ElementTree as ElementTree

import numpy as np
import pytest
from run_log import RunLog
from tensorboard.compat.proto import event_pb2
from tensorboard.plugins.hparams import summary_v2
from tensorboard.summary.writer.event_file_writer import EventFileWriter

from tb_gradhealth.record import Row, RowTable
from tb_gradhealth.report.chart_points import MAX_CHARTED

ROWS = (
    Row("dense/kernel", "gradient", "dense", "kernel", 0, (32, 32)),
    Row("dense", "activation", "dense", "activation", 0, (-1, 32), activation="relu"),
    Row("loss", "loss", "loss", "loss", 9),
)


@pytest.fixture(scope="module")
def page(as_html):
    """The page, which is XML too: a parser without HTML's repairs reads it."""
    return ElementTree.fromstring(as_html)


def words(element):
    return " ".join("".join(element.itertext()).split())


def numbers(text):
    return [tuple(map(float, point.split(","))) for point in text.split()]


def with_class(page, tag, name):
    return [each for each in page.iter(tag) if name in each.get("class", "").split()]


def dead_run(folder, dead, losses):
    """A run with a share of dead units and a loss per record, ten steps apart."""
    with RunLog(folder, RowTable(ROWS, settings={"every": 10})) as log:
        for number, (share, loss) in enumerate(zip(dead, losses, strict=True)):
            units = {"dead_fraction": share, "window": 10 + number}
            log.record(10 * number, {"rms": 1, "nan_count": 0}, units, {"mean": loss, "rms": loss})


def test_ids_are_unique_and_every_link_leads_to_one(page):
    ids = [each.get("id") for each in page.iter() if each.get("id")]
    assert len(ids) == len(set(ids))
    links = [link.get("href") for link in page.iter("a")]
    assert len(links) == 6
    named = [name for each in page.iter() for name in (each.get("aria-labelledby") or "").split()]
    assert {link.removeprefix("#") for link in links} | set(named) <= set(ids)


def test_it_loads_nothing(as_html, page):
    assert not re.search(r"https?:|url\(|@import|<script|\bsrc=|\bon\w+=", as_html)
    policy = [each.get("content") for each in page.iter("meta") if each.get("http-equiv")]
    assert policy == ["default-src 'none'; style-src 'unsafe-inline'"]


def test_it_begins_with_the_verdict_of_all_runs_and_ends_with_what_it_contains(page, as_json):
    assert words(with_class(page, "p", "verdict")[0]) == as_json["verdict"]
    footer = words(next(page.iter("footer")))
    findings = sum(len(run["findings"]) for run in as_json["runs"])
    assert f"{findings} findings" in footer
    assert "SHA-256 of what was read are included" in footer


def test_every_incident_has_the_paragraph_of_the_json_report_and_all_its_findings(page, as_json):
    incidents = [incident for run in as_json["runs"] for incident in run["incidents"]]
    articles = list(page.iter("article"))
    assert len(articles) == len(incidents) > 20
    for article, incident in zip(articles, incidents, strict=True):
        assert words(article.find("p")) == " ".join(incident["text"].split())
        assert len(article.findall(".//tbody/tr")) == len(incident["findings"])


def test_every_incident_is_drawn_or_the_footer_says_how_many_are(page, as_json):
    incidents = sum(len(run["incidents"]) for run in as_json["runs"])
    drawn = sum(article.find(".//svg") is not None for article in page.iter("article"))
    footer = words(next(page.iter("footer")))
    assert incidents > MAX_CHARTED == drawn
    assert f"Charts are drawn of the first {drawn} of {incidents} incidents" in footer


def test_a_report_of_a_hundred_findings_is_below_a_megabyte(as_html, as_json):
    assert sum(len(run["findings"]) for run in as_json["runs"]) >= 100
    assert len(as_html.encode()) < 1_000_000


def test_every_chart_has_a_name_a_description_and_axes(page):
    charts = list(page.iter("svg"))
    assert charts
    for chart in charts:
        assert chart.get("role") == "img"
        title, description = chart.find("title"), chart.find("desc")
        assert chart.get("aria-labelledby").split() == [title.get("id"), description.get("id")]
        assert words(title)
        assert re.search(r"\d records?\.", words(description))
        _, _, width, height = map(float, chart.get("viewBox").split())
        texts = [words(text) for text in chart.iter("text")]
        assert "step" in texts
        assert any(text.startswith("began at step") for text in texts)
        assert len([text for text in texts if re.match(r"-?[\d.,e-]+( %| ×)?$", text)]) >= 3
        for shape in (*chart.iter("polyline"), *chart.iter("polygon")):
            for x, y in numbers(shape.get("points")):
                assert 0 <= x <= width
                assert 0 <= y <= height
            assert len(numbers(shape.get("points"))) <= 2 * 160


def test_the_lines_are_those_of_the_recorded_numbers(tmp_path, check):
    dead = np.where(np.arange(40) < 10, 0.05, 0.5 + 0.01 * np.arange(40))
    losses = 2.0 + np.sin(np.arange(40))
    dead_run(tmp_path / "run", dead, losses)
    page = ElementTree.fromstring(check(tmp_path, "--format", "html"))
    value, loss = list(page.iter("svg"))[:2]
    for chart, series in ((value, dead), (loss, losses)):
        (line,) = chart.iter("polyline")
        x, y = np.array(numbers(line.get("points"))).T
        assert len(x) == 40
        np.testing.assert_allclose(np.corrcoef(x, np.arange(40))[0, 1], 1, atol=1e-6)
        np.testing.assert_allclose(np.corrcoef(y, series)[0, 1], -1, atol=1e-4)
    # The limit is where its value is on the line's own scale, and the opening at its step.
    (line,) = value.iter("polyline")
    x, y = np.array(numbers(line.get("points"))).T
    (limit,) = with_class(value, "path", "limit")
    scale = np.polyfit(dead, y, 1)
    height = float(re.match(r"M\S+ (\S+?)H", limit.get("d"))[1])
    assert height == pytest.approx(np.polyval(scale, 0.2), abs=0.3)
    (opening,) = with_class(value, "path", "opening")
    place = float(re.match(r"M(\S+) ", opening.get("d"))[1])
    assert place == pytest.approx(x[10], abs=0.1)
    assert "began at step 100" in words(value)
    # The shade of the loss begins there too, and ends with the training.
    (shade,) = with_class(loss, "rect", "range")
    (line,) = loss.iter("polyline")
    x = np.array(numbers(line.get("points")))[:, 0]
    begin, width = float(shade.get("x")), float(shade.get("width"))
    assert (begin, begin + width) == (pytest.approx(x[10], abs=0.1), pytest.approx(x[-1], abs=0.2))


def test_many_records_are_merged_and_their_extremes_are_a_band(tmp_path, check):
    generator = np.random.default_rng(0)
    dead = 0.5 + 0.3 * generator.random(800)
    losses = 2 + generator.random(800)
    losses[333] = 9.0
    dead_run(tmp_path / "run", dead, losses)
    page = ElementTree.fromstring(check(tmp_path, "--format", "html"))
    value, loss = list(page.iter("svg"))[:2]
    for chart, series in ((value, dead), (loss, losses)):
        (line,), (band,) = chart.iter("polyline"), chart.iter("polygon")
        line, band = np.array(numbers(line.get("points"))), np.array(numbers(band.get("points")))
        assert len(line) == 160
        high, low = band[:160, 1], band[160:][::-1, 1]
        parts = series.reshape(160, 5)
        for drawn, truth in ((line[:, 1], parts.mean(1)), (high, parts.max(1)), (low, parts.min(1))):
            np.testing.assert_allclose(np.corrcoef(drawn, truth)[0, 1], -1, atol=1e-3)
        assert "800 records" in words(chart.find("desc"))


def test_a_loss_that_ends_is_a_line_that_ends(tmp_path, check):
    losses = np.where(np.arange(40) < 20, 2.0 - 0.01 * np.arange(40), np.nan)
    dead_run(tmp_path / "run", np.full(40, 0.5), losses)
    page = ElementTree.fromstring(check(tmp_path, "--format", "html"))
    _, loss = list(page.iter("svg"))[:2]
    (line,) = loss.iter("polyline")
    assert len(numbers(line.get("points"))) == 20


def test_a_run_says_what_it_was_trained_with_and_what_was_not_judged(tmp_path, check):
    dead_run(tmp_path / "run", np.full(12, 0.5), np.full(12, 2.0))
    hparams = summary_v2.hparams_pb({"learning_rate": 0.1, "<b>": "x\u202ey"}, trial_id="1")
    writer = EventFileWriter(str(tmp_path / "run"), filename_suffix=".hparams")
    writer.add_event(event_pb2.Event(summary=hparams, wall_time=1.0))
    writer.close()
    said = words(ElementTree.fromstring(check(tmp_path, "--format", "html")).find("body"))
    assert "<b> = x\\u202ey, learning_rate = 0.1" in said
    assert "Not judged" in said
