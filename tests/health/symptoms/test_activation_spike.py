"""A jump out of the layer's own range, at its exact step; drifts and noise are not."""

import numpy as np
import pytest

steady = np.exp(np.random.default_rng(1).normal(0, 0.1, 200))


def run_of(training, rows, maxima, ago=0):
    run = training([rows.activation(0)])
    for peak in maxima:
        run.record([{"peak_max": peak, "peak_max_ago": ago}])
    return run.findings().get(("activation-spike", "dense_0"))


def test_a_single_jump_is_found_at_once_and_at_its_step(training, rows):
    finding = run_of(training, rows, np.r_[steady[:40], 30.0], ago=6)
    assert (finding.state, finding.opened_step, finding.last_step) == ("open", 394, 400)
    assert finding.value > 8


def test_the_value_is_the_robust_z_of_the_logarithm(training, rows):
    past = steady[:32]
    logs = np.log(past.astype(np.float32).astype(np.float64))
    spread = 1.4826 * np.median(np.abs(logs - np.median(logs))) + 0.05
    expected = (np.log(40.0) - np.median(logs)) / spread
    assert run_of(training, rows, np.r_[past, 40.0]).value == pytest.approx(expected, rel=1e-6)


def test_a_training_whose_activations_grow_does_not_hide_a_spike(training, rows):
    growing = 3 * 1.03 ** np.arange(80.0) * steady[:80]
    assert run_of(training, rows, np.r_[growing, 40 * growing[-1]]) is not None


@pytest.mark.parametrize(("loss", "severity"), [(3.0, "warning"), (0.5, "info")])
def test_what_the_loss_did_at_that_moment_sets_the_severity(training, rows, loss, severity):
    run = training([rows.activation(0), rows.LOSS])
    for peak in steady[:40]:
        run.record([{"peak_max": peak}, {"peak_max": 1.0}])
    run.record([{"peak_max": 30.0}, {"peak_max": loss}])
    assert run.findings()["activation-spike", "dense_0"].severity == severity


def test_outliers_do_not_become_the_new_normal(training, rows):
    finding = run_of(training, rows, np.r_[steady[:40], np.full(20, 30.0)])
    assert (finding.state, finding.count) == ("open", 20)


def test_it_resolves_once_the_layer_is_back(training, rows):
    finding = run_of(training, rows, np.r_[steady[:40], 30.0, steady[40:50]])
    assert (finding.state, finding.resolved_step) == ("resolved", 450)


@pytest.mark.parametrize(
    "maxima",
    [
        steady,
        1.03 ** np.arange(200.0) * steady,  # residual streams grow
        np.r_[np.full(40, 1.0), 3.0],  # below four times, however steady it was
        np.r_[steady[:3], 50.0],  # no past to compare with
    ],
)
def test_what_is_not_a_spike(training, rows, maxima):
    assert run_of(training, rows, maxima) is None
