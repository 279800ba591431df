"""Healthy networks that the zoo does not have; some trained for 40 steps only."""

from functools import partial

import keras
from keras import layers, losses, optimizers

from tb_gradhealth.demo.zoo.blocks import mlp, relu_cnn
from tb_gradhealth.demo.zoo.fitting import Fit
from tb_gradhealth.demo.zoo.healthy.transformer import block
from tb_gradhealth.demo.zoo.reseeding import HELD_OUT
from tb_gradhealth.demo.zoo.sequences import next_value, topics, waves
from tb_gradhealth.demo.zoo.tables import digit_images, digits, digits_themselves, tumours, wine
from tb_gradhealth.demo.zoo.training import Goal, Training, accuracy, healthy, loss

SHORT = 40


def wide_and_deep() -> keras.Model:
    """A linear path beside three layers."""
    inputs = layers.Input((30,))
    deep = inputs
    for width in (32, 24, 16):
        deep = layers.Dense(width, activation="relu")(deep)
    joined = layers.Concatenate()([deep, inputs])
    return keras.Model(inputs, layers.Dense(2, name="logits")(joined))


def squeezed() -> keras.Model:
    """Channels weighed by a sigmoid gate (squeeze and excitation)."""
    inputs = layers.Input((8, 8, 1))
    state = layers.Conv2D(16, 3, padding="same", activation="relu")(inputs)
    gate = layers.Dense(16, activation="sigmoid")(
        layers.Dense(8, activation="relu")(layers.GlobalAveragePooling2D()(state))
    )
    state = layers.Multiply()([state, layers.Reshape((1, 1, 16))(gate)])
    state = layers.Conv2D(16, 3, strides=2, activation="relu")(state)
    return keras.Model(inputs, layers.Dense(10, name="logits")(layers.Flatten()(state)))


def sinusoid_forecast() -> keras.Model:
    """Convolution, then a recurrent layer with dropout."""
    return keras.Sequential(
        [
            layers.Input((24, 1)),
            layers.Conv1D(12, 3, activation="gelu"),
            layers.LSTM(16, dropout=0.1),
            layers.Dense(1, name="next"),
        ]
    )


def attention_pool() -> keras.Model:
    """Waves through one attention block after a convolution."""
    inputs = layers.Input((32, 1))
    state = block(layers.Conv1D(16, 5, strides=2)(inputs), 16, heads=2)
    return keras.Model(inputs, layers.Dense(3, name="logits")(layers.GlobalMaxPooling1D()(state)))


def deep_residual(columns: int, classes: int) -> keras.Model:
    """Six blocks of LayerNormalization and SiLU beside skip connections."""
    inputs = layers.Input((columns,))
    state = layers.Dense(32)(inputs)
    for _ in range(6):
        inner = layers.Dense(32, activation="silu")(layers.LayerNormalization()(state))
        state = layers.Add()([state, inner])
    return keras.Model(inputs, layers.Dense(classes, name="logits")(state))


def bag_of_tokens() -> keras.Model:
    """Mean embedding and a linear layer."""
    return keras.Sequential(
        [
            layers.Input((16,), dtype="int32"),
            layers.Embedding(200, 24, name="tokens"),
            layers.GlobalAveragePooling1D(),
            layers.Dense(4, name="logits"),
        ]
    )


def _healthy(name: str, fit: Fit, goal: Goal) -> Training:
    return healthy(f"{HELD_OUT}{name}", fit, goal, fit.seed)


_adam = partial(optimizers.Adam, 2e-3)
_nesterov = partial(optimizers.SGD, 0.02, momentum=0.9, nesterov=True)

TRAININGS = [
    _healthy("wide_and_deep", Fit(wide_and_deep, tumours, _adam, seed=601), accuracy(0.9)),
    _healthy("squeezed", Fit(squeezed, digit_images, _adam, seed=602), accuracy(0.7)),
    _healthy(
        "sinusoid_forecast",
        Fit(sinusoid_forecast, next_value, _adam, losses.MeanSquaredError, seed=603),
        loss(0.3),
    ),
    _healthy("attention_pool", Fit(attention_pool, waves, _adam, seed=604), accuracy(0.6)),
    _healthy(
        "deep_residual", Fit(partial(deep_residual, 64, 10), digits, _nesterov, seed=605), accuracy(0.8)
    ),
    _healthy(
        "bag_of_tokens", Fit(bag_of_tokens, topics, partial(optimizers.Adam, 1e-2), seed=606), accuracy(0.8)
    ),
    _healthy("short_mlp", Fit(partial(mlp, 13, [32], 3), wine, _adam, steps=SHORT, seed=607), accuracy(0.6)),
    _healthy(
        "short_cnn",
        Fit(partial(relu_cnn, 8, 1), digit_images, partial(optimizers.Adam, 5e-3), steps=SHORT, seed=608),
        accuracy(0.4),
    ),
    _healthy(
        "short_residual",
        Fit(partial(deep_residual, 64, 10), digits, _adam, steps=SHORT, seed=609),
        accuracy(0.4),
    ),
    _healthy(
        "short_selu",
        Fit(partial(mlp, 30, [24, 24], 2, "selu"), tumours, _nesterov, steps=SHORT, seed=610),
        accuracy(0.8),
    ),
    _healthy(
        "bottleneck",
        Fit(
            partial(mlp, 64, [48, 12, 48], 64, "elu"),
            digits_themselves,
            _adam,
            losses.MeanSquaredError,
            seed=611,
        ),
        loss(0.06),
    ),
]
