"""Chart queries bound the recorded values, however few points are left in memory."""

from itertools import pairwise

import numpy as np
import pytest

from tb_gradhealth.health import RunHealth
from tb_gradhealth.health.series.chart_queries import (
    query_heatmap,
    query_magnitudes,
    query_series,
    query_steps,
)
from tb_gradhealth.health.series.history import EXACT, History
from tb_gradhealth.record import COLUMNS, Record, Row, RowTable, Steps
from tb_gradhealth.record.magnitudes import magnitude_shares, pack_shares

ROWS = tuple(Row(f"d{depth}/kernel", "gradient", f"d{depth}", "kernel", depth, (8, 8)) for depth in (2, 0, 1))
TABLE = RowTable(ROWS, watched=(0, 2))
RMS, MAGNITUDES = COLUMNS.index("rms"), COLUMNS.index("magnitudes_0")


def record(step, rms, table=TABLE):
    values = np.full((len(table.rows), len(COLUMNS)), np.nan, np.float32)
    values[:, RMS] = rms
    return Record(step, 1e9 + step, table, values)


def thinned(records, budget=1, pinned=()):
    """A history that is thinned as early as possible."""
    history = History(budget)
    for each in records:
        history.append(each)
        for point in history.points[-1:]:
            point.pinned = point.step in pinned
        if history.full:
            history.thin()
    return history


def noise(count, seed=0):
    """RMS of each record and row, float32 [count, 3]; one in ten was not measured."""
    generator = np.random.default_rng(seed)
    values = np.exp(generator.normal(0, 3, (count, 3))).astype(np.float32)
    values[generator.random(values.shape) < 0.1] = np.nan
    return values


def expected_buckets(steps, values, starts):
    """Minimum, maximum and mean of the values in each range of steps."""
    edges = np.searchsorted(steps, [*starts, np.inf])
    parts = [values[begin:end] for begin, end in pairwise(edges)]
    known = [part[~np.isnan(part)].astype(np.float64) for part in parts]
    return [
        np.array([how(each) if each.size else np.nan for each in known]) for how in (np.min, np.max, np.mean)
    ]


@pytest.mark.parametrize("count", [10, 97, 300, 1000])
def test_no_extreme_is_lost_however_often_a_history_is_thinned(count):
    values = noise(count)
    history = thinned(record(10 * index, rms) for index, rms in enumerate(values))
    buckets = query_series([history], "gradient", "d0/kernel", ["rms"])["rms"]
    assert buckets.records.sum() == count
    assert buckets.exact == (buckets.steps.size == count)
    low, high, mean = expected_buckets(10 * np.arange(count), values[:, 1], buckets.steps)
    np.testing.assert_array_equal(buckets.low[0], low)
    np.testing.assert_array_equal(buckets.high[0], high)
    np.testing.assert_array_equal(buckets.steps[-EXACT:], 10 * np.arange(count)[-EXACT:])
    measured = ~np.isnan(mean)
    assert (buckets.low[0] <= buckets.mean[0])[measured].all()
    assert (buckets.mean[0] <= buckets.high[0])[measured].all()


def test_the_mean_is_that_of_the_records_where_all_were_measured():
    values = np.abs(noise(700))
    values[np.isnan(values)] = 1
    history = thinned(record(index, rms) for index, rms in enumerate(values))
    for maximum in (1024, 30):
        buckets = query_series([history], "gradient", "d2/kernel", ["rms"], maximum=maximum)["rms"]
        assert buckets.steps.size <= maximum
        _, _, mean = expected_buckets(np.arange(700), values[:, 0], buckets.steps)
        np.testing.assert_allclose(buckets.mean[0], mean, rtol=1e-4)


def test_what_is_pinned_stays_as_it_was_recorded():
    history = thinned((record(i, i) for i in range(500)), pinned=(100, 101, 102))
    buckets = query_series([history], "gradient", "d0/kernel", ["rms"], (100, 102))["rms"]
    np.testing.assert_array_equal(buckets.mean[0], [100, 101, 102])


@pytest.mark.parametrize(("steps", "exact"), [((0, 999), False), ((960, 999), True), ((101, 103), False)])
def test_a_range_says_whether_it_has_every_record(steps, exact):
    history = thinned(record(i, i) for i in range(1000))
    buckets = query_series([history], "gradient", "d0/kernel", ["rms"], steps)["rms"]
    assert buckets.exact is exact
    if exact:
        np.testing.assert_array_equal(buckets.steps, np.arange(steps[0], steps[1] + 1))
    assert buckets.steps.size
    assert ((buckets.steps > steps[0] - 64) & (buckets.steps <= steps[1])).all()


