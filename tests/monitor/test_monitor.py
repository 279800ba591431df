import numpy as np
import pytest
from concurrently import concurrently
from run_log import RunLog
from tensorboard.summary.writer.event_file_writer import EventFileWriter

from tb_gradhealth.events import Root
from tb_gradhealth.health.judging.stream_judge import StreamJudge
from tb_gradhealth.health.symptoms.gradient_spike import GradientSpike
from tb_gradhealth.health.symptoms.non_finite import NonFinite
from tb_gradhealth.monitor import Monitor
from tb_gradhealth.record import Row, RowTable

TABLE = RowTable(
    rows=(Row(tensor="dense/kernel", kind="gradient", layer="dense", role="kernel", depth=0, shape=(8, 8)),)
)


class Run(RunLog):
    """A run of one tensor that is healthy unless a step sets other values."""

    def step(self, step, **columns):
        healthy = dict.fromkeys(self.table.columns, 1.0) | dict.fromkeys(
            ("nan_count", "inf_count", "bad_steps"), 0
        )
        self.record(step, healthy | columns)


@pytest.fixture
def monitor(tmp_path):
    return Monitor([Root(str(tmp_path))])


@pytest.fixture
def start():
    """Starts runs and closes their writers, which have threads, after the test."""
    started = []

    def start(folder):
        started.append(Run(folder, TABLE))
        return started[-1]

    yield start
    for run in started:
        run.close()


def records(monitor):
    with monitor.snapshot() as snapshot:
        return {name: run.health.summary().records for name, run in snapshot.runs.items()}


def test_there_are_no_runs_before_the_first_refresh(tmp_path, monitor, start):
    start(tmp_path / "a").step(0)
    assert records(monitor) == {}


def test_each_refresh_reads_the_new_records_of_every_run(tmp_path, monitor, start):
    first = start(tmp_path / "a")
    first.step(0)
    monitor.refresh()
    assert records(monitor) == {"a": 1}
    first.step(10)
    start(tmp_path / "b" / "gradhealth").step(0)
    monitor.refresh()
    assert records(monitor) == {"a": 2, "b": 1}


def test_a_run_is_judged_while_it_grows(tmp_path, monitor, start):
    run = start(tmp_path / "a")
    run.step(0)
    monitor.refresh()
    with monitor.snapshot() as snapshot:
        assert snapshot.runs["a"].health.findings() == ()
    run.step(10, nan_count=3, bad_steps=1, rms=np.nan)
    monitor.refresh()
    with monitor.snapshot() as snapshot:
        (finding,) = snapshot.runs["a"].health.findings()
        assert (finding.severity, finding.tensor) == ("critical", "dense/kernel")
        assert snapshot.runs["a"].health.verdict() == "critical"


def test_a_recorder_folder_without_records_is_a_run(tmp_path, monitor):
    EventFileWriter(str(tmp_path / "a" / "gradhealth")).close()
    monitor.refresh()
    assert records(monitor) == {"a": 0}


def test_runs_without_records_of_the_plugin_are_only_counted(tmp_path, monitor, start):
    EventFileWriter(str(tmp_path / "plain")).close()
    start(tmp_path / "ours").step(0)
    monitor.refresh()
    with monitor.snapshot() as snapshot:
        assert (list(snapshot.runs), snapshot.other_runs) == (["ours"], 1)


def test_damage_in_other_files_is_a_problem_outside_the_runs(tmp_path, monitor):
    (tmp_path / "tfevents.1").write_bytes(b"these bytes are no event file")
    monitor.refresh()
    with monitor.snapshot() as snapshot:
        assert snapshot.runs == {}
        assert [(problem.path, problem.offset) for problem in snapshot.problems] == [("tfevents.1", 0)]


def test_a_log_directory_may_appear_later(tmp_path, start):
    monitor = Monitor([Root(str(tmp_path / "later"))])
    monitor.refresh()
    with monitor.snapshot() as snapshot:
        assert snapshot.missing == (str(tmp_path / "later"),)
        assert snapshot.problems == ()
    start(tmp_path / "later").step(0)
    monitor.refresh()
    assert records(monitor) == {".": 1}


