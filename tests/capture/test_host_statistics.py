"""What the host computes of a step's values, against NumPy in float64 and against step-by-step counting."""

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from tb_gradhealth.capture.statistics.column_reductions import WIDTH, over_rows
from tb_gradhealth.capture.statistics.features import features
from tb_gradhealth.capture.statistics.magnitudes import RUN, SAMPLE, histograms, sample
from tb_gradhealth.capture.statistics.moments import moments, segment_moments
from tb_gradhealth.capture.statistics.since_record import SinceRecord
from tb_gradhealth.capture.statistics.trip_limits import MIN_FACTOR, NO_LIMIT, trip_limits
from tb_gradhealth.capture.statistics.units import dormant_fraction, outer_fraction, saturated_fraction
from tb_gradhealth.record import COLUMNS, Row
from tb_gradhealth.record.magnitudes import magnitude_shares, pack_shares

TENSOR = arrays(np.float32, st.integers(1, 40), elements=st.floats(width=32))
TENSORS = st.lists(TENSOR, min_size=1, max_size=6)


def closed_form(array):
    wide = array.astype(np.float64)
    finite = wide[np.isfinite(wide)]
    of_finite = [np.nan] * 4
    if finite.size:
        of_finite = [np.sqrt(np.mean(finite**2)), finite.mean(), finite.min(), finite.max()]
    return [*of_finite, np.isnan(wide).sum(), np.isinf(wide).sum()]


@settings(suppress_health_check=[HealthCheck.too_slow])  # arrays are drawn slowly on a busy machine
@given(TENSORS)
def test_moments_are_those_of_float64(tensors):
    values, sizes = np.concatenate(tensors), [tensor.size for tensor in tensors]
    for got, alone, tensor in zip(
        segment_moments(values, sizes), map(moments, tensors), tensors, strict=True
    ):
        want = closed_form(tensor)
        size = np.abs(tensor[np.isfinite(tensor)]).max(initial=0)
        np.testing.assert_allclose(got, want, rtol=1e-9, atol=1e-9 * size)
        np.testing.assert_allclose(alone, want, rtol=1e-5, atol=1e-6 * size)


def test_moments_of_no_elements_are_nan_with_counts_of_0():
    nothing = [*[np.nan] * 4, 0, 0]
    np.testing.assert_array_equal(segment_moments(np.float32([1]), [0, 1, 0])[[0, 2]], [nothing, nothing])
    np.testing.assert_array_equal(moments(np.zeros([0, 3], np.float32)), nothing)


@settings(suppress_health_check=[HealthCheck.too_slow])  # arrays are drawn slowly on a busy machine
@given(TENSORS)
def test_histograms_equal_those_of_the_record_package(tensors):
    zeros, packed = histograms(np.concatenate(tensors), [tensor.size for tensor in tensors])
    for index, tensor in enumerate(tensors):
        assert zeros[index] == np.mean(tensor == 0)
        np.testing.assert_array_equal(packed[index], pack_shares(magnitude_shares(tensor)))


@pytest.mark.parametrize("shape", [(2047,), (SAMPLE + 1,), (300, 64), (1000, 128)])
def test_a_sample_is_of_the_tensor_and_of_all_its_channels(shape):
    values = np.arange(np.prod(shape), dtype=np.float32).reshape(shape)
    sampled = sample(values)
    assert min(values.size, SAMPLE) - RUN < sampled.size <= SAMPLE
    assert np.unique(sampled).size == sampled.size
    assert np.unique(sampled % shape[-1]).size == min(shape[-1], sampled.size)
    assert sampled.max() > 0.9 * values.max()


def test_shares_of_units_are_counted():
    outputs = np.zeros([50, 4], np.float32)
    outputs[:, 0], outputs[:, 1], outputs[0, 2] = 1.0, -0.99, 0.96
    assert dormant_fraction(outputs) == 1 / 4  # a mean of 0.0192 beside 0.5 is not yet dormant
    assert dormant_fraction(outputs * np.float32([1, 1, 0.5, 1])) == 2 / 4
    assert saturated_fraction(outputs, "tanh") == 2 / 4
    assert outer_fraction(outputs, "tanh") == pytest.approx(101 / 200)
    assert np.isnan([dormant_fraction(outputs[:0]), outer_fraction(outputs[:0], "tanh")]).all()


