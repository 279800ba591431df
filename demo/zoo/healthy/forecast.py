"""Recurrent and convolutional networks that predict the next value of a sine wave."""

from functools import partial

import keras
from keras import layers, losses, optimizers

from tb_gradhealth.demo.zoo.fitting import Fit
from tb_gradhealth.demo.zoo.sequences import next_value
from tb_gradhealth.demo.zoo.training import healthy, loss


def gru() -> keras.Model:
    """Reads the values one by one."""
    return keras.Sequential([layers.Input((24, 1)), layers.GRU(16), layers.Dense(1)])


def causal() -> keras.Model:
    """Sees a window that doubles with each layer."""
    convolutions = [
        layers.Conv1D(12, 2, padding="causal", dilation_rate=2**depth, activation="relu")
        for depth in range(3)
    ]
    return keras.Sequential([layers.Input((24, 1)), *convolutions, layers.Flatten(), layers.Dense(1)])


TRAININGS = [
    healthy(
        f"forecast_{network.__name__}_seed{seed}",
        Fit(network, next_value, partial(optimizers.Adam, 5e-3), losses.MeanSquaredError, seed=seed),
        loss(0.1),
        seed,
    )
    for seed, network in enumerate((gru, causal))
]
