"""The Markdown report: what a reader of a comment sees, and how long it may become."""

import html
import re
from dataclasses import replace

import pytest
from markdown_it import MarkdownIt
from run_log import RunLog

from tb_gradhealth.events import Root
from tb_gradhealth.monitor import Monitor
from tb_gradhealth.record import Row, RowTable
from tb_gradhealth.report import FORMATS, report_of
from tb_gradhealth.report.markdown import MOST_BYTES

GITHUB = 65_536


def rendered(text):
    """The comment as another implementation of Markdown renders it, as text, and its HTML."""
    page = MarkdownIt("commonmark", {"html": True}).enable("table").render(text)
    plain = html.unescape(re.sub(r"<!--.*?-->|<[^>]+>", "", page))
    return " ".join(plain.split()), page


@pytest.fixture(scope="module")
def text(sick_logs, check):
    return check(sick_logs, "--format", "markdown")


def test_every_paragraph_reads_as_in_the_json_report(text, as_json):
    plain, _ = rendered(text)
    assert as_json["verdict"] in plain
    for run in as_json["runs"]:
        for incident in run["incidents"]:
            assert " ".join(incident["text"].split()) in plain


def test_three_incidents_are_open_and_the_others_are_folded(text, as_json):
    opened = re.sub(r"<details>.*?</details>", "", text, flags=re.DOTALL)
    severities = r"^\*\*(?:critical|warning|info): "
    assert len(re.findall(severities, opened, re.MULTILINE)) == 3
    total = sum(len(run["incidents"]) for run in as_json["runs"])
    assert len(re.findall(severities, text, re.MULTILINE)) == total
    assert text.count("<details>") == text.count("</details>") > 6


def test_it_ends_with_what_it_covers(text, as_json):
    covered = as_json["contents"]
    assert rendered(text.splitlines()[-1])[0] == covered


def many(folder, incidents):
    """A report of a run with one incident for each tensor, whose gradient is NaN at a step of its own."""
    rows = [
        Row(f"layer_{index}/kernel", "gradient", f"layer_{index}", "kernel", 0, (8, 8))
        for index in range(incidents)
    ]
    with RunLog(folder / "run", RowTable(tuple(rows), settings={"every": 1})) as log:
        for step in range(0, 10 * incidents, 5):
            bad = [{"rms": 1, "nan_count": float(step == 10 * index)} for index in range(incidents)]
            log.record(step, *bad)
    monitor = Monitor([Root(str(folder))])
    monitor.refresh()
    with monitor.snapshot() as snapshot:
        return report_of(snapshot)


@pytest.mark.parametrize(("runs", "incidents"), [(1, 150), (700, 1)])
def test_a_long_report_is_cut_to_a_comment_and_says_what_was_left_out(tmp_path, runs, incidents):
    report = many(tmp_path, incidents)
    (run,) = report.runs
    report = replace(report, runs=tuple(replace(run, run=f"run{number}") for number in range(runs)))
    text = FORMATS["markdown"].render(report)
    assert 0.7 * MOST_BYTES < len(text.encode()) <= MOST_BYTES < GITHUB
    closing = text.splitlines()[-1]
    assert closing.startswith("**Left out, as the report would be too long: ")
    _, page = rendered(text)
    assert page.count("<details>") == page.count("</details>")
    omitted = {kind: int(count.replace(",", "")) for count, kind in re.findall(r"(\d[\d,]*) (\w+)", closing)}
    assert len(re.findall(r"^\*\*critical: ", text, re.MULTILINE)) + omitted["incidents"] == runs * incidents
    assert len(re.findall(r"^## run", text, re.MULTILINE)) + omitted.get("runs", 0) == runs


def test_a_short_report_leaves_nothing_out(text):
    assert "Left out" not in text