@pytest.mark.parametrize("rows", [1, 2, WIDTH // 3, WIDTH, 10 * WIDTH + 7])
@pytest.mark.parametrize("columns", [1, 3, 64, WIDTH, WIDTH + 1])
def test_reductions_over_rows_are_those_of_each_column(rows, columns):
    values = np.random.default_rng(rows).integers(-100, 100, [rows, columns])
    np.testing.assert_array_equal(over_rows(np.add, values), [sum(column) for column in values.T.tolist()])
    wide = values.astype(np.float32)
    wide[-1, -1] = np.nan
    np.testing.assert_array_equal(over_rows(np.maximum, wide), wide.max(axis=0))


def test_features_by_definition():
    random = np.random.default_rng(0)
    values = random.normal(size=(64, 4)).astype(np.float32) * [1, 2, 300, 0]
    constant, spread = features(values.astype(np.float32))
    rms = np.sqrt(np.mean(np.square(values, dtype=np.float64), axis=0))
    assert constant == 1 / 4
    assert spread == pytest.approx(rms.max() / np.median(rms[:3]), rel=1e-6)
    assert np.isnan(features(values.astype(np.float32).reshape(8, 8, 4))[1])
    assert np.isnan(features(np.float32([[1, 2]]))).all()


NUMBERS = st.sampled_from([0.0, 1.0, 2.0, 3.0, np.nan, np.inf])
EVENTS = ("taken", "left", "none")


@given(st.lists(st.tuples(NUMBERS, st.sampled_from(EVENTS)), min_size=1, max_size=30))
def test_every_step_is_in_exactly_one_record(events):
    rows = [Row("w", "gradient", "layer", "kernel", 0)]
    since, covered_until = SinceRecord(rows, [0]), 0
    steps = np.float32([[value] for value, _ in events])
    numbers = np.arange(1, len(events) + 1)
    for number, (value, event) in enumerate(events, start=1):
        buffered = slice(max(number - 8, 0), number)  # as in a ring
        if event == "taken":
            got = filled(since, value, steps[buffered], numbers[buffered], number)
            covered = steps[covered_until:number, 0]
            covered_until = number
            finite = np.where(np.isfinite(covered), covered, -1)
            bad = ~np.isfinite(covered)
            assert got["bad_steps"] == bad.sum()
            assert_same(got["bad_ago"], len(covered) - 1 - bad.argmax() if bad.any() else np.nan)
            assert_same(got["peak_rms"], finite.max() if finite.max() >= 0 else np.nan)
            assert_same(got["peak_rms_ago"], finite[::-1].argmax() if finite.max() >= 0 else np.nan)
        if event != "none" or number % 4 == 0:
            since.add(steps[buffered], numbers[buffered], number)


def filled(since, value, steps, numbers, number):
    """The columns of the only row, whose tensor has one element."""
    matrix = np.full([1, len(COLUMNS)], np.nan)
    own = dict(zip(("rms", "nan_count", "inf_count"), (value, np.isnan(value), np.isinf(value)), strict=True))
    for name, column in own.items():
        matrix[0, COLUMNS.index(name)] = column if np.isfinite(column) else np.nan
    since.fill(matrix, steps, numbers, number)
    return dict(zip(COLUMNS, matrix[0], strict=True))


def assert_same(got, want):
    np.testing.assert_array_equal(got, want)


def test_late_record_describes_its_own_step_only():
    since = SinceRecord([Row("w", "gradient", "layer", "kernel", 0)], [0])
    steps, numbers = np.float32([[5], [np.nan], [1], [2]]), np.arange(1, 5)
    since.add(steps, numbers, 3)
    late = filled(since, np.nan, steps, numbers, 2)
    assert (late["bad_steps"], late["bad_ago"]) == (1, 0)
    following = filled(since, 2.0, steps, numbers, 4)
    assert (following["bad_steps"], following["bad_ago"]) == (1, 2)
    assert (following["peak_rms"], following["peak_rms_ago"]) == (5, 3)


def test_overflowing_sums_of_squares_are_no_fault():
    since = SinceRecord([Row("w", "gradient", "layer", "kernel", 0)], [0])
    steps, numbers = np.float32([[1], [np.inf], [np.inf]]), np.arange(1, 4)
    got = filled(since, 1e30, steps, numbers, 3)
    assert got["bad_steps"] == 0
    assert got["peak_rms"] == 1e30


def test_trip_limit_is_a_multiple_of_the_usual_size_and_infinite_while_exceeded():
    random = np.random.default_rng(0)
    steps = np.exp(random.normal(0, 0.01, [64, 3])).astype(np.float32)
    numbers = np.arange(1, 65)
    none = np.full(3, NO_LIMIT, np.float32)
    assert (trip_limits(steps[:15], numbers[:15], none) == NO_LIMIT).all()
    limits = trip_limits(steps, numbers, none)
    np.testing.assert_allclose(limits, MIN_FACTOR, rtol=0.02)
    steps[-1] = [1, 5, np.nan]
    assert np.isinf(trip_limits(steps, numbers, limits)).tolist() == [False, True, True]
