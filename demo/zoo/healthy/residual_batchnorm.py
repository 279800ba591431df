"""Residual convolutions with BatchNormalization: the gradient is flat over depth."""

from functools import partial

import keras
from keras import layers, optimizers

from tb_gradhealth.demo.zoo.fitting import Fit
from tb_gradhealth.demo.zoo.tables import digit_images
from tb_gradhealth.demo.zoo.training import accuracy, healthy


def network(filters: int, blocks: int) -> keras.Model:
    """A convolution, then blocks of two that are added to their input."""
    images = layers.Input((8, 8, 1))
    state = layers.Conv2D(filters, 3, padding="same", use_bias=False)(images)
    for _ in range(blocks):
        inner = state
        for _ in range(2):
            inner = layers.Activation("relu")(layers.BatchNormalization(momentum=0.9)(inner))
            inner = layers.Conv2D(filters, 3, padding="same", use_bias=False)(inner)
        state = layers.Add()([state, inner])
    state = layers.Activation("relu")(layers.BatchNormalization(momentum=0.9)(state))
    pooled = layers.GlobalAveragePooling2D()(state)
    return keras.Model(images, layers.Dense(10, name="logits")(pooled))


VARIANTS = (
    (12, 1, partial(optimizers.Adam, 3e-3)),
    (12, 2, partial(optimizers.SGD, 0.1, momentum=0.9)),
    (8, 4, partial(optimizers.Adam, 3e-3)),
)

TRAININGS = [
    healthy(
        f"residual_batchnorm_blocks{blocks}_seed{seed}",
        Fit(partial(network, filters, blocks), digit_images, optimizer, seed=seed),
        accuracy(0.8),
        seed,
    )
    for seed, (filters, blocks, optimizer) in enumerate(VARIANTS)
]
