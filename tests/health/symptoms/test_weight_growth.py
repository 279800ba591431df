"""Weights at ten times, or a hundredth, of their size at the start; zero at the start says nothing."""

import numpy as np
import pytest

KEY = ("weight-growth", "dense_0/kernel")


def run_of(training, rows, sizes, losses=2.3):
    run = training([rows.dense(0, kind="weight"), rows.LOSS])
    return run.series(rms=sizes, loss=np.broadcast_to(losses, len(sizes))).findings().get(KEY)


def test_slow_growth_beyond_ten_times_is_found_with_its_factor(training, rows):
    finding = run_of(training, rows, 0.1 * np.r_[np.ones(9), np.linspace(1, 14, 60)])
    assert (finding.value, finding.severity) == (pytest.approx(14, rel=1e-4), "warning")


def test_a_collapse_below_a_hundredth_is_found(training, rows):
    finding = run_of(training, rows, 0.1 * np.r_[np.ones(9), np.full(9, 1 / 200)])
    assert finding.value == pytest.approx(20, rel=1e-4)


def test_doubling_from_record_to_record_is_found_before_ten_times(training, rows):
    finding = run_of(training, rows, 0.1 * np.r_[np.ones(9), 2.1, 4.5, 9.4], losses=np.full(12, 2.3))
    assert finding.opened_step == 90


def test_while_the_loss_improves_growth_is_information(training, rows):
    sizes = 0.1 * np.r_[np.ones(9), np.linspace(1, 14, 51)]
    assert run_of(training, rows, sizes, 0.9 ** np.arange(60.0)).severity == "info"


@pytest.mark.parametrize(
    "sizes",
    [
        np.full(40, 0.1),
        0.1 * np.linspace(1, 8, 60),
        np.r_[0.0, 1e-4, 5e-4, np.full(60, 2e-3)],  # zero at the start
        np.r_[np.zeros(20), np.full(20, 0.05)],
    ],
)
def test_what_is_fine(training, rows, sizes):
    assert run_of(training, rows, sizes) is None
