"""Each run is judged by itself: beside thousands of others, with a bar on a terminal, by enough workers."""

import json
import os
import pty
import subprocess
import sys

import numpy as np
from fast_log import FastLog, write_events
from fleet_reports import SETTINGS
from tensorboard.compat.proto import event_pb2

from tb_gradhealth.events import Root
from tb_gradhealth.fleet import Survey
from tb_gradhealth.fleet.workers import batches, cores, default_workers
from tb_gradhealth.record import COLUMNS, Record, Row, RowTable, layouts

ROWS = 40
"""Tensors of a record of 10 kB: a history of 2 MB keeps 200 of them."""


def test_a_run_that_goes_back_in_steps_is_judged_alike_beside_thousands(tmp_path):
    rows = (
        Row(f"dense_{row}/kernel", "gradient", f"dense_{row}", "kernel", row, (8, 8)) for row in range(ROWS)
    )
    written = layouts(units=False, sparse=False, replicas=False)
    table = RowTable(tuple(rows), settings={"every": 10}, layouts=written)
    values = np.full((ROWS, len(COLUMNS)), 0.1, np.float32)
    values[:, [COLUMNS.index(name) for name in ("nan_count", "inf_count", "bad_steps")]] = 0
    values[0, COLUMNS.index("nan_count")] = 1  # in every record
    steps = [*range(0, 8_000, 10), *range(4_000, 4_200, 10)]
    FastLog(tmp_path / "run", table).add(Record(step, 1e9, table, values) for step in steps)
    empty = tmp_path / "empty.tfevents"
    write_events(empty, [event_pb2.Event(wall_time=1.0, file_version="brain.Event:2")])
    for number in range(2_100):
        (tmp_path / f"other_{number}").mkdir()
        os.link(empty, tmp_path / f"other_{number}" / "events.out.tfevents.1.host")
    survey = Survey([Root(str(tmp_path))])
    assert len(survey.runs) > 2_100
    (run,) = survey.report(survey.judged(SETTINGS, 1)).runs
    (found,) = (each for each in run.findings if each.symptom == "non-finite")
    assert run.records == found.count == 420  # steps 0 to 4,190


def test_a_terminal_shows_progress_and_the_report_stays_clean(logs):
    parent, child = pty.openpty()
    command = [sys.executable, "-m", "tb_gradhealth.cli", "check", str(logs / "group_3"), "--format", "json"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=child, text=True)
    os.close(child)
    output, _ = process.communicate(timeout=120)
    shown = os.read(parent, 1 << 16).decode()
    os.close(parent)
    assert "Judging runs" in shown
    assert json.loads(output)["runs"]


def test_further_processes_need_enough_work(tmp_path):
    for number in range(3):
        (tmp_path / f"run_{number}").mkdir()
        (tmp_path / f"run_{number}" / "events.out.tfevents.1.host").touch()
    few = Survey([Root(str(tmp_path))]).runs
    assert default_workers(few) == 1
    assert default_workers(few * 100) == cores() >= 1
    os.truncate(few[0].files[0].path, 10 << 30)  # sparse
    assert default_workers(few) == cores()


def test_batches_hold_each_run_once_and_occupy_all_workers(few):
    for workers in (1, 2, 64):
        found = list(batches(few.runs, workers))
        assert [run for batch in found for run in batch] == list(few.runs)
        assert len(found) >= min(len(few.runs), 8 * workers)
