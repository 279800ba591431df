"""A log directory that is refreshed in a thread during requests."""

import os
import time

import numpy as np
import pytest
from concurrently import concurrently
from run_log import RunLog

from tb_gradhealth.events import Root
from tb_gradhealth.monitor import Follower, Monitor
from tb_gradhealth.record import Row, RowTable

TABLE = RowTable(
    tuple(Row(f"dense_{i}/kernel", "gradient", f"dense_{i}", "kernel", i, (8, 8)) for i in range(40))
)
RECORDS = 300


def write(folder, begin, end):
    with RunLog(folder, TABLE) as log:
        healthy = np.full([len(TABLE.rows), len(TABLE.columns)], 1.0, np.float32)
        healthy[:, [TABLE.columns.index(name) for name in ("nan_count", "inf_count", "bad_steps")]] = 0
        for step in range(begin, end):
            log.matrix(step, healthy)


@pytest.fixture
def many(tmp_path):
    for number in range(8):
        write(tmp_path / f"run_{number}", 0, RECORDS)
    return Monitor([Root(str(tmp_path))])


@pytest.fixture
def follow():
    """Creates followers and closes them after the test."""
    followers = []

    def follow(monitor):
        followers.append(Follower(monitor.refresh_in_slices))
        return followers[-1]

    yield follow
    for each in followers:
        each.close()


def records(snapshot):
    return {name: run.health.summary().records for name, run in snapshot.runs.items()}


def assert_gapless(run):
    if run.health.summary().records:
        steps = run.health.series("gradient", "dense_3/kernel", ["rms"])["step"]
        assert list(steps) == list(range(len(steps)))


def until(condition, seconds=60):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it took too long"
        time.sleep(0.02)


def loaded(monitor):
    with monitor.snapshot() as snapshot:
        return snapshot.loaded


def test_snapshots_are_available_during_a_long_refresh(many):
    """After each slice a snapshot has the complete records read so far."""
    seen = []
    for _ in many.refresh_in_slices():
        with many.snapshot() as snapshot:
            seen.append((sum(records(snapshot).values()), snapshot.runs_read, snapshot.loaded))
            for run in snapshot.runs.values():
                state = run.loading
                assert 0 <= state.bytes_read <= state.bytes
                assert not state.done or state.bytes_read == state.bytes > 0
    assert seen == sorted(seen)
    assert len(seen) >= 8
    assert seen[0][2] is False
    assert seen[-1] == (8 * RECORDS, 8, True)


def test_nothing_is_loaded_before_the_first_refresh(many):
    assert not loaded(many)


def test_an_empty_directory_is_loaded_after_a_refresh(tmp_path):
    monitor = Monitor([Root(str(tmp_path))])
    monitor.refresh()
    assert loaded(monitor)


def test_the_preferred_run_is_read_first(many):
    many.prefer(["run_5"])
    for _ in many.refresh_in_slices():
        with many.snapshot() as snapshot:
            if snapshot.runs_read == 1:
                assert [name for name, run in snapshot.runs.items() if run.loading.done] == ["run_5"]
                return
    pytest.fail("the runs were all read at once")


def test_the_newest_run_is_read_before_older_ones(tmp_path):
    for age, name in enumerate(["newest", "older", "oldest"]):
        write(tmp_path / name, 0, 50)
        for file in (tmp_path / name).iterdir():
            os.utime(file, (1e9 - age, 1e9 - age))
    monitor, order = Monitor([Root(str(tmp_path))]), []
    for _ in monitor.refresh_in_slices():
        with monitor.snapshot() as snapshot:
            order += [name for name, run in snapshot.runs.items() if run.loading.done and name not in order]
    assert order == ["newest", "older", "oldest"]


def test_follow_reads_new_records(many, follow, tmp_path):
    follower = follow(many)
    follower.follow()
    until(lambda: loaded(many))
    write(tmp_path / "later", 0, 3)

    def later():
        follower.follow()
        with many.snapshot() as snapshot:
            return records(snapshot).get("later") == 3

    until(later)


def test_nothing_is_read_without_a_request(many, follow, tmp_path):
    follower = follow(many)
    follower.follow()
    until(lambda: loaded(many))
    write(tmp_path / "unasked", 0, 3)
    time.sleep(1.2)
    with many.snapshot() as snapshot:
        assert "unasked" not in snapshot.runs


def test_a_failure_is_raised_once_and_the_next_request_tries_again(follow):
    class Reading:
        calls = 0

        def refresh_in_slices(self):
            self.calls += 1
            yield
            if self.calls == 1:
                raise ZeroDivisionError("of ours")

    reading = Reading()
    follower = follow(reading)
    with pytest.raises(RuntimeError, match="could not be read: ZeroDivisionError"):
        follower.follow()
    follower.follow()
    until(lambda: reading.calls == 2)


def test_concurrent_requests_while_runs_grow_appear_and_vanish(tmp_path, follow):
    """No request fails, no record is lost or judged twice."""
    monitor = Monitor([Root(str(tmp_path))])
    follower = follow(monitor)

    def ask():
        follower.follow()
        with monitor.snapshot() as snapshot:
            for run in snapshot.runs.values():
                assert_gapless(run)

    with concurrently(ask, threads=6):
        for part in range(3):
            for number in range(4):
                write(tmp_path / f"run_{number}", 20 * part, 20 * (part + 1))
            write(tmp_path / "passing", 0, 5)
            time.sleep(1.1)  # the names of event files contain seconds
            for file in (tmp_path / "passing").iterdir():
                file.unlink()
    monitor.refresh()
    with monitor.snapshot() as snapshot:
        assert records(snapshot) == {f"run_{number}": 60 for number in range(4)}
