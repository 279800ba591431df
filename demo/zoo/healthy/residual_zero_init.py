"""Residual dense blocks whose last kernel starts at zero, so that each block starts as the identity."""

from functools import partial

import keras
from keras import layers, optimizers

from tb_gradhealth.demo.zoo.fitting import Fit
from tb_gradhealth.demo.zoo.tables import digits
from tb_gradhealth.demo.zoo.training import accuracy, healthy


def network(width: int, blocks: int) -> keras.Model:
    """LayerNormalization, a GELU layer and a zero-initialized one in each block."""
    inputs = layers.Input((64,))
    state = layers.Dense(width)(inputs)
    for _ in range(blocks):
        inner = layers.Dense(2 * width, activation="gelu")(layers.LayerNormalization()(state))
        state = layers.Add()([state, layers.Dense(width, kernel_initializer="zeros")(inner)])
    return keras.Model(inputs, layers.Dense(10, name="logits")(layers.LayerNormalization()(state)))


TRAININGS = [
    healthy(
        f"residual_zero_init_blocks{blocks}_seed{seed}",
        Fit(partial(network, 32, blocks), digits, partial(optimizers.AdamW, 2e-3), seed=seed),
        accuracy(0.8),
        seed,
    )
    for seed, blocks in enumerate((2, 5))
]
