"""Autoencoders of digits: dense, convolutional, and a denoising one."""

from functools import partial

import keras
from keras import layers, losses, optimizers

from tb_gradhealth.demo.zoo.fitting import Fit
from tb_gradhealth.demo.zoo.tables import digits_themselves, images_themselves
from tb_gradhealth.demo.zoo.training import healthy, loss


def dense() -> keras.Model:
    """To 12 numbers and back."""
    widths = (32, 12, 32)
    hidden = [layers.Dense(width, activation="relu") for width in widths]
    return keras.Sequential([layers.Input((64,)), *hidden, layers.Dense(64, activation="sigmoid")])


def convolutional() -> keras.Model:
    """To a quarter of the size and back."""
    return keras.Sequential(
        [
            layers.Input((8, 8, 1)),
            layers.Conv2D(12, 3, strides=2, padding="same", activation="relu"),
            layers.Conv2D(8, 3, strides=2, padding="same", activation="relu"),
            layers.Conv2DTranspose(12, 3, strides=2, padding="same", activation="relu"),
            layers.Conv2DTranspose(1, 3, strides=2, padding="same", activation="sigmoid"),
        ]
    )


def denoising() -> keras.Model:
    """The dense one on noisy inputs."""
    return keras.Sequential([layers.Input((64,)), layers.GaussianNoise(0.2), *dense().layers])


TRAININGS = [
    healthy(
        f"autoencoder_{network.__name__}_seed{seed}",
        Fit(network, table, partial(optimizers.Adam, 3e-3), losses.MeanSquaredError, seed=seed),
        loss(0.06),
        seed,
    )
    for seed, (network, table) in enumerate(
        ((dense, digits_themselves), (convolutional, images_themselves), (denoising, digits_themselves))
    )
]
