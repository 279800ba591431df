"""LSTM and GRU, one way, both ways and stacked, with clipped gradients: their gates saturate by design."""

from collections.abc import Callable
from functools import partial

import keras
from keras import layers, optimizers

from tb_gradhealth.demo.zoo.fitting import Fit
from tb_gradhealth.demo.zoo.sequences import recent_mean
from tb_gradhealth.demo.zoo.tables import Table, digit_rows
from tb_gradhealth.demo.zoo.training import Training, accuracy, healthy


def network(shape: tuple[int, int], classes: int, read: Callable[[], list[layers.Layer]]) -> keras.Model:
    """Recurrent layers and the logits."""
    return keras.Sequential([layers.Input(shape), *read(), layers.Dense(classes, name="logits")])


def _lstm() -> list[layers.Layer]:
    return [layers.LSTM(24)]


def _gru() -> list[layers.Layer]:
    return [layers.GRU(20)]


def _bidirectional() -> list[layers.Layer]:
    return [layers.Bidirectional(layers.LSTM(16))]


def _stacked() -> list[layers.Layer]:
    return [layers.GRU(16, return_sequences=True), layers.GRU(16)]


def _training(
    name: str, read: Callable[[], list[layers.Layer]], table: Callable[[], Table], seed: int
) -> Training:
    shape, classes = ((20, 3), 2) if table is recent_mean else ((8, 8), 10)
    fit = Fit(
        partial(network, shape, classes, read),
        table,
        partial(optimizers.Adam, 0.01, clipnorm=1.0),
        seed=seed,
    )
    return healthy(f"{name}_seed{seed}", fit, accuracy(0.75), seed)


TRAININGS = [
    _training("lstm_noise", _lstm, recent_mean, 0),
    _training("gru_noise", _gru, recent_mean, 1),
    _training("lstm_rows", _lstm, digit_rows, 2),
    _training("bidirectional_rows", _bidirectional, digit_rows, 3),
    _training("stacked_gru_rows", _stacked, digit_rows, 4),
]
