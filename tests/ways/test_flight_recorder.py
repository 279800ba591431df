"""The log has the last steps of a training one by one, however the training ends."""

import gc
import itertools
import signal

import by_hand
import failing
import keras
import networks
import numpy as np
import pytest
from interruptible import TRAININGS, interrupted
from recorded import Recorded

MIN_STEPS = 64
"""Smallest number of steps in the flight recorder."""


def rms(values):
    return float(np.sqrt(np.mean(np.float64(values) ** 2)))


def assert_last_steps(recorded, last, kinds="gradient weight loss"):
    """Assert that the steps up to ``last`` are recorded, with the numbers of the reference training."""
    parts = itertools.islice(itertools.cycle(networks.batches()), last + 1)
    expected = by_hand.train(networks.classifier(), keras.optimizers.SGD(0.01), parts)
    tensors = {"gradient": expected.gradients, "weight": expected.weights, "loss": {"loss": expected.losses}}
    for kind in kinds.split():
        for name, values in tensors[kind].items():
            flight = recorded.flight(kind, name)
            assert max(flight) == last
            assert set(range(max(0, last - MIN_STEPS + 1), last + 1)) <= set(flight)
            right = [rms(values[step]) for step in flight]
            np.testing.assert_allclose(list(flight.values()), right, rtol=1e-3, err_msg=f"{kind} {name}")


def test_finished_training_has_its_last_steps(fit):
    recorded = fit(networks.classifier(), networks.batches(), keras.optimizers.SGD(0.01), every=10)
    assert recorded.steps == [0, 10]
    assert_last_steps(recorded, last=11)


def test_step_statistic_of_an_activation_is_its_largest_magnitude(fit):
    parts = networks.batches()
    recorded = fit(networks.classifier(), parts, keras.optimizers.SGD(0.0), every=10)
    hidden = networks.classifier().layers[0]
    for step, value in recorded.flight("activation", "hidden").items():
        # It covers a part of the batch, so it equals some output of the layer.
        magnitudes = np.abs(np.asarray(hidden(parts[step][0])))
        np.testing.assert_allclose(np.min(np.abs(magnitudes - value)), 0, atol=1e-5)
    assert list(recorded.flight("activation", "hidden")) == list(range(12))


def test_long_training_has_at_least_the_last_64_steps(fit):
    recorded = fit(networks.classifier(), networks.batches(), keras.optimizers.SGD(0.01), every=40, epochs=9)
    assert_last_steps(recorded, last=107)


@pytest.mark.parametrize("fail", failing.TRAININGS)
def test_training_that_raises_has_its_last_steps(log_dir, fail):
    with pytest.raises(Exception, match="planted"):
        fail(networks.classifier(), log_dir)
    gc.collect()
    assert_last_steps(Recorded(log_dir), last=failing.STEPS - 1)


@pytest.mark.parametrize("train", TRAININGS)
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=lambda number: number.name)
def test_training_ended_by_a_signal_has_its_last_steps(tmp_path, log_dir, train, number):
    said = tmp_path / "said"
    interrupted(train, log_dir, said, number)
    recorded = Recorded(log_dir)
    last = max(recorded.flight("gradient", "out/kernel"))
    # The signal may arrive between the end of a step and the report of it.
    assert last - int(said.read_text()) in (0, 1)
    assert_last_steps(recorded, last)
