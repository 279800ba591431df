"""Networks with branches: two inputs, two towers, dense connections, one layer used several times."""

from functools import partial

import keras
from keras import layers, ops, optimizers

from tb_gradhealth.demo.zoo.fitting import Fit
from tb_gradhealth.demo.zoo.tables import digits, tumours
from tb_gradhealth.demo.zoo.training import accuracy, healthy


def towers() -> keras.Model:
    """Each half of the image has its own tower."""
    inputs = layers.Input((64,))
    halves = ops.split(inputs, 2, axis=1)
    seen = [
        layers.Dense(32, activation="relu", name=f"tower_{place}")(half) for place, half in enumerate(halves)
    ]
    joined = layers.Dense(32, activation="relu")(layers.Concatenate()(seen))
    return keras.Model(inputs, layers.Dense(10, name="logits")(joined))


def dense_connections() -> keras.Model:
    """Every layer sees all those before it."""
    inputs = state = layers.Input((30,))
    for _ in range(3):
        state = layers.Concatenate()([state, layers.Dense(12, activation="relu")(state)])
    return keras.Model(inputs, layers.Dense(2, name="logits")(state))


def shared() -> keras.Model:
    """One layer that is applied three times, with a skip connection."""
    inputs = layers.Input((64,))
    state, again = layers.Dense(48, activation="relu")(inputs), layers.Dense(48, activation="relu")
    for _ in range(3):
        state = layers.LayerNormalization()(layers.Add()([state, again(state)]))
    return keras.Model(inputs, layers.Dense(10, name="logits")(state))


TRAININGS = [
    healthy(
        f"branches_{network.__name__}_seed{seed}",
        Fit(network, table, partial(optimizers.Adam, 2e-3), seed=seed),
        accuracy(0.8),
        seed,
    )
    for seed, (network, table) in enumerate(
        ((towers, digits), (dense_connections, tumours), (shared, digits))
    )
]
