"""Inputs far from unit scale, and targets outside the range of the last layer."""

from functools import partial

import keras
import numpy as np
from keras import layers, optimizers
from sklearn import datasets

from tb_gradhealth.demo.zoo.blocks import mlp
from tb_gradhealth.demo.zoo.broken import poor_initialization
from tb_gradhealth.demo.zoo.fitting import Fit
from tb_gradhealth.demo.zoo.tables import Table, diabetes, digits
from tb_gradhealth.demo.zoo.training import broken
from tb_gradhealth.scoring import Fault

CONSEQUENCES = (*poor_initialization.CONSEQUENCES, "poor-initialization", "saturated-activation")
"""A signal that is far too large or small has the same consequences as weights of that scale."""


def raw_tumours() -> Table:
    """Breast tumours as they were measured: columns from 0.003 to 4,254."""
    inputs, labels = datasets.load_breast_cancer(return_X_y=True)
    return Table(inputs.astype(np.float32), labels.astype(np.int32))


def scaled_digits(factor: float) -> Table:
    """Digits from 0 to ``factor``."""
    inputs, labels = digits()
    return Table((factor * inputs).astype(np.float32), labels)


def in_a_frame() -> Table:
    """Digits in the middle of 30 × 30 pixels that are black otherwise."""
    inputs, labels = digits()
    frames = np.pad(inputs.reshape(-1, 8, 8), ((0, 0), (11, 11), (11, 11)))
    return Table(frames.reshape(-1, 900), labels)


def bounded_regression() -> keras.Model:
    """Its sigmoid gives values from 0 to 1; more than half of the targets are below 0."""
    hidden = layers.Dense(24, activation="relu", name="hidden_0")
    return keras.Sequential([layers.Input((10,)), hidden, layers.Dense(1, activation="sigmoid")])


_sgd = partial(optimizers.SGD, 0.05)
_digits = partial(mlp, 64, [32, 16], 10)

_tumours = partial(mlp, 30, [16], 2)

VARIANTS = (
    (
        "pixels255",
        "clearly",
        "info",
        Fit(_digits, partial(scaled_digits, 255.0), partial(optimizers.Adam, 1e-3)),
    ),
    ("large1e4", "badly", "info", Fit(partial(_digits, "tanh"), partial(scaled_digits, 1e4), _sgd)),
    ("small1e-4", "badly", "warning", Fit(_digits, partial(scaled_digits, 1e-4), _sgd)),
    ("raw_columns", "badly", "info", Fit(_tumours, raw_tumours, partial(optimizers.SGD, 0.001))),
    ("frame", "barely", "info", Fit(partial(mlp, 900, [32], 10), in_a_frame, _sgd)),
    (
        "targets_beyond",
        "badly",
        "info",
        Fit(bounded_regression, diabetes, _sgd, keras.losses.MeanSquaredError),
    ),
)

TRAININGS = [
    broken(
        f"input_scale_{name}_seed{seed}",
        fit,
        Fault("input-scale", 0, "", dose, minimum_severity),
        CONSEQUENCES,
        seed,
    )
    for seed, (name, dose, minimum_severity, fit) in enumerate(VARIANTS)
]
