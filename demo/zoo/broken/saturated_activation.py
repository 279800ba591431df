"""Tanh and sigmoid layers at the ends of their range: by large inputs, large weights, or a change.

Saturated tanh units still separate inputs by sign, and the last layer learns from that: the loss falls
slowly, so the finding is information. Sigmoid units at one end carry no information.
"""

from functools import partial

import keras
import numpy as np
from keras import initializers, optimizers

from tb_gradhealth.demo.zoo.blocks import mlp
from tb_gradhealth.demo.zoo.fitting import Fit
from tb_gradhealth.demo.zoo.planting import AtStep, scale
from tb_gradhealth.demo.zoo.tables import Table, digits, wine
from tb_gradhealth.demo.zoo.training import broken
from tb_gradhealth.scoring import Fault

CONSEQUENCES = (
    "vanishing-gradient",
    "dead-layer",
    "poor-initialization",
    "loss-stalled",
    "loss-oscillating",
    "loss-spike",
    "gradient-spike",
    "activation-spike",
    "exploding-gradient",
    "update-ratio",
    "weight-growth",
)


def unscaled(factor: float) -> Table:
    """Wine in a unit that makes its columns large."""
    inputs, labels = wine()
    return Table((factor * inputs).astype(np.float32), labels)


def large_weights(activation: str, deviation: float) -> keras.Model:
    """Two layers whose weights start far too large."""
    start = initializers.RandomNormal(stddev=deviation)
    return mlp(64, [32, 32], 10, activation, kernel_initializer=start)


_raw = partial(Fit, partial(mlp, 13, [24, 16], 3, "tanh"), optimizer=partial(optimizers.SGD, 0.01))
_large = partial(Fit, table=digits, optimizer=partial(optimizers.SGD, 0.01))

VARIANTS = (
    ("inputs100", "clearly", "info", 0, _raw(table=partial(unscaled, 100.0))),
    ("inputs1000", "badly", "info", 0, _raw(table=partial(unscaled, 1000.0))),
    ("tanh_weights10", "clearly", "info", 0, _large(partial(large_weights, "tanh", 10.0))),
    ("tanh_weights50", "badly", "info", 0, _large(partial(large_weights, "tanh", 50.0))),
    ("sigmoid_weights30", "badly", "warning", 0, _large(partial(large_weights, "sigmoid", 30.0))),
    (
        "kicked",
        "badly",
        "info",
        120,
        Fit(
            partial(mlp, 64, [32, 32], 10, "tanh"),
            digits,
            partial(optimizers.SGD, 0.05),
            callbacks=lambda: [AtStep(120, scale("hidden_0", 200.0))],
        ),
    ),
)

TRAININGS = [
    broken(
        f"saturated_{name}_seed{seed}",
        fit,
        Fault("saturated-activation", step, "hidden_0", dose, minimum_severity),
        CONSEQUENCES,
        seed,
    )
    for seed, (name, dose, minimum_severity, step, fit) in enumerate(VARIANTS)
]
