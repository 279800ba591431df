"""A log directory read in a thread while others ask."""

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
    """Makes followers and stops them in the end."""
    followers = []

    def follow(monitor):
        followers.append(Follower(monitor.pieces))
        return followers[-1]

    yield follow
    for each in followers:
        each.close()


def records(watched):
    return {name: run.health.summary().records for name, run in watched.runs.items()}


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
    with monitor.reading() as watched:
        return watched.loaded


def test_a_question_is_answered_in_the_middle_of_a_long_reading(many):
    """Each piece is a point at which the others get what is known so far, whole records only."""
    seen = []
    for _ in many.pieces():
        with many.reading() as watched:
            seen.append((sum(records(watched).values()), watched.runs_read, watched.loaded))
            for run in watched.runs.values():
                state = run.loading
                assert 0 <= state.bytes_read <= state.bytes
                assert not state.done or state.bytes_read == state.bytes > 0
    assert seen == sorted(seen)
    assert len(seen) >= 8
    assert seen[0][2] is False
    assert seen[-1] == (8 * RECORDS, 8, True)


def test_before_anything_was_looked_at_nothing_is_loaded(many):
    assert not loaded(many)


def test_an_empty_directory_is_loaded_once_it_was_looked_at(tmp_path):
    monitor = Monitor([Root(str(tmp_path))])
    monitor.refresh()
    assert loaded(monitor)


def test_the_run_that_is_looked_at_is_read_first(many):
    many.prefer(["run_5"])
    for _ in many.pieces():
        with many.reading() as watched:
            if watched.runs_read == 1:
                assert [name for name, run in watched.runs.items() if run.loading.done] == ["run_5"]
                return
    pytest.fail("the runs were all read at once")


def test_the_newest_run_is_read_before_older_ones(tmp_path):
    for age, name in enumerate(["newest", "older", "oldest"]):
        write(tmp_path / name, 0, 50)
        for file in (tmp_path / name).iterdir():
            os.utime(file, (1e9 - age, 1e9 - age))
    monitor, order = Monitor([Root(str(tmp_path))]), []
    for _ in monitor.pieces():
        with monitor.reading() as watched:
            order += [name for name, run in watched.runs.items() if run.loading.done and name not in order]
    assert order == ["newest", "older", "oldest"]


def test_whoever_asks_gets_what_is_new(many, follow, tmp_path):
    follower = follow(many)
    follower.follow()
    until(lambda: loaded(many))
    write(tmp_path / "later", 0, 3)

    def later():
        follower.follow()
        with many.reading() as watched:
            return records(watched).get("later") == 3

    until(later)


def test_nothing_is_read_while_nobody_asks(many, follow, tmp_path):
    follower = follow(many)
    follower.follow()
    until(lambda: loaded(many))
    write(tmp_path / "unasked", 0, 3)
    time.sleep(1.2)
    with many.reading() as watched:
        assert "unasked" not in watched.runs


def test_a_fault_is_told_once_and_the_next_question_tries_again(follow):
    class Reading:
        calls = 0

        def pieces(self):
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


def test_many_ask_while_runs_grow_appear_and_vanish(tmp_path, follow):
    """No question fails, no record is lost or judged twice."""
    monitor = Monitor([Root(str(tmp_path))])
    follower = follow(monitor)

    def ask():
        follower.follow()
        with monitor.reading() as watched:
            for run in watched.runs.values():
                assert_gapless(run)

    with concurrently(ask, threads=6):
        for part in range(3):
            for number in range(4):
                write(tmp_path / f"run_{number}", 20 * part, 20 * (part + 1))
            write(tmp_path / "passing", 0, 5)
            time.sleep(1.1)  # the names of event files tell seconds apart
            for file in (tmp_path / "passing").iterdir():
                file.unlink()
    monitor.refresh()
    with monitor.reading() as watched:
        assert records(watched) == {f"run_{number}": 60 for number in range(4)}
