"""Faults planted in networks that the zoo does not have, most of them in short trainings too."""

from collections.abc import Callable
from functools import partial

import keras
import tensorflow as tf
from keras import initializers, layers, losses, optimizers

from tb_gradhealth.demo.zoo.blocks import mlp
from tb_gradhealth.demo.zoo.broken.activation_spike import glare
from tb_gradhealth.demo.zoo.broken.exploding_gradient import linear
from tb_gradhealth.demo.zoo.broken.gradient_and_loss_spike import far_off
from tb_gradhealth.demo.zoo.broken.loss_trends import meaningless_labels
from tb_gradhealth.demo.zoo.fitting import Fit
from tb_gradhealth.demo.zoo.healthy.transformer import of_rows, of_tokens
from tb_gradhealth.demo.zoo.planting import AtStep, scale, set_learning_rate
from tb_gradhealth.demo.zoo.reseeding import HELD_OUT
from tb_gradhealth.demo.zoo.sequences import next_value, topics
from tb_gradhealth.demo.zoo.tables import digit_images, digit_rows, digits, wine
from tb_gradhealth.demo.zoo.training import Training, broken
from tb_gradhealth.scoring import Fault
from tb_gradhealth.scoring.case import SYMPTOM_IDS

SHORT = 40
"""Steps of the shortest training: four records."""


def convolutions(depth: int, activation: str = "relu", **options: object) -> keras.Model:
    """``depth`` convolutions of eight filters, then the classes."""
    return keras.Sequential(
        [
            layers.Input((8, 8, 1)),
            *(
                layers.Conv2D(8, 3, padding="same", activation=activation, name=f"conv_{place}", **options)
                for place in range(depth)
            ),
            layers.Flatten(),
            layers.Dense(10, name="logits"),
        ]
    )


def reader(cell: type[layers.Layer], shape: tuple[int, int], outputs: int) -> keras.Model:
    """A recurrent layer of 20 units and the outputs."""
    return keras.Sequential([layers.Input(shape), cell(20, name="cell"), layers.Dense(outputs, name="out")])


def silence(layer: str, count: int) -> Callable[[keras.Model], None]:
    """Make the biases of a layer's first filters so negative that they are always zero."""

    def act(model: keras.Model) -> None:
        bias = model.get_layer(layer).bias
        values = bias.numpy()
        values[:count] = -1000
        bias.assign(values)

    return act


def poison(layer: str) -> Callable[[keras.Model], None]:
    """Make one weight of a layer NaN."""

    def act(model: keras.Model) -> None:
        kernel = model.get_layer(layer).kernel
        kernel.assign(tf.concat([kernel[:-1], kernel[-1:] * float("nan")], axis=0))

    return act


def _at(step: int, act: Callable[[keras.Model], None]) -> Callable[[], list[keras.callbacks.Callback]]:
    return lambda: [AtStep(step, act)]


def _broken(name: str, fit: Fit, *faults: Fault) -> Training:
    # Other findings in a broken network are not scored here: precision is measured on the healthy ones.
    return broken(f"{HELD_OUT}{name}", fit, faults, SYMPTOM_IDS, fit.seed)


_images = partial(Fit, table=digit_images)
_adam = partial(optimizers.Adam, 1e-3)
_forecast = partial(Fit, table=next_value, optimizer=_adam, loss=losses.MeanSquaredError)

