"""Strong regularization: heavy dropout, weight decay, L1 on activations, max-norm."""

from functools import partial

import keras
from keras import constraints, layers, optimizers, regularizers

from tb_gradhealth.demo.zoo.blocks import mlp
from tb_gradhealth.demo.zoo.fitting import Fit
from tb_gradhealth.demo.zoo.tables import digits, tumours
from tb_gradhealth.demo.zoo.training import accuracy, healthy


def dropout(inputs: int, outputs: int, rate: float) -> keras.Model:
    """Two wide layers of which most units are switched off in each step."""
    hidden = []
    for _ in range(2):
        hidden += [
            layers.Dense(192, activation="relu", kernel_initializer="he_normal"),
            layers.Dropout(rate),
        ]
    return keras.Sequential([layers.Input((inputs,)), *hidden, layers.Dense(outputs, name="logits")])


def _sparse() -> keras.Model:
    return mlp(64, [128], 10, activity_regularizer=regularizers.L1(1e-4))


def _ridge() -> keras.Model:
    return mlp(64, [64, 64], 10, kernel_regularizer=regularizers.L2(1e-3))


def _max_norm() -> keras.Model:
    return mlp(64, [64, 64], 10, kernel_constraint=constraints.MaxNorm(2.0))


VARIANTS = (
    ("dropout70_digits", partial(dropout, 64, 10, 0.7), digits, partial(optimizers.Adam, 2e-3)),
    ("dropout80_tumours", partial(dropout, 30, 2, 0.8), tumours, partial(optimizers.Adam, 2e-3)),
    ("dropout60_digits", partial(dropout, 64, 10, 0.6), digits, partial(optimizers.SGD, 0.03, momentum=0.9)),
    (
        "weight_decay",
        partial(mlp, 64, [64, 64], 10),
        digits,
        partial(optimizers.AdamW, 2e-3, weight_decay=0.1),
    ),
    ("sparse", _sparse, digits, partial(optimizers.Adam, 3e-3)),
    ("ridge", _ridge, digits, partial(optimizers.Adam, 2e-3)),
    ("max_norm", _max_norm, digits, partial(optimizers.Adam, 2e-3)),
)

TRAININGS = [
    healthy(f"{name}_seed{seed}", Fit(network, table, optimizer, seed=seed), accuracy(0.65), seed)
    for seed, (name, network, table, optimizer) in enumerate(VARIANTS)
]
