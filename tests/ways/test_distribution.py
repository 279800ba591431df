"""Several replicas: the gradient is what one device would compute on the whole batch, and one writes.

`fit` under `MultiWorkerMirroredStrategy` is not among these: Keras 3.15 fails there by itself, before its
first step.
"""

import by_hand
import keras
import networks
import numpy as np
import pytest
import replicated
from processes import run, run_as_workers
from recorded import Recorded

HALVES = [slice(0, 8), slice(8, 16)]
"""`fit` gives each replica a contiguous part of the batch."""

STRIDES = [slice(0, None, 2), slice(1, None, 2)]
"""The loop distributes the samples in turn."""


def mirrored_fit(log_dir):
    run(replicated.fit, log_dir, "mirrored")


def mirrored_loop(log_dir):
    run(replicated.loop, log_dir, "mirrored")


def multi_worker_loop(log_dir):
    run_as_workers(replicated.loop, 2, log_dir, "multi_worker")


def spreads(parts, split):
    """By tensor and step: (largest - smallest replica's RMS) / their mean."""
    model, found = networks.classifier(), {}
    for x, y in parts:
        shares = [
            by_hand.train(model, keras.optimizers.SGD(0.0), [(x[mine], y[mine])]).gradients for mine in split
        ]
        for name in shares[0]:
            rms = [np.sqrt(np.mean(np.float64(share[name][0]) ** 2)) for share in shares]
            found.setdefault(name, []).append((max(rms) - min(rms)) / np.mean(rms))
        by_hand.train(model, replicated.sgd(), [(x, y)])
    return found


@pytest.mark.parametrize(
    ("train", "split"), [(mirrored_fit, HALVES), (mirrored_loop, STRIDES), (multi_worker_loop, STRIDES)]
)
def test_replicas_are_recorded_as_one_training(tmp_path, log_dir, train, split):
    train(log_dir)
    recorded = Recorded(log_dir)
    assert recorded.steps == list(range(replicated.STEPS))
    assert len(recorded.files) == 1
    parts = networks.batches(replicated.STEPS, replicated.GLOBAL_BATCH)
    expected = by_hand.train(networks.classifier(), replicated.sgd(), parts)
    expected.assert_matches(recorded, kinds="gradient weight update")
    for name, values in spreads(parts, split).items():
        recorded.assert_number("gradient", name, values, column="replica_spread", rtol=1e-3)
    for file in tmp_path.glob("weights_*.npz"):
        with np.load(file) as weights:
            for name, values in zip(weights.files, expected.weights.values(), strict=True):
                np.testing.assert_allclose(weights[name], values[-1], rtol=1e-4, atol=1e-6)