TRAININGS = [
    _broken(
        "conv_dead_filters",
        _images(
            partial(convolutions, 2), optimizer=_adam, callbacks=_at(110, silence("conv_1", 7)), seed=501
        ),
        Fault("dead-units", 110, "conv_1", "clearly", "info"),
    ),
    _broken(
        "conv_all_dead",
        _images(partial(convolutions, 3), optimizer=_adam, callbacks=_at(90, silence("conv_2", 8)), seed=502),
        Fault("dead-units", 90, "conv_2", "badly"),
    ),
    _broken(
        "conv_vanishing",
        _images(partial(convolutions, 8, "sigmoid"), optimizer=partial(optimizers.SGD, 0.02), seed=503),
        Fault("vanishing-gradient", 0, "conv_0", "badly"),
    ),
    _broken(
        "conv_vanishing_short",
        _images(
            partial(convolutions, 9, "sigmoid"),
            optimizer=partial(optimizers.SGD, 0.02),
            steps=SHORT,
            seed=504,
        ),
        Fault("vanishing-gradient", 0, "conv_0", "badly"),
    ),
    _broken(
        "conv_glare",
        _images(
            partial(convolutions, 2),
            optimizer=_adam,
            steps=440,
            spoil=partial(glare, 60),
            spoiled_step=371,
            seed=505,
        ),
        Fault("activation-spike", 371, "", "badly", "info"),
    ),
    _broken(
        "conv_saturated",
        _images(
            partial(convolutions, 2, "tanh"),
            optimizer=partial(optimizers.SGD, 0.02),
            callbacks=_at(100, scale("conv_1", 500.0)),
            seed=506,
        ),
        Fault("saturated-activation", 100, "conv_1", "badly", "info"),
    ),
    _broken(
        "conv_signal_grows",
        _images(
            partial(convolutions, 5, kernel_initializer=initializers.RandomNormal(stddev=4.0)),
            optimizer=_adam,
            seed=507,
        ),
        Fault("poor-initialization", 0, "", "badly", "info"),
    ),
    _broken(
        "gru_far_off",
        _forecast(
            partial(reader, layers.GRU, (24, 1), 1),
            steps=440,
            spoil=partial(far_off, 300),
            spoiled_step=363,
            seed=508,
        ),
        Fault("gradient-spike", 363, "", "badly"),
        Fault("loss-spike", 363, "", "badly"),
    ),
    _broken(
        "lstm_poisoned_short",
        Fit(
            partial(reader, layers.LSTM, (8, 8), 10),
            digit_rows,
            _adam,
            callbacks=_at(23, poison("out")),
            steps=SHORT,
            seed=509,
        ),
        Fault("non-finite", 23, "out", "badly"),
    ),
    _broken(
        "transformer_rate_raised",
        Fit(
            partial(of_rows, 16, 2),
            digit_rows,
            _adam,
            callbacks=_at(140, set_learning_rate(3.0)),
            seed=510,
        ),
        Fault("update-ratio", 140, "", "badly"),
    ),
    _broken(
        "transformer_rate_tiny",
        Fit(partial(of_tokens, 16, 1), topics, partial(optimizers.Adam, 1e-9), seed=511),
        Fault("update-ratio", 0, "", "badly"),
    ),
    _broken(
        "linear_momentum_explodes",
        Fit(
            partial(mlp, 24, [], 1),
            linear,
            partial(optimizers.SGD, 0.005, momentum=0.9),
            losses.MeanSquaredError,
            callbacks=_at(120, set_learning_rate(2.0)),
            seed=512,
        ),
        Fault("exploding-gradient", 120, "logits", "badly"),
    ),
    _broken(
        "deep_linear_explodes",
        Fit(
            partial(mlp, 24, [16], 1, "linear"),
            linear,
            partial(optimizers.SGD, 1.5),
            losses.MeanSquaredError,
            steps=SHORT,
            seed=513,
        ),
        Fault("exploding-gradient", 0, "", "badly", alternatives=("non-finite",)),
    ),
    _broken(
        "gelu_kernel_grows",
        Fit(
            partial(mlp, 13, [24, 24], 3, "gelu"),
            wine,
            _adam,
            callbacks=lambda: [AtStep(60, scale("hidden_1", 1.04), go_on=True)],
            seed=514,
        ),
        Fault("weight-growth", None, "hidden_1", "badly", "info"),
    ),
    _broken(
        "dead_short",
        Fit(
            partial(mlp, 64, [48, 32], 10),
            digits,
            _adam,
            callbacks=_at(0, silence("hidden_1", 32)),
            steps=SHORT,
            seed=515,
        ),
        Fault("dead-units", 0, "hidden_1", "badly", alternatives=("dead-layer",)),
    ),
    _broken(
        "wide_meaningless",
        Fit(partial(mlp, 64, [96], 10, "gelu"), meaningless_labels, partial(optimizers.SGD, 0.02), seed=516),
        Fault("loss-stalled", 0, "", "clearly"),
    ),
]
