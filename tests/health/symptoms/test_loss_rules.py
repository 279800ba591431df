"""Losses that stall, diverge or swing, on curves whose answer is known by construction."""

import numpy as np
import pytest

from tb_gradhealth.record import Steps

noise = np.random.default_rng(0).normal(0, 1, 400)
index = np.arange(60.0)


def symptoms(training, rows, losses, **more):
    run = training([rows.LOSS]).series(loss=losses)
    return {symptom: finding for (symptom, _), finding in run.findings().items()}


def test_a_loss_at_the_level_of_a_guess_is_stalled(training, rows):
    finding = symptoms(training, rows, np.log(10) + 0.01 * noise[:30])["loss-stalled"]
    assert (finding.severity, finding.state) == ("warning", "open")
    assert finding.value < 0.02


def test_its_value_is_the_share_gained(training, rows):
    losses = np.r_[np.full(3, 2.0), np.full(27, 1.9)]
    assert symptoms(training, rows, losses)["loss-stalled"].value == pytest.approx(0.05, rel=1e-5)


def test_a_plateau_that_the_training_leaves_is_forgiven(training, rows):
    losses = np.r_[np.full(25, 2.3), 2.3 * 0.9 ** np.arange(30.0)]
    finding = symptoms(training, rows, losses)["loss-stalled"]
    assert (finding.state, finding.severity) == ("resolved", "info")


@pytest.mark.parametrize(
    "losses",
    [
        2.3 * np.exp(-index / 15) + 0.01 * noise[:60],  # it learns
        np.r_[2.3 * np.exp(-index / 3), np.full(60, 2e-9)],  # it converged long ago
        1e8 * np.exp(-index / 9),  # unscaled targets
        np.abs(0.3 + 0.1 * noise[:60]) + 2 * np.exp(-index / 5),  # jagged at its floor
        -index,  # a likelihood
        np.full(9, 2.3),  # too few to tell
        np.full(40, np.nan),  # not recorded
    ],
)
def test_what_is_fine(training, rows, losses):
    assert symptoms(training, rows, losses) == {}


def test_while_the_learning_rate_rises_nothing_is_asked(training, rows):
    run = training([rows.training("learning_rate"), rows.LOSS])
    run.series(mean=1e-5 * (1 + index[:40]), loss=np.full(40, 9.0))
    assert run.findings() == {}


def test_a_run_too_short_for_records_is_judged_step_by_step(training, rows):
    run = training([rows.LOSS], watched=(0,)).series(loss=np.full(4, 2.3))
    run.records.append(Steps(39, 1e9, run.table, np.full((40, 1), 2.3, np.float32)))
    assert run.findings()["loss-stalled", "loss"].severity == "warning"


def test_a_loss_that_grows_without_end_diverges(training, rows):
    losses = np.r_[np.linspace(2.3, 1.0, 20), 1.0 * 1.3 ** np.arange(20.0)]
    finding = symptoms(training, rows, losses)["loss-diverging"]
    best = np.median(losses[15:20])
    assert finding.value == pytest.approx(1 + (losses[-4] - best) / best, rel=1e-5)
    assert finding.state == "open"


@pytest.mark.parametrize("jump", [[30.0], [30.0, 12.0, 5.0, 2.5, 1.5]])
def test_a_jump_that_comes_down_again_does_not(training, rows, jump):
    losses = np.r_[np.linspace(2.3, 1.0, 20), jump, np.full(20, 1.0)]
    assert "loss-diverging" not in symptoms(training, rows, losses)


SWINGING = np.where(np.arange(60) % 2, 10.0, 1.0)


def test_swings_around_where_it_began_are_oscillation(training, rows):
    finding = symptoms(training, rows, SWINGING)["loss-oscillating"]
    assert (finding.value, finding.severity) == (pytest.approx(9 / 5.5), "warning")


@pytest.mark.parametrize(("step", "severity"), [(0.2, "warning"), (1e-4, "info")])
def test_wild_swings_are_a_warning_where_the_steps_are_too_large(training, rows, step, severity):
    wild = np.where(np.arange(60) % 3 == 1, 10.0, 1.0) * np.where(np.arange(60) % 3 == 2, 0.3, 1.0)
    run = training([rows.dense(0, kind="update"), rows.dense(0, kind="weight"), rows.LOSS])
    for loss in wild:
        run.record([{"rms": step}, {"rms": 1.0}, {"mean": loss}])
    assert run.findings()["loss-oscillating", "loss"].severity == severity


def test_a_single_spike_is_no_oscillation(training, rows):
    losses = 1 + 0.05 * noise[:60]
    losses[40] = 300
    assert "loss-oscillating" not in symptoms(training, rows, losses)


def test_noise_around_a_falling_loss_is_no_warning(training, rows):
    losses = 2.3 * np.exp(-index / 20) * np.exp(0.5 * noise[:60])
    found = symptoms(training, rows, losses).get("loss-oscillating")
    assert found is None or found.severity == "info"


def test_a_loss_spike_is_a_warning_and_three_in_a_thousand_steps_are_critical(training, rows):
    quiet = np.exp(0.05 * noise)
    once, often = quiet[:60].copy(), quiet[:60].copy()
    once[40], often[[40, 45, 50]] = 50, 50
    assert symptoms(training, rows, once)["loss-spike"].severity == "warning"
    assert symptoms(training, rows, often)["loss-spike"].severity == "critical"
    far = quiet[:300].copy()
    far[[40, 100, 160]] = 50  # 600 steps apart
    assert symptoms(training, rows, far)["loss-spike"].severity == "warning"
