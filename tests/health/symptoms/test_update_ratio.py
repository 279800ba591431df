"""Steps far outside 1e-6 to 1e-2 of their weights explain a loss that does not improve."""

import numpy as np
import pytest

KEY = ("update-ratio", "dense_0/kernel")
STUCK, LEARNING = np.full(30, 2.3), 2.3 * 0.9 ** np.arange(30.0)


def run_of(training, rows, update, losses=STUCK, weight=0.1, rates=None):
    names = [
        rows.dense(0, kind="update"),
        rows.dense(0, kind="weight"),
        rows.training("learning_rate"),
        rows.LOSS,
    ]
    run = training(names)
    for index, loss in enumerate(losses):
        rate = {} if rates is None else {"mean": rates[index]}
        run.record(
            [{"rms": np.broadcast_to(update, len(losses))[index]}, {"rms": weight}, rate, {"mean": loss}]
        )
    return run.findings().get(KEY)


@pytest.mark.parametrize(
    ("update", "value", "severity"), [(3e-3, 3, "warning"), (0.05, 50, "critical"), (2e-8, 5, "warning")]
)
def test_the_value_says_how_far_outside_on_either_side(training, rows, update, value, severity):
    finding = run_of(training, rows, update)
    assert (finding.value, finding.severity) == (pytest.approx(value, rel=1e-5), severity)


def test_while_the_loss_improves_it_is_information(training, rows):
    assert run_of(training, rows, 0.05, LEARNING).severity == "info"


@pytest.mark.parametrize("update", [1e-4, 9e-4, 2e-7, 0.0, np.nan])
def test_a_usual_an_absent_or_a_missing_step_is_fine(training, rows, update):
    assert run_of(training, rows, update) is None


def test_weights_that_start_at_zero_are_compared_with_the_floor(training, rows):
    assert run_of(training, rows, 9e-6, weight=0.0) is None


def test_steps_shrink_with_a_decaying_rate(training, rows):
    rates = np.r_[np.full(5, 1e-3), np.full(25, 1e-6)]
    assert run_of(training, rows, 1e-3 * rates, rates=rates) is None
