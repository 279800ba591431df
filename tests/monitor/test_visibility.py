"""Folders that disappear for a while, missing permissions, and special files, as on shared disks."""

import os
import socket
import subprocess
import sys
import tempfile
import textwrap
from pathlib import Path

import pytest
from run_log import GOOD, RunLog

from tb_gradhealth.events import Root
from tb_gradhealth.monitor import Monitor
from tb_gradhealth.record import Row, RowTable

TABLE = RowTable((Row("d/kernel", "gradient", "d", "kernel", 0, (8, 8)),), settings={"every": 10})


@pytest.fixture
def monitor(tmp_path):
    return Monitor([Root(str(tmp_path))])


def known(monitor):
    """Records of each run, problems of all of them."""
    monitor.refresh()
    with monitor.snapshot() as snapshot:
        records = {name: run.health.summary().records for name, run in snapshot.runs.items()}
        problems = [*snapshot.problems, *(each for run in snapshot.runs.values() for each in run.problems())]
        return records, [problem.message for problem in problems]


def test_a_run_that_reappears_is_complete(tmp_path, monitor):
    with RunLog(tmp_path / "run", TABLE) as log:
        for step in range(5):
            log.record(step, GOOD)
        assert known(monitor) == ({"run": 5}, [])
        (tmp_path / "run").rename(tmp_path.parent / "elsewhere")
        assert known(monitor) == ({}, [])
        (tmp_path.parent / "elsewhere").rename(tmp_path / "run")
        log.record(5, GOOD)
        assert known(monitor) == ({"run": 6}, [])


def test_a_moved_run_has_its_new_name(tmp_path, monitor):
    with RunLog(tmp_path / "a", TABLE) as log:
        log.record(0, GOOD)
        assert known(monitor) == ({"a": 1}, [])
        (tmp_path / "a").rename(tmp_path / "b")
        log.record(1, GOOD)
        assert known(monitor) == ({"b": 2}, [])


def test_special_files_are_reported_and_do_not_block(tmp_path, monitor):
    run = tmp_path / "run"
    with RunLog(run, TABLE) as log:
        log.record(0, GOOD)
        os.mkfifo(run / "pipe.tfevents.9")
        with socket.socket(socket.AF_UNIX) as listening:
            listening.bind(os.path.relpath(run / "socket.tfevents.9"))
        (run / "folder.tfevents.9").mkdir()
        (run / "nowhere.tfevents.9").symlink_to(run / "not there")
        os.symlink("/dev/zero", run / "zero.tfevents.9")
        records, problems = known(monitor)
        assert records == {"run": 1}
        assert sorted(problems) == [
            "cannot be read: No such file or directory",
            *["cannot be read: not a regular file"] * 3,
        ]


LOSING_RIGHTS = textwrap.dedent("""
    import os, sys
    from pathlib import Path
    from tb_gradhealth.events import Root
    from tb_gradhealth.monitor import Monitor

    logs, target, file, whole = map(Path, sys.argv[1:])
    mode = target.stat().st_mode
    content = whole.read_bytes()
    monitor = Monitor([Root(str(logs))])

    def become(user):
        if os.getuid() == 0:  # root can read any file
            os.seteuid(0)
            os.seteuid(user)

    def tell():
        become(65534)
        monitor.refresh()
        with monitor.snapshot() as snapshot:
            records = {name: run.health.summary().records for name, run in snapshot.runs.items()}
            problems = [*snapshot.problems, *(p for run in snapshot.runs.values() for p in run.problems())]
            print(records, [problem.message for problem in problems])
        become(0)

    tell()
    with file.open("ab") as growing:
        growing.write(content[file.stat().st_size:])
    target.chmod(0)
    tell()
    target.chmod(mode)
    tell()
""")


@pytest.mark.parametrize("what", ["the file", "the run's folder", "the log directory"])
def test_runs_stay_while_their_permissions_are_missing(tmp_path, what):
    logs, whole = tmp_path / "logs", tmp_path / "whole"
    with RunLog(logs / "run", TABLE) as log:
        log.record(0, GOOD)
        log.record(1, GOOD)
        before = log.file.read_bytes()
        log.record(2, GOOD)
        whole.write_bytes(log.file.read_bytes())
    log.file.write_bytes(before)
    outside = Path(tempfile.gettempdir()).resolve()
    for folder in (logs, *logs.parents):
        if outside in folder.parents:
            folder.chmod(0o755)
    target = {"the file": log.file, "the run's folder": log.folder, "the log directory": logs}[what]
    known_first, without_right, with_right = _told(LOSING_RIGHTS, logs, target, log.file, whole)
    assert known_first == "{'run': 2} []"
    assert without_right.startswith("{'run': 2} ['")
    assert "ermission denied" in without_right
    assert with_right == "{'run': 3} []"


def _told(script, *arguments):
    done = subprocess.run(
        [sys.executable, "-c", script, *map(str, arguments)], capture_output=True, text=True, cwd="/"
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


def test_read_permission_is_sufficient(tmp_path):
    with RunLog(tmp_path / "run", TABLE) as log:
        log.record(0, GOOD)
    before = {path: path.stat().st_mtime_ns for path in [tmp_path, *tmp_path.rglob("*")]}
    for path in before:
        path.chmod(0o555 if path.is_dir() else 0o444)
    try:
        assert known(Monitor([Root(str(tmp_path))])) == ({"run": 1}, [])
        assert {path: path.stat().st_mtime_ns for path in [tmp_path, *Path(tmp_path).rglob("*")]} == before
    finally:
        for path in before:
            path.chmod(0o755)
