"""Gradients larger than their weights, or growing without end."""

import numpy as np
import pytest


def run_of(training, rows, gradients, weight=0.1):
    run = training([rows.dense(0), rows.dense(0, kind="weight")])
    for rms in gradients:
        run.record([{"rms": rms, "peak_rms": rms}, {"rms": weight}])
    return run.findings().get(("exploding-gradient", "dense_0/kernel"))


def test_a_gradient_ten_times_its_weight_for_three_records(training, rows):
    finding = run_of(training, rows, [0.1, 0.1, 5.0, 5.0, 5.0])
    assert (finding.opened_step, finding.severity) == (20, "warning")
    assert finding.value == pytest.approx(50)


def test_a_thousand_times_is_critical(training, rows):
    assert run_of(training, rows, [200.0] * 5).severity == "critical"


def test_growth_over_its_own_median_needs_no_weight(training, rows):
    finding = run_of(training, rows, 1e-4 * np.r_[np.ones(12), 2.0 ** np.arange(1, 10)], weight=np.nan)
    assert finding is not None
    assert finding.opened_step == 10 * (12 + 3)  # 2**4 is the first above ten times the median


@pytest.mark.parametrize(
    "gradients",
    [
        [50.0, 5.0] + [0.1] * 20,  # the first steps of a training are wild
        [0.1] * 10 + [5.0] + [0.1] * 10,  # one spike is another symptom
        1e-8 * np.exp(np.sin(np.arange(60.0))),  # small and alive
    ],
)
def test_what_does_not_last_or_grow_is_not_exploding(training, rows, gradients):
    assert run_of(training, rows, gradients) is None


def test_weights_that_start_at_zero_are_compared_with_the_floor(training, rows):
    assert run_of(training, rows, [5e-3] * 6, weight=0.0) is None


def test_a_gradient_that_overflowed_is_judged_by_its_last_finite_size(training, rows):
    run = training([rows.dense(0), rows.dense(0, kind="weight")])
    for _ in range(4):
        run.record([{"rms": np.nan, "peak_rms": 1e6, "nan_count": 9}, {"rms": 0.1}])
    assert run.findings()["exploding-gradient", "dense_0/kernel"].severity == "critical"
