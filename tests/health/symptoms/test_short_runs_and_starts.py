"""Kinds that drawn trainings showed: short runs, losses thrown at the start, gradients from nothing."""

import numpy as np
import pytest

from tb_gradhealth.record import Epoch, Row, Steps

GRADIENT = ("exploding-gradient", "dense_0/kernel")


def with_losses(training, rows, losses, constant=2.3, more=(), statistics=()):
    """A run with a loss and what a constant prediction loses; ``statistics`` of further rows, by record."""
    run = training([*more, rows.training("constant_loss"), rows.LOSS])
    for number, loss in enumerate(losses):
        beside = [each[number] for each in statistics]
        run.record([*beside, {"mean": constant}, {"mean": loss, "peak_max": loss}])
    return run


def severity(run, symptom, tensor="loss"):
    finding = run.findings().get((symptom, tensor))
    return None if finding is None else finding.severity


def test_ten_records_of_a_loss_at_chance_are_enough_to_say_so(training, rows):
    noise = np.random.default_rng(0).normal(0, 0.02, 10)
    assert severity(with_losses(training, rows, 2.3 + noise), "loss-stalled") == "warning"
    assert severity(with_losses(training, rows, 2.3 * 0.8 ** np.arange(10)), "loss-stalled") is None


def test_noisy_epochs_that_brought_nothing_since_the_first_are_no_excuse(training, rows):
    losses = 3.0 + np.random.default_rng(1).normal(0, 0.1, 16)
    run = with_losses(training, rows, losses)
    health = run.judged()
    for number, loss in enumerate((3.0, 3.08, 3.04, 3.02)):
        health.observe(Epoch(40 * number + 35, 1e9, run.table, {"loss": loss}))
    assert {each.symptom: each.severity for each in health.findings()}["loss-stalled"] == "warning"


def test_losses_with_a_heavy_tail_are_held_against_the_constant_by_their_mean(training, rows):
    losses = np.tile([0.5, 0.55, 0.5, 2.5], 10)  # their median is half of their mean
    run = with_losses(training, rows, losses, constant=1.0)
    assert severity(run, "loss-stalled") == "warning"


def test_four_losses_in_a_row_below_chance_have_begun_to_learn(training, rows):
    losses = np.r_[1.5, 1.4, 1.45, 1.6, 1.4, 1.5, 1.4, 1.35, 1.5, 1.4, 1.1, 0.95, 0.9, 0.85]
    assert severity(with_losses(training, rows, losses, constant=1.38), "loss-stalled") in (None, "info")


def test_a_loss_thrown_up_by_the_first_steps_diverges(training, rows):
    assert (
        severity(with_losses(training, rows, np.r_[2.3, np.full(14, 200.0)]), "loss-diverging") == "warning"
    )


def test_one_that_comes_back_is_information(training, rows):
    losses = np.r_[np.full(12, 1.0), np.full(6, 9.0), np.full(20, 1.0)]
    finding = with_losses(training, rows, losses).findings()["loss-diverging", "loss"]
    assert (finding.state, finding.severity) == ("resolved", "info")


def test_twenty_steps_of_the_flight_recorder_tell_of_a_loss_that_left(training, rows):
    run = training([rows.dense(0), rows.LOSS], watched=(0, 1))
    for loss in np.linspace(2.3, 0.5, 11):
        run.record([{"rms": 0.01, "peak_rms": 0.01}, {"mean": loss, "peak_max": loss}])
    values = np.stack([np.full(30, 0.01), np.r_[np.full(5, 0.5), np.full(25, 9.0)]], axis=1)
    run.records.append(Steps(129, 1e9, run.table, values.astype(np.float32)))
    assert severity(run, "loss-diverging") == "warning"


def test_exactly_zero_after_a_first_loss_is_the_best_that_can_be(training, rows):
    """No gradient is left then, and no layer is dead for it."""
    nothing = [{"rms": 0.1, "peak_rms": 0.1}, *[{"rms": 0.0, "peak_rms": 0.0}] * 20]
    run = with_losses(training, rows, np.r_[0.6, np.zeros(20)], 1.0, [rows.dense(0)], [nothing])
    assert {each.severity for each in run.findings().values()} <= {"info"}


