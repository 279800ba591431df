"""Processes judge a log directory as one process does, and survive each other's death."""

import multiprocessing
import os
import signal
import subprocess
import sys
import time
from dataclasses import replace

import psutil
import pytest
from deadly_rules import DEADLY, DeadlyRules
from fleet_logs import write_fleet
from fleet_reports import RULES, SETTINGS, as_json, written
from remote_storage import s3_bucket, s3_server
from run_log import RunLog

from tb_gradhealth.events import Root
from tb_gradhealth.fleet import Settings, Survey
from tb_gradhealth.fleet.processes import judged_in_processes
from tb_gradhealth.record import Row, RowTable
from tb_gradhealth.report import Baseline

SECONDS = 120


def gradhealth(*arguments, **more):
    """`gradhealth check` as a process of its own, that ends by Ctrl-C as from a terminal."""
    command = [sys.executable, "-m", "tb_gradhealth.cli", "check", *map(str, arguments)]
    return subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True, **more
    )


def test_every_format_is_the_same_whatever_the_number_of_processes(logs, tmp_path, capsys):
    survey, settings = Survey([Root(str(logs))]), Settings(RULES.rules, audit=True)
    reports = [survey.report(survey.judged(settings, workers), RULES) for workers in (1, 2, 3)]
    earlier = tmp_path / "earlier.json"
    earlier.write_text(as_json(replace(reports[0], runs=reports[0].runs[::2])))
    expected, *others = (
        (written(report, capsys), written(Baseline.load(str(earlier)).compared(report), capsys))
        for report in reports
    )
    assert len(reports[0].runs) > 150
    assert {run.verdict for run in reports[0].runs} >= {"critical", "warning", "healthy", "too early"}
    for other in others:
        assert other == expected


def test_explanations_are_the_same(few, capsys):
    settings = Settings(RULES.rules, explain=True)
    one, two = (written(few.report(few.judged(settings, workers)), capsys) for workers in (1, 2))
    assert "not measured" in one["text"]
    assert one == two


def test_the_command_line_prints_the_same(logs):
    part = "--run", "group_[12]/", "--fail-on", "info", "--format", "json"
    ended = []
    for workers in (1, 2):
        process = gradhealth(logs, "--workers", workers, *part)
        output, errors = process.communicate(timeout=SECONDS)
        assert errors == ""  # no progress where there is no terminal
        ended.append((output, process.returncode))
    assert ended[0] == ended[1]
    assert ended[0][1] == 1
    assert '"group_1/run_1"' in ended[0][0]
    assert '"group_3/' not in ended[0][0]


def test_killed_processes_change_nothing(few, expected_of_few):
    outcomes = judged_in_processes(few.runs, SETTINGS, workers=2)
    judged = [next(outcomes)]
    killed = multiprocessing.active_children()
    for process in killed:
        os.kill(process.pid, signal.SIGKILL)
    judged += outcomes
    assert len(killed) == 2
    assert as_json(few.report(judged)) == expected_of_few


def test_a_run_that_kills_its_process_is_a_problem_and_the_others_are_judged(tmp_path):
    logs = write_fleet(tmp_path, 8)
    table = RowTable((Row(DEADLY, "gradient", "deadly", "kernel", 0, (4, 4)),), settings={"every": 10})
    with RunLog(logs / "deadly", table) as log:
        log.record(0, {"nan_count": 1})
    survey = Survey([Root(str(logs))])
    report = survey.report(survey.judged(Settings(DeadlyRules(symptoms={})), 2))
    without = Survey([Root(str(logs))])
    without.runs = tuple(run for run in survey.runs if run.name != "deadly")
    expected = without.report(without.judged(SETTINGS, 1))
    (deadly,) = (run for run in report.runs if run.run == "deadly")
    others = replace(report, runs=tuple(run for run in report.runs if run is not deadly))
    assert as_json(others) == as_json(expected)
    assert deadly.verdict == "unknown"
    (problem,) = deadly.problems
    assert problem.path == f"deadly/{log.file.name}"
    assert "killed 3 times" in problem.message


def test_the_same_from_object_storage(monkeypatch, logs):
    with s3_server(monkeypatch):
        bucket = s3_bucket()
        for path in sorted((logs / "group_2").rglob("*tfevents*")):
            if path.is_file():
                bucket.put(str(path.relative_to(logs)), path.read_bytes())
        survey = Survey([Root(bucket.root)])
        one, two = (as_json(survey.report(survey.judged(SETTINGS, workers))) for workers in (1, 2))
    local = Survey([Root(str(logs))])
    names = {run.name for run in survey.runs}
    local.runs = tuple(run for run in local.runs if run.name in names)
    assert len(names) > 20
    assert one == two == as_json(local.report(local.judged(SETTINGS, 1)))


def test_a_file_that_vanishes_after_the_listing_is_a_problem(tmp_path):
    write_fleet(tmp_path, 3)
    survey = Survey([Root(str(tmp_path))])
    (gone,) = (tmp_path / "group_1" / "run_1").iterdir()
    gone.unlink()
    one, two = (as_json(survey.report(survey.judged(SETTINGS, workers))) for workers in (1, 2))
    assert one == two
    assert "No such file or directory" in one


def children(process):
    """Its worker processes."""
    found = []
    end = time.monotonic() + SECONDS
    while len(found) < 2:
        assert time.monotonic() < end
        assert process.poll() is None
        time.sleep(0.01)
        all_below = psutil.Process(process.pid).children(recursive=True)
        found = [each for each in all_below if "spawn_main" in " ".join(each.cmdline())]
    return found


def test_ctrl_c_ends_all_processes(logs):
    process = gradhealth(logs, "--workers", 2)
    workers = children(process)
    os.killpg(process.pid, signal.SIGINT)
    output, errors = process.communicate(timeout=SECONDS)
    assert process.returncode == 130
    assert output == ""
    assert errors == "Interrupted: no run is reported.\n"
    assert psutil.wait_procs(workers, timeout=SECONDS)[1] == []


def test_processes_end_when_the_command_is_killed(logs):
    process = gradhealth(logs, "--workers", 2)
    workers = children(process)
    process.kill()
    process.communicate(timeout=SECONDS)
    assert psutil.wait_procs(workers, timeout=SECONDS)[1] == []


@pytest.mark.parametrize("arguments", [("--workers", 0), ("--workers", 2, "--dask", "tcp://127.0.0.1:1")])
def test_wrong_usage(logs, arguments):
    process = gradhealth(logs, *arguments)
    _, errors = process.communicate(timeout=SECONDS)
    assert process.returncode == 2
    assert "--workers" in errors
