"""One-dimensional convolutions that classify frequencies, with group and batch normalization."""

from functools import partial

import keras
from keras import layers, optimizers

from tb_gradhealth.demo.zoo.fitting import Fit
from tb_gradhealth.demo.zoo.sequences import waves
from tb_gradhealth.demo.zoo.training import accuracy, healthy


def plain() -> keras.Model:
    """Two convolutions and a pool."""
    return _over([layers.Conv1D(12, 5, activation="relu"), layers.Conv1D(24, 5, activation="relu")])


def group_norm() -> keras.Model:
    """Normalized in groups of channels."""
    return _over(
        [
            layers.Conv1D(16, 5, use_bias=False),
            layers.GroupNormalization(4),
            layers.Activation("silu"),
            layers.SeparableConv1D(16, 5, activation="silu"),
        ]
    )


def batch_norm() -> keras.Model:
    """Normalized over the batch, with a stride."""
    return _over(
        [
            layers.Conv1D(16, 5, strides=2, use_bias=False),
            layers.BatchNormalization(),
            layers.Activation("relu"),
        ]
    )


def _over(convolutions: list[layers.Layer]) -> keras.Model:
    return keras.Sequential(
        [
            layers.Input((32, 1)),
            *convolutions,
            layers.GlobalMaxPooling1D(),
            layers.Dense(3, name="logits"),
        ]
    )


TRAININGS = [
    healthy(
        f"wave_cnn_{network.__name__}_seed{seed}",
        Fit(network, waves, partial(optimizers.Adam, 3e-3), batch=48, seed=seed),
        accuracy(0.8),
        seed,
    )
    for seed, network in enumerate((plain, group_norm, batch_norm))
]
