"""The last steps of a training, one by one, whatever it ended by."""

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

HELD = 64
"""Steps that are held at least."""


def rms(values):
    return float(np.sqrt(np.mean(np.float64(values) ** 2)))


def assert_held(recorded, last, kinds="gradient weight loss"):
    """The run's last steps up to this one are there, each with the numbers of a training by hand."""
    parts = itertools.islice(itertools.cycle(networks.batches()), last + 1)
    expected = by_hand.train(networks.classifier(), keras.optimizers.SGD(0.01), parts)
    tensors = {"gradient": expected.gradients, "weight": expected.weights, "loss": {"loss": expected.losses}}
    for kind in kinds.split():
        for name, values in tensors[kind].items():
            flight = recorded.flight(kind, name)
            assert max(flight) == last
            assert set(range(max(0, last - HELD + 1), last + 1)) <= set(flight)
            right = [rms(values[step]) for step in flight]
            np.testing.assert_allclose(list(flight.values()), right, rtol=1e-3, err_msg=f"{kind} {name}")


def test_a_training_that_ends_has_written_its_last_steps(fit):
    recorded = fit(networks.classifier(), networks.batches(), keras.optimizers.SGD(0.01), every=10)
    assert recorded.steps == [0, 10]
    assert_held(recorded, last=11)


def test_an_activation_s_line_is_its_largest_magnitude(fit):
    parts = networks.batches()
    recorded = fit(networks.classifier(), parts, keras.optimizers.SGD(0.0), every=10)
    hidden = networks.classifier().layers[0]
    for step, value in recorded.flight("activation", "hidden").items():
        # Of a part of the batch: no larger than the whole's, and not of something else.
        magnitudes = np.abs(np.asarray(hidden(parts[step][0])))
        np.testing.assert_allclose(np.min(np.abs(magnitudes - value)), 0, atol=1e-5)
    assert list(recorded.flight("activation", "hidden")) == list(range(12))


def test_a_long_training_holds_at_least_the_last_ones(fit):
    recorded = fit(networks.classifier(), networks.batches(), keras.optimizers.SGD(0.01), every=40, epochs=9)
    assert_held(recorded, last=107)


@pytest.mark.parametrize("fail", failing.TRAININGS)
def test_a_training_that_throws_has_written_its_last_steps(log_dir, fail):
    with pytest.raises(Exception, match="planted"):
        fail(networks.classifier(), log_dir)
    gc.collect()
    assert_held(Recorded(log_dir), last=failing.STEPS - 1)


@pytest.mark.parametrize("train", TRAININGS)
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=lambda number: number.name)
def test_a_training_ended_by_a_signal_has_written_its_last_steps(tmp_path, log_dir, train, number):
    said = tmp_path / "said"
    interrupted(train, log_dir, said, number)
    recorded = Recorded(log_dir)
    last = max(recorded.flight("gradient", "out/kernel"))
    # The signal may have come between a step's end and our saying so.
    assert last - int(said.read_text()) in (0, 1)
    assert_held(recorded, last)