def test_all_of_the_past_gets_equally_coarse():
    history = thinned(record(i, i) for i in range(3000))
    old = [point.records for point in history.points[:-EXACT]]
    oldest = old[: len(old) // 2]
    assert len(oldest) > 8
    assert max(oldest) <= 2 * min(oldest)


def test_training_that_went_back_leaves_nothing_of_what_it_overtook():
    history = thinned(record(i, 1) for i in range(500))
    for i in range(450, 460):
        history.append(record(i, 2))
    high = query_series([history], "gradient", "d0/kernel", ["rms"], (450, 1000))["rms"]
    np.testing.assert_array_equal(high.high[0], [2] * 10)
    back = thinned(record(i, i) for i in range(500))
    back.append(record(101, 7))
    buckets = query_series([back], "gradient", "d0/kernel", ["rms"])["rms"]
    assert buckets.high.max() <= 100
    assert not buckets.exact


def test_a_changed_table_is_one_history_and_mixes_no_rows():
    other = RowTable((ROWS[1], ROWS[0]))
    history = History()
    history.append(record(0, [2, 0, 1]))
    history.append(record(10, [10, 12], other))
    for tensor, expected in (("d2/kernel", [2, 12]), ("d0/kernel", [0, 10]), ("d1/kernel", [1, np.nan])):
        buckets = query_series([history], "gradient", tensor, ["rms"])["rms"]
        np.testing.assert_array_equal(buckets.mean[0], expected)


def test_the_budget_holds_with_the_envelopes():
    one = record(0, 1)
    budget = 250 * one.values.nbytes  # more than the points that are kept however large they are
    history = thinned((record(i, i) for i in range(2000)), budget)
    assert any(point.envelope for point in history.points)
    assert sum(point.size for point in history.points) <= budget + one.values.nbytes


@pytest.mark.parametrize("how", ["max", "mean", "min"])
def test_a_heatmap_has_the_rows_in_forward_order_and_their_extremes(how):
    values = noise(800, seed=3)
    history = thinned(record(i, rms) for i, rms in enumerate(values))
    image = query_heatmap([history], "gradient", "rms", (200, np.inf), 50, how)
    assert [row.depth for row in image.rows] == [0, 1, 2]
    assert image.values.shape == (3, 50)
    for index, row in enumerate((1, 2, 0)):
        low, high, _ = expected_buckets(np.arange(800), values[:, row], image.steps)
        if how == "mean":
            within = np.clip(image.values[index], low, high)
            np.testing.assert_allclose(image.values[index], within, 1e-6)
        else:
            np.testing.assert_array_equal(image.values[index], {"max": high, "min": low}[how])


def test_a_heatmap_of_two_recorders_shows_both_on_their_own_steps():
    critic = RowTable((Row("critic/kernel", "gradient", "critic", "kernel", 0, (8, 8)),), stream="critic")
    first, second = History(), History()
    for step in range(0, 100, 10):
        first.append(record(step, step))
        second.append(record(step + 5, -step, critic))
    image = query_heatmap([first, second], "gradient", "rms", width=2048)
    assert [row.layer for row in image.rows] == ["d0", "d1", "d2", "critic"]
    np.testing.assert_array_equal(image.steps, np.arange(0, 100, 5))
    np.testing.assert_array_equal(image.values[0, ::2], np.arange(0, 100, 10))
    np.testing.assert_array_equal(image.values[3, 1::2], -np.arange(0, 100, 10))
    assert np.isnan(image.values[0, 1::2]).all()


def test_a_distribution_is_the_share_of_each_power_of_two():
    history = History()
    generator = np.random.default_rng(5)
    expected = []
    for step in range(60):
        shares = magnitude_shares(generator.normal(0, 2.0**-step, 1000))
        each = record(step, 1)
        each.values[1, MAGNITUDES : MAGNITUDES + 10] = pack_shares(shares)
        expected.append(shares)
        history.append(each)
    steps, found = query_magnitudes([history], "gradient", "d0/kernel", width=1024)
    np.testing.assert_array_equal(steps, np.arange(60))
    np.testing.assert_allclose(found, expected, atol=0.01)
    steps, found = query_magnitudes([history], "gradient", "d0/kernel", width=20)
    np.testing.assert_array_equal(steps, np.arange(0, 60, 3))
    np.testing.assert_allclose(found, np.mean(np.reshape(expected, (20, 3, 30)), axis=1), atol=0.01)


def test_the_flight_recorders_steps_are_one_series_with_gaps_between_the_writings():
    history = History()
    history.append(record(0, 1))
    for last, count in ((9, 4), (11, 4), (30, 2)):
        values = np.array([[step, -step] for step in range(last - count + 1, last + 1)], np.float32)
        history.append(Steps(last, 1e9, TABLE, values))
    steps, values = query_steps([history], "gradient", "d1/kernel")
    np.testing.assert_array_equal(steps, [6, 7, 8, 9, 10, 11, np.nan, 29, 30])
    np.testing.assert_array_equal(values, -steps)
    steps, _ = query_steps([history], "gradient", "d0/kernel")
    assert steps.size == 0  # not watched


def test_what_was_never_measured_is_a_key_error():
    health = RunHealth()
    health.observe(record(0, 1))
    with pytest.raises(KeyError):
        query_series(health.histories(), "weight", "d0/kernel", ["rms"])
