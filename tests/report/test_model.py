"""The report of a run is a value of its own: it can be made in another process."""

import pickle
from dataclasses import replace

import pytest

from tb_gradhealth.events import Root
from tb_gradhealth.monitor import Monitor
from tb_gradhealth.report import FORMATS, report_of
from tb_gradhealth.report.chart_points import MAX_CHARTED
from tb_gradhealth.report.overview import contents_of, verdict_of_all


@pytest.fixture(scope="module")
def reports(sick_logs):
    """The report without and with the points of charts."""
    monitor = Monitor([Root(str(sick_logs))])
    monitor.refresh()
    with monitor.snapshot() as snapshot:
        return [report_of(snapshot, charts=charts) for charts in (False, True)]


@pytest.mark.parametrize("form", FORMATS)
def test_a_report_that_was_pickled_reads_the_same(reports, form):
    report = reports[FORMATS[form].has_charts]
    copied = replace(report, runs=tuple(pickle.loads(pickle.dumps(run)) for run in report.runs))
    assert FORMATS[form].render(copied) == FORMATS[form].render(report)


def test_charts_are_there_where_they_are_asked_for_and_no_more_than_are_drawn(reports):
    plain, charted = reports
    assert not any(run.charts for run in plain.runs)
    assert sum(len(run.charts) for run in charted.runs) == MAX_CHARTED
    for run in charted.runs:
        assert list(run.charts) == [incident.id for incident in run.incidents][: len(run.charts)]


def test_every_finding_of_a_run_is_in_one_of_its_incidents(reports):
    for run in reports[0].runs:
        assert [finding for incident in run.incidents for finding in incident.findings] == list(run.findings)
        for incident in run.incidents:
            assert incident.origin.origin
            assert sum(finding.origin for finding in incident.findings) == 1


def with_verdicts(report, *verdicts):
    first = report.runs[0]
    return [replace(first, run=f"run{number}", verdict=verdict) for number, verdict in enumerate(verdicts)]


@pytest.mark.parametrize(
    ("verdicts", "said"),
    [
        ([], "No run was judged."),
        (["critical"], "The run run0 is sick (critical)."),
        (["healthy"], "The run run0 is healthy."),
        (["too early"], "The run run0 is too early to judge."),
        (["healthy"] * 2, "None of 2 runs is sick: 2 are healthy."),
        (
            ["unknown", "too early"],
            "None of 2 runs is sick: 1 has no readable record and 1 is too early to judge.",
        ),
        (["critical", "healthy"], "1 of 2 runs is sick: run0. 1 is healthy."),
        (["critical", "warning"], "2 of 2 runs are sick: run0 and run1."),
        (
            ["critical"] * 8 + ["healthy"] * 2,
            "8 of 10 runs are sick: run0, run1, run2, run3, run4, run5 and 2 more. 2 are healthy.",
        ),
    ],
)
def test_the_verdict_of_all_runs_is_a_sentence(reports, verdicts, said):
    assert verdict_of_all(with_verdicts(reports[0], *verdicts)) == said


def test_the_contents_count_what_is_there(reports):
    report = reports[0]
    findings = sum(len(run.findings) for run in report.runs)
    said = contents_of(report, audited=False)
    assert said.startswith("The report covers 6 runs, ")
    assert f" and {findings} findings. There was no problem of reading." in said
    assert said.endswith("are not included.")
    empty = contents_of(replace(report, runs=()), audited=False)
    assert empty.startswith("The report covers 0 runs, 0 incidents and 0 findings.")
