"""A range that the history keeps only in buckets is read again from the files, also while they grow."""

import numpy as np
import pytest
from run_log import RunLog

from tb_gradhealth.events import Root, discover
from tb_gradhealth.monitor import RangeCache, range_reader
from tb_gradhealth.record import Row, RowTable

ROWS = tuple(Row(f"d{depth}/kernel", "gradient", f"d{depth}", "kernel", depth) for depth in range(3))
TABLE = RowTable(ROWS)


@pytest.fixture
def log(tmp_path):
    with RunLog(tmp_path / "run", TABLE) as log:
        yield log


def write(log, steps, factor=1):
    for step in steps:
        log.record(step, *[{"rms": factor * (step + depth)} for depth in range(3)])


def series(log, ranges, steps, points=4096, tensor="d1/kernel"):
    files = discover([Root(str(log.folder.parent))]).runs["run"]
    return ranges.series("run", files, "gradient", tensor, ["rms"], steps, points)


def test_a_range_has_every_record_including_new_ones(log):
    ranges = RangeCache()
    write(log, range(0, 3000, 10))
    cells = series(log, ranges, (501, 2995))["rms"]
    np.testing.assert_array_equal(cells.steps, range(510, 3000, 10))
    np.testing.assert_array_equal(cells.mean[0], np.arange(511, 3001, 10))
    assert cells.exact
    write(log, range(2990, 3000))  # restarts one record before the end
    cells = series(log, ranges, (501, 2995))["rms"]
    np.testing.assert_array_equal(cells.steps[-7:], [2980, *range(2990, 2996)])
    write(log, [100, 600], factor=2)
    cells = series(log, ranges, (501, 2995))["rms"]
    np.testing.assert_array_equal(cells.mean[0], [1202])


def test_more_records_than_points_are_reported_as_inexact(log):
    write(log, range(0, 1000, 10))
    cells = series(log, RangeCache(), (0, 999), points=20)["rms"]
    assert (cells.steps.size, cells.records.sum(), cells.exact) == (20, 100, False)
    np.testing.assert_array_equal(cells.high[0], np.arange(41, 1000, 50))


def test_a_missing_tensor_or_too_large_range_is_none(log, monkeypatch):
    write(log, range(100))
    assert series(log, RangeCache(), (0, 99), tensor="absent") is None
    monkeypatch.setattr(range_reader, "MAX_RECORDS", 50)
    assert series(log, RangeCache(), (0, 99)) is None
    assert series(log, RangeCache(), (0, 40))["rms"].exact
    monkeypatch.setattr(range_reader, "MAX_BYTES", 100)
    assert series(log, RangeCache(), (0, 40)) is None
