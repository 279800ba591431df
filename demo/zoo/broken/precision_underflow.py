"""Gradients that fall below the range of float16, because the loss becomes small and nothing scales it."""

from functools import partial

import keras
import tensorflow as tf
from keras import optimizers

from tb_gradhealth.demo.zoo.blocks import mlp
from tb_gradhealth.demo.zoo.looping import Loop
from tb_gradhealth.demo.zoo.tables import digits, tumours
from tb_gradhealth.demo.zoo.training import broken
from tb_gradhealth.scoring import Fault

SINKS = 100
"""The step from which the loss is small."""


def half_precision(inputs: int, outputs: int) -> keras.Model:
    """Computes in float16; GELU, since a ReLU's exact zeros are no underflow."""
    keras.config.set_dtype_policy("mixed_float16")
    return mlp(inputs, [32, 32], outputs, "gelu")


def _sunk(factor: float, step: tf.Tensor) -> tf.Tensor:
    return tf.where(step < SINKS, 1.0, factor)


CONSEQUENCES = (
    "vanishing-gradient",
    "dead-layer",
    "gradient-spike",
    "loss-spike",
    "update-ratio",
    "loss-stalled",
)

VARIANTS = (
    ("1e-3", "barely", 1e-3, digits, (64, 10)),
    ("1e-4", "clearly", 1e-4, tumours, (30, 2)),
    ("1e-5", "badly", 1e-5, digits, (64, 10)),
)

TRAININGS = [
    broken(
        f"precision_underflow_{name}_seed{seed}",
        Loop(
            partial(half_precision, *shape),
            table,
            partial(optimizers.Adam, 1e-3),
            weigh=partial(_sunk, factor),
            seed=seed,
        ),
        # The loss is smaller by the same factor, which looks like learning.
        Fault("precision-underflow", SINKS, "", dose, minimum_severity="info"),
        CONSEQUENCES,
        seed,
    )
    for seed, (name, dose, factor, table, shape) in enumerate(VARIANTS)
]
