"""Clipped gradients: the row `gradient` is what the network gave, before anything is cut off."""

import by_hand
import keras
import networks
import numpy as np
import pytest

CLIPS = {"clipnorm": 0.05, "global_clipnorm": 0.1, "clipvalue": 0.01}


def sgd(**arguments):
    return keras.optimizers.SGD(0.5, **arguments)


@pytest.mark.parametrize("kind", CLIPS)
def test_keras_clips_after_the_gradient_is_measured(fit, kind):
    parts, clip = networks.batches(6), {kind: CLIPS[kind]}
    recorded = fit(networks.classifier(), parts, sgd(**clip))
    expected = by_hand.train(networks.classifier(), sgd(**clip), parts)
    expected.hold_against(recorded)
    for name, gradients in expected.gradients.items():
        unclipped = -0.5 * np.stack(gradients)
        assert np.abs(np.stack(expected.updates[name]) - unclipped).max() > 1e-4, f"{name} was not clipped"
