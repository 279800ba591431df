"""The observation of a run: its log is replayed record by record."""

import pytest
from run_log import RunLog

from tb_gradhealth.record import Row, RowTable
from tb_gradhealth.scoring import Observation, observe

TABLE = RowTable(rows=(Row(tensor="dense/kernel", kind="gradient", layer="dense", role="kernel", depth=0),))
HEALTHY = dict.fromkeys(TABLE.columns, 1.0) | dict.fromkeys(("nan_count", "inf_count", "bad_steps"), 0)


@pytest.fixture
def log(tmp_path):
    log = RunLog(tmp_path / "run", TABLE)
    yield log
    log.close()


def observed(tmp_path, *names):
    return dict(observe(str(tmp_path), names))


def test_a_symptom_is_sighted_at_the_record_that_told_of_it(tmp_path, log):
    for step in range(0, 60, 10):
        log.record(step, HEALTHY | {"nan_count": float(step >= 30)})
    report = observed(tmp_path, "run")["run"].reports["non-finite"]
    assert (report.severity, report.seen, report.warned) == ("critical", 30, 30)
    assert report.layers == {"dense"}


def test_a_healthy_run_has_steps_and_nothing_else(tmp_path, log):
    for step in (0, 10, 20):
        log.record(step, HEALTHY)
    assert observed(tmp_path, "run") == {"run": Observation((0, 10, 20), {})}


def test_runs_that_were_not_asked_for_or_do_not_exist_are_left_out(tmp_path, log):
    log.record(0, HEALTHY)
    assert observed(tmp_path, "another") == {}


def test_what_could_not_be_read_is_said(tmp_path, log):
    log.record(0, HEALTHY)
    log.record(10, HEALTHY)
    content = bytearray(log.file.read_bytes())
    content[-40] ^= 0xFF
    log.file.write_bytes(content)
    (problem,) = observed(tmp_path, "run")["run"].problems
    assert "run/" in problem
