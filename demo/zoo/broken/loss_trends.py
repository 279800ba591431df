"""Losses that stay where they are, rise, or oscillate.

A loss that oscillates below its start belongs to a network that learns all the same: information.
"""

from functools import partial

import keras
import numpy as np
from keras import losses, optimizers

from tb_gradhealth.demo.zoo.blocks import mlp
from tb_gradhealth.demo.zoo.fitting import Fit
from tb_gradhealth.demo.zoo.planting import AtStep, set_learning_rate
from tb_gradhealth.demo.zoo.tables import Table, digits, wine
from tb_gradhealth.demo.zoo.training import broken
from tb_gradhealth.scoring import Fault

CONSEQUENCES = (
    "non-finite",
    "exploding-gradient",
    "vanishing-gradient",
    "gradient-spike",
    "loss-spike",
    "activation-spike",
    "update-ratio",
    "weight-growth",
    "dead-units",
    "dead-layer",
    "loss-stalled",
    "loss-diverging",
    "loss-oscillating",
)


def meaningless_labels() -> Table:
    """Labels drawn at random: there is nothing to learn."""
    inputs, labels = digits()
    return Table(inputs, np.random.default_rng(51).permutation(labels))


def raw_digits() -> Table:
    """Digits whose pixels go up to 16."""
    inputs, labels = digits()
    return Table(16 * inputs, labels)


def linear() -> Table:
    """Inputs of unit variance, a linear target and some noise: SGD is stable up to a rate of about 0.8."""
    random = np.random.default_rng(52)
    inputs = random.standard_normal((800, 6)).astype(np.float32)
    noise = 0.1 * random.standard_normal((800, 1))
    return Table(inputs, (inputs @ random.standard_normal((6, 1)) + noise).astype(np.float32))


def _regression(rate: float, later: float | None = None, step: int = 0) -> Fit:
    def callbacks() -> list[keras.callbacks.Callback]:
        return [] if later is None else [AtStep(step, set_learning_rate(later))]

    return Fit(
        partial(mlp, 6, [], 1),
        linear,
        partial(optimizers.SGD, rate),
        losses.MeanSquaredError,
        callbacks=callbacks,
    )


VARIANTS = (
    (
        "stalled_labels",
        Fault("loss-stalled", 0, "", "barely"),
        Fit(partial(mlp, 64, [32], 10), meaningless_labels, partial(optimizers.SGD, 0.05)),
    ),
    (
        "stalled_rate",
        Fault("loss-stalled", 0, "", "clearly"),
        Fit(partial(mlp, 13, [24], 3), wine, partial(optimizers.SGD, 1e-7)),
    ),
    (
        "stalled_zeros",
        Fault("loss-stalled", 0, "", "badly"),
        Fit(
            partial(mlp, 64, [32, 32], 10, kernel_initializer="zeros"), digits, partial(optimizers.SGD, 0.05)
        ),
    ),
    ("diverging_start", Fault("loss-diverging", 0, "", "clearly"), _regression(0.86)),
    ("diverging_later", Fault("loss-diverging", 150, "", "badly"), _regression(0.05, 0.95, 150)),
    (
        "oscillating_raw",
        Fault("loss-oscillating", 0, "", "clearly", minimum_severity="info"),
        Fit(partial(mlp, 64, [], 10), raw_digits, partial(optimizers.Adam, 1.0)),
    ),
    (
        "oscillating_rate",
        Fault("loss-oscillating", 0, "", "badly"),
        Fit(partial(mlp, 64, [], 10), digits, partial(optimizers.Adam, 10.0)),
    ),
)

TRAININGS = [
    broken(f"loss_{name}_seed{seed}", fit, fault, set(CONSEQUENCES) - {fault.symptom}, seed)
    for seed, (name, fault, fit) in enumerate(VARIANTS)
]
