"""Trainable layers that get no gradient at all: faults in the structure."""

from functools import partial

import keras
from keras import layers, ops, optimizers

from tb_gradhealth.demo.zoo.fitting import Fit
from tb_gradhealth.demo.zoo.tables import digits, wine
from tb_gradhealth.demo.zoo.training import broken
from tb_gradhealth.scoring import Fault


class Detached(layers.Layer):
    """Passes its input, but no gradient."""

    def call(self, inputs):  # noqa: ANN001, ANN201
        """The input."""
        return ops.stop_gradient(inputs)


class Forgotten(keras.Model):
    """Has a layer that is built and never called."""

    def __init__(self) -> None:
        super().__init__()
        self.used = layers.Dense(32, activation="relu", name="used")
        self.forgotten = layers.Dense(32, activation="relu", name="forgotten")
        self.logits = layers.Dense(10, name="logits")

    def build(self, shape) -> None:  # noqa: ANN001
        """Build all three."""
        self.used.build(shape)
        self.forgotten.build((None, 32))
        self.logits.build((None, 32))
        self.built = True

    def call(self, inputs):  # noqa: ANN001, ANN201
        """Two of them."""
        return self.logits(self.used(inputs))


def detached_branch() -> keras.Model:
    """One of two branches is behind a stop_gradient."""
    inputs = layers.Input((64,))
    live = layers.Dense(32, activation="relu", name="live")(inputs)
    cut = Detached()(layers.Dense(32, activation="relu", name="cut")(inputs))
    return keras.Model(inputs, layers.Dense(10, name="logits")(layers.Concatenate()([live, cut])))


def detached_body(columns: int, classes: int) -> keras.Model:
    """All layers except the last are behind a stop_gradient."""
    return keras.Sequential(
        [
            layers.Input((columns,)),
            layers.Dense(32, activation="relu", name="body_0"),
            layers.Dense(32, activation="relu", name="body_1"),
            Detached(),
            layers.Dense(classes, name="logits"),
        ]
    )


def hard_choice() -> keras.Model:
    """One of four experts is chosen by argmax, which has no gradient, so the choice is never learned."""
    inputs = layers.Input((64,))
    experts = layers.Reshape((4, 16))(layers.Dense(64, activation="relu", name="experts")(inputs))
    choice = layers.Dense(4, name="choice")(inputs)
    picked = layers.Lambda(lambda scores: ops.one_hot(ops.argmax(scores, axis=1), 4)[..., None])(choice)
    mixed = layers.Flatten()(layers.Multiply()([experts, picked]))
    return keras.Model(inputs, layers.Dense(10, name="logits")(mixed))


VARIANTS = (
    ("forgotten", "barely", "forgotten", Forgotten, digits),
    ("branch", "clearly", "cut", detached_branch, digits),
    ("choice", "clearly", "choice", hard_choice, digits),
    ("body_digits", "badly", "body_0", partial(detached_body, 64, 10), digits),
    ("body_wine", "badly", "body_1", partial(detached_body, 13, 3), wine),
)

TRAININGS = [
    broken(
        f"no_gradient_{name}_seed{seed}",
        Fit(network, table, partial(optimizers.Adam, 1e-3), seed=seed),
        Fault("no-gradient", 0, layer, dose),
        ("dead-layer", "loss-stalled", "update-ratio", "dead-units"),
        seed,
    )
    for seed, (name, dose, layer, network, table) in enumerate(VARIANTS)
]