def with_gradient(training, rows, gradients, weight, losses):
    run = training([rows.dense(0), rows.dense(0, kind="weight"), rows.LOSS])
    for rms, loss in zip(gradients, losses, strict=True):
        run.record([{"rms": rms, "peak_rms": rms}, {"rms": weight}, {"mean": loss, "peak_max": loss}])
    return run.findings().get(GRADIENT)


def test_a_gradient_larger_than_weights_that_began_next_to_nothing_does_not_explode(training, rows):
    assert with_gradient(training, rows, np.full(16, 0.05), 0.002, np.full(16, 2.3)) is None


def test_one_small_first_gradient_is_no_past(training, rows):
    gradients = np.r_[1e-3, 0.05 * np.exp(np.random.default_rng(3).normal(0, 0.5, 30))]
    assert with_gradient(training, rows, gradients, 0.2, np.full(31, 0.6)) is None


def test_a_gradient_that_stays_high_while_the_loss_is_lost_has_exploded(training, rows):
    gradients, losses = np.r_[np.full(12, 0.01), np.full(6, 1.0)], np.r_[np.full(12, 1.0), np.full(6, 30.0)]
    assert with_gradient(training, rows, gradients, 0.2, losses).severity in ("warning", "critical")


def test_an_explosion_that_broke_the_training_is_not_forgiven_when_it_is_over(training, rows):
    """Unless the training gets over it."""
    gradients = np.r_[np.full(12, 0.01), [1.0, 2.0, 4.0, 8.0], np.full(16, 0.01)]
    lost, healed = (np.r_[np.linspace(2.0, 0.5, 12), np.full(8, 30.0), np.full(12, end)] for end in (30, 0.5))
    for losses, grave in ((lost, True), (healed, False)):
        finding = with_gradient(training, rows, gradients, 0.2, losses)
        assert finding.state == "resolved"
        assert (finding.severity != "info") == grave


def test_a_layer_that_some_batches_reach_has_not_vanished(training, rows):
    run = training([*(rows.dense(depth) for depth in range(5)), rows.LOSS])
    for number in range(20):
        first = {"rms": 0.0 if number % 3 else 0.02, "peak_rms": 0.05}
        run.record([first, *[{"rms": 0.1, "peak_rms": 0.1}] * 4, {"mean": 2.3, "peak_max": 2.3}])
    assert severity(run, "vanishing-gradient", "dense_0/kernel") is None


def test_weights_that_do_not_move_while_a_tiny_bias_does_are_dead(training, rows):
    bias = Row("dense_0/bias", "update", "dense_0", "bias", 0, (4,))
    run = training([rows.dense(0), rows.dense(0, kind="update"), bias, rows.LOSS])
    for _ in range(8):
        alive = {"rms": 1e-25, "peak_rms": 1e-25}
        run.record([alive, {"rms": 0.0}, {"rms": 1e-3}, {"mean": 2.3, "peak_max": 2.3}])
    assert severity(run, "dead-layer", "dense_0/kernel") is not None


@pytest.mark.parametrize(("loss", "expected"), [(0.5, "info"), (20.0, "warning")])
def test_half_a_past_suffices_for_what_is_far_out(training, rows, loss, expected):
    run = training([rows.activation(0), rows.LOSS])
    for number in range(8):
        spikes = number == 6
        largest = 60.0 if spikes else 1 + 0.05 * (number % 2)
        peak = loss if spikes else 0.5 + 0.02 * (number % 3)
        run.record([{"peak_max": largest, "peak_max_ago": 2.0}, {"mean": 0.5, "peak_max": peak}])
    assert severity(run, "activation-spike", "dense_0") == expected


def test_a_layer_that_is_saturated_throughout_stays_a_warning_until_the_results_are_good(training, rows):
    ends = [{"saturated_fraction": 1.0}] * 20
    layer = [rows.activation(0, function="tanh")]
    for last, expected in ((1.8, "warning"), (0.2, "info")):
        run = with_losses(training, rows, np.linspace(6.0, last, 20), 2.3, layer, [ends])
        assert severity(run, "saturated-activation", "dense_0") == expected
