"""Networks that several families share."""

from collections.abc import Sequence
from typing import Any

import keras
from keras import layers


def mlp(
    inputs: int, widths: Sequence[int], outputs: int, activation: str = "relu", **options: Any
) -> keras.Model:
    """Dense layers ``hidden_0``, ``hidden_1``... and ``logits``; options go to the hidden ones."""
    if activation == "relu":
        options.setdefault("kernel_initializer", "he_normal")
    hidden = [
        layers.Dense(width, activation=activation, name=f"hidden_{depth}", **options)
        for depth, width in enumerate(widths)
    ]
    return keras.Sequential([layers.Input((inputs,)), *hidden, layers.Dense(outputs, name="logits")])


def relu_cnn(filters: int, depth: int) -> keras.Model:
    """``depth`` convolutions, each with twice the filters of the one before."""
    convolutions = [
        layers.Conv2D(
            filters * 2**place, 3, padding="same", activation="relu", kernel_initializer="he_normal"
        )
        for place in range(depth)
    ]
    return keras.Sequential(
        [
            layers.Input((8, 8, 1)),
            *convolutions,
            layers.MaxPooling2D(),
            layers.Flatten(),
            layers.Dense(10, name="logits"),
        ]
    )
