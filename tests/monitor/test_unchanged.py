"""The cost of a refresh where nothing has changed, and that changes are still found."""

import os
import time

import pytest
from run_log import GOOD, RunLog

from tb_gradhealth.events import Root
from tb_gradhealth.events.storage.local import LocalStorage
from tb_gradhealth.monitor import Monitor
from tb_gradhealth.record import Row, RowTable

TABLE = RowTable((Row("d/kernel", "gradient", "d", "kernel", 0, (8, 8)),), settings={"every": 10})


@pytest.fixture
def logs(tmp_path):
    for name in ("a", "b", "c"):
        with RunLog(tmp_path / name, TABLE) as log:
            log.record(0, GOOD)
    for folder, _, _ in os.walk(tmp_path):
        os.utime(folder, (time.time() - 60, time.time() - 60))
    return tmp_path


@pytest.fixture
def monitor(logs):
    monitor = Monitor([Root(str(logs))])
    monitor.refresh()
    return monitor


def revisions(monitor):
    monitor.refresh()
    with monitor.snapshot() as snapshot:
        return {name: run.revision for name, run in snapshot.runs.items()}


def test_an_unchanged_directory_costs_one_status_per_file(monitor, monkeypatch):
    before, statuses = revisions(monitor), []
    status = LocalStorage.status
    monkeypatch.setattr(
        LocalStorage, "status", lambda self, path: statuses.append(path) or status(self, path)
    )
    monkeypatch.delattr(LocalStorage, "opened")
    monkeypatch.delattr(LocalStorage, "walk")
    assert revisions(monitor) == before
    assert len(statuses) == len(set(statuses)) == 3


def test_only_a_changed_run_has_another_revision(logs, monitor):
    before = revisions(monitor)
    (file,) = (logs / "b").iterdir()
    with file.open("ab") as appended:
        appended.write(b"half")
    after = revisions(monitor)
    assert {name for name in before if before[name] != after[name]} == {"b"}
    with file.open("ab") as appended:
        appended.write(b"\xff" * 20)
    last = revisions(monitor)
    assert {name for name in before if last[name] != after[name]} == {"b"}


def test_a_file_that_is_readable_again_is_no_longer_a_problem(logs, monitor, monkeypatch):
    before = revisions(monitor)

    def refused(self, path):
        raise PermissionError(13, "Permission denied")

    with monkeypatch.context() as patched:
        patched.setattr(LocalStorage, "status", refused)
        during = revisions(monitor)
        assert during != before
        assert revisions(monitor) == during
    assert revisions(monitor) == before