def test_a_rewritten_run_is_judged_anew(tmp_path, monitor, start):
    old = start(tmp_path / "a")
    for step in range(5):
        old.step(step)
    monitor.refresh()
    (file,) = (tmp_path / "a").iterdir()
    file.unlink()
    start(tmp_path / "a").step(0)
    monitor.refresh()
    assert records(monitor) == {"a": 1}
    with monitor.snapshot() as snapshot:
        assert "was removed" in snapshot.runs["a"].problems()[0].message


def test_a_deleted_run_is_removed(tmp_path, monitor, start):
    start(tmp_path / "a").step(0)
    monitor.refresh()
    for file in (tmp_path / "a").iterdir():
        file.unlink()
    monitor.refresh()
    assert records(monitor) == {}


def test_a_refresh_is_skipped_where_the_last_is_recent(tmp_path, monitor, start):
    run = start(tmp_path / "a")
    run.step(0)
    monitor.refresh(at_most_every=3600)
    run.step(1)
    monitor.refresh(at_most_every=3600)
    assert records(monitor) == {"a": 1}
    monitor.refresh(at_most_every=0)
    assert records(monitor) == {"a": 2}


def test_many_threads_read_each_record_once(tmp_path, monitor, start):
    run = start(tmp_path / "a")

    def ask():
        monitor.refresh()
        with monitor.snapshot() as snapshot:
            for each in snapshot.runs.values():
                steps = each.health.series("gradient", "dense/kernel", ["rms"])["step"]
                assert list(steps) == list(range(len(steps)))

    with concurrently(ask, threads=4):
        for step in range(50):
            run.step(step)
    monitor.refresh()
    assert records(monitor) == {"a": 50}


def test_a_failing_rule_is_reported_and_the_others_continue(tmp_path, monitor, start, caplog, monkeypatch):
    judge = GradientSpike.observe

    def upset_at_step_1(rule, view):
        return judge(rule, view) if 1 not in view.steps else 1 / 0

    monkeypatch.setattr(GradientSpike, "observe", upset_at_step_1)
    run = start(tmp_path / "a")
    for step in range(3):
        run.step(step, nan_count=3)
    monitor.refresh()
    with monitor.snapshot() as snapshot:
        (problem,) = snapshot.runs["a"].problems()
        assert problem.message.startswith("gradient-spike is not judged from step 1 on: ZeroDivisionError")
        (finding,) = snapshot.runs["a"].health.findings()
        assert (finding.symptom, finding.count) == ("non-finite", 3)
    assert "Traceback" in caplog.text


def test_a_run_that_cannot_be_judged_does_not_affect_others(tmp_path, monitor, start, monkeypatch):
    for name in "abc":
        start(tmp_path / name).step(0)
    update_structure = StreamJudge._update_structure

    def failing(judge, record):
        if record.step == 7:
            raise OverflowError("planted")
        update_structure(judge, record)

    monkeypatch.setattr(StreamJudge, "_update_structure", failing)
    start(tmp_path / "bad").step(7)
    for _ in range(2):
        monitor.refresh()
        assert records(monitor) == {"a": 1, "b": 1, "bad": 0, "c": 1}
    with monitor.snapshot() as snapshot:
        (problem,) = snapshot.runs["bad"].problems()
        assert snapshot.loaded
    assert (problem.path, "planted" in problem.message) == ("bad", True)


def test_a_failing_message_does_not_affect_other_findings(tmp_path, monitor, start, monkeypatch):
    def failing(self, facts):
        raise OverflowError("planted")

    monkeypatch.setattr(NonFinite, "message", failing)
    run = start(tmp_path / "a")
    run.step(0)
    run.step(10, nan_count=1, bad_steps=1, bad_ago=0)
    monitor.refresh()
    with monitor.snapshot() as snapshot:
        assert snapshot.runs["a"].health.findings() == ()
        assert "non-finite is not judged from step 10 on" in snapshot.runs["a"].problems()[-1].message
