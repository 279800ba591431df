"""Gradients that grow without end while the loss does not fall, or that dwarf their weights."""

import numpy as np
import pytest

from tb_gradhealth.record import Steps

KEY = ("exploding-gradient", "dense_0/kernel")


def run_of(training, rows, gradients, losses=None, weight=0.1):
    run = training([rows.dense(0), rows.dense(0, kind="weight"), rows.LOSS])
    for index, rms in enumerate(gradients):
        loss = {} if losses is None else {"mean": losses[index], "peak_max": abs(losses[index])}
        run.record([{"rms": rms, "peak_rms": rms}, {"rms": weight}, loss])
    return run.findings().get(KEY)


def test_it_opens_at_the_first_record_beyond_ten_times_its_median(training, rows):
    finding = run_of(training, rows, 1e-2 * np.r_[np.ones(12), 2.0 ** np.arange(1, 8)])
    assert (finding.opened_step, finding.severity) == (
        10 * (12 + 3),
        "warning",
    )  # 2**4 is the first above ten


def test_the_value_is_the_growth_over_the_median_before_it_began(training, rows):
    finding = run_of(training, rows, [0.01] * 9 + [0.2, 0.4, 0.8])
    assert (finding.value, finding.peak_step) == (pytest.approx(80, rel=1e-5), 110)


def test_a_run_of_four_records_suffices_when_the_loss_rises_with_it(training, rows):
    finding = run_of(training, rows, 30.0 * 11.0 ** np.arange(4), 24.5 * 100.0 ** np.arange(4), weight=1e4)
    assert (finding.opened_step, finding.state) == (10, "open")


def test_a_gradient_that_grows_while_the_loss_falls_has_found_its_way(training, rows):
    gradients = 1e-4 * np.r_[np.ones(8), 3.0 ** np.arange(1, 9)]
    assert run_of(training, rows, gradients, losses=np.linspace(2.3, 0.3, 16)) is None


def test_one_that_comes_back_down_was_a_spike_and_is_forgiven(training, rows):
    finding = run_of(training, rows, [0.01] * 9 + [0.2, 0.4, 0.8] + [0.01] * 6)
    assert (finding.state, finding.severity) == ("resolved", "info")


def test_one_that_stays_high_stays_open(training, rows):
    assert run_of(training, rows, [0.01] * 9 + [0.2, 0.4, 0.8] + [0.9] * 20).state == "open"


@pytest.mark.parametrize(
    "gradients",
    [
        [50.0, 5.0] + [0.1] * 20,  # the first steps of a training are wild
        [0.1] * 10 + [5.0] + [0.1] * 10,  # one spike is another symptom
        [0.1] * 10 + [5.0] * 10,  # a jump to another level does not grow
        1e-8 * np.exp(np.sin(np.arange(60.0))),  # small and alive
    ],
)
def test_what_does_not_last_or_grow_is_not_exploding(training, rows, gradients):
    assert run_of(training, rows, gradients, weight=1.0) is None


@pytest.mark.parametrize(
    ("losses", "severity"),
    [
        (None, "info"),
        (np.full(9, 5.0), "info"),
        (np.full(15, 5.0), "critical"),
        (np.arange(15, 0, -1), "info"),
    ],
)
def test_fifty_times_its_weights_matters_once_the_loss_is_known_not_to_improve(
    training, rows, losses, severity
):
    """A summed loss and unscaled targets do so too, and Adam does not care."""
    finding = run_of(training, rows, [5.0] * (15 if losses is None else len(losses)), losses)
    assert (finding.severity, finding.value) == (severity, pytest.approx(50))
    assert "50 × at step 20" in finding.message


def test_a_thousand_times_its_weights_is_too_much_without_growth(training, rows):
    finding = run_of(training, rows, [200.0] * 5)
    assert (finding.severity, finding.value) == ("warning", pytest.approx(2000))


def test_a_thousand_times_is_information_while_the_loss_falls(training, rows):
    assert run_of(training, rows, [200.0] * 5, [9.0, 7.0, 5.0, 4.0, 3.0]).severity == "info"


def test_a_gradient_that_stays_far_below_the_networks_largest_does_not_explode(training, rows):
    run = training([rows.dense(0), rows.dense(1), rows.dense(0, kind="weight"), rows.dense(1, kind="weight")])
    for rms in 1e-9 * np.r_[np.ones(9), 3.0 ** np.arange(1, 9)]:
        run.record([{"rms": rms}, {"rms": 1e-2}, {"rms": 0.1}, {"rms": 0.1}])
    assert run.findings() == {}


@pytest.mark.parametrize(
    ("losses", "severity"), [(np.full(15, 5.0), "critical"), (np.arange(15, 0, -1), "info")]
)
def test_and_the_loss_says_whether_it_matters(training, rows, losses, severity):
    assert run_of(training, rows, [200.0] * 15, losses).severity == severity


def test_weights_that_start_at_zero_are_compared_with_a_tenth_of_glorots(training, rows):
    finding = run_of(training, rows, [0.9] * 6, weight=0.0)
    glorot = np.sqrt(2 / (32 + 32))
    assert (finding.value, finding.severity) == (pytest.approx(0.9 / (glorot / 10)), "info")


def test_a_gradient_that_overflowed_is_judged_by_its_last_finite_size(training, rows):
    run = training([rows.dense(0), rows.dense(0, kind="weight")])
    for _ in range(4):
        run.record([{"rms": np.nan, "peak_rms": 1e6, "nan_count": 9}, {"rms": 0.1}])
    assert run.findings()[KEY].value == pytest.approx(1e7)


def lines_of(training, rows, gradients, losses):
    """Two records, then what the flight recorder saw between them."""
    run = training([rows.dense(0), rows.LOSS], watched=(0, 1))
    run.record([{"rms": gradients[0], "peak_rms": gradients[0]}, {"mean": losses[0]}], 0)
    values = np.stack([gradients, losses], axis=1).astype(np.float32)
    run.records.append(Steps(len(values) - 1, 1e9, run.table, values))
    return run.findings().get(KEY)


def test_a_dozen_steps_that_end_in_nan_are_judged_step_by_step(training, rows):
    gradients = np.r_[100.0 ** np.arange(12), np.full(20, np.nan)]
    finding = lines_of(training, rows, gradients, 10.0 ** np.arange(32))
    assert (finding.opened_step, finding.count) == (1, 1)


def test_four_finite_steps_before_nan_suffice(training, rows):
    gradients = np.r_[1e4 * 1650.0 ** np.arange(4), np.full(8, np.inf)]
    assert lines_of(training, rows, gradients, 1e4 * 10.0 ** np.arange(12)).severity == "critical"


def test_an_explosion_that_rocks_to_and_fro_is_seen_in_pairs_of_steps(training, rows):
    gradients = 4.0 ** np.repeat(np.arange(10), 2) * np.tile([1.0, 0.5], 10)
    assert lines_of(training, rows, gradients, 2.0 ** np.arange(20)).opened_step % 2 == 0


def test_steps_that_grow_while_the_loss_falls_are_fine(training, rows):
    assert lines_of(training, rows, 5.0 ** np.arange(20), np.linspace(9, 1, 20)) is None


def test_steps_without_growth_are_fine(training, rows):
    noisy = np.exp(np.random.default_rng(0).normal(0, 1, 64))
    assert lines_of(training, rows, noisy, np.full(64, 2.3)) is None
