"""Layers that receive exactly no gradient, or whose gradient is never applied."""

from collections.abc import Callable
from functools import partial

import keras
import tensorflow as tf
from keras import layers, optimizers

from tb_gradhealth.demo.zoo.blocks import mlp
from tb_gradhealth.demo.zoo.fitting import Fit
from tb_gradhealth.demo.zoo.looping import Loop
from tb_gradhealth.demo.zoo.planting import AtStep
from tb_gradhealth.demo.zoo.tables import digits, tumours
from tb_gradhealth.demo.zoo.training import Training, broken
from tb_gradhealth.health import Severity
from tb_gradhealth.scoring import Dose, Fault


class Gate(layers.Layer):
    """Multiplies by a number that is not learned."""

    def build(self, shape) -> None:  # noqa: ANN001
        """Open the gate."""
        self.open = self.add_weight(shape=(), initializer="ones", trainable=False, name="open")

    def call(self, inputs):  # noqa: ANN001, ANN201
        """The input times the gate."""
        return inputs * self.open


def gated(inputs: int, outputs: int, depth: int) -> keras.Model:
    """A network beside a branch of ``depth`` layers that a gate can shut off."""
    images = layers.Input((inputs,))
    main = layers.Dense(32, activation="relu", name="main")(images)
    branch = images
    for place in range(depth):
        branch = layers.Dense(32, activation="tanh", name=f"branch_{place}")(branch)
    joined = layers.Add()([main, Gate(name="gate")(branch)])
    return keras.Model(images, layers.Dense(outputs, name="logits")(joined))


def shut(model: keras.Model) -> None:
    """Shut the gate: the branch gets a gradient of zeros from then on."""
    model.get_layer("gate").open.assign(0.0)


def drowned() -> keras.Model:
    """All units of the second layer are zero, so neither signal nor gradient passes it."""
    model = mlp(64, [32, 32, 32], 10)
    bias = model.get_layer("hidden_1").bias
    bias.assign(tf.fill(bias.shape, -100.0))
    return model


def _muted(layer: str, since: int) -> Callable:
    """Set a layer's learning rate to zero from a step on."""

    def amend(gradients, variables, step):  # noqa: ANN001, ANN202
        factor = tf.where(step < since, 1.0, 0.0)
        return [
            gradient * factor if f"{layer}/" in variable.path else gradient
            for gradient, variable in zip(gradients, variables, strict=True)
        ]

    return amend


def _broken(
    name: str,
    train: Callable,
    step: int,
    layer: str,
    dose: Dose,
    seed: int,
    minimum_severity: Severity = "info",
) -> Training:
    allowed = (
        "update-ratio",
        "vanishing-gradient",
        "dead-units",
        "dormant-units",
        "loss-stalled",
        "loss-spike",
        "gradient-spike",
        "activation-spike",
    )
    fault = Fault("dead-layer", step, layer, dose, minimum_severity)
    return broken(f"dead_layer_{name}_seed{seed}", train, fault, allowed, seed)


def _gated(step: int, depth: int, seed: int) -> Fit:
    return Fit(
        partial(gated, 30, 2, depth),
        tumours,
        partial(optimizers.SGD, 0.05),
        callbacks=lambda: [AtStep(step, shut)],
        seed=seed,
    )


def _muting(layer: str, since: int, seed: int) -> Loop:
    return Loop(
        partial(mlp, 64, [32, 32], 10),
        digits,
        partial(optimizers.SGD, 0.05),
        amend=_muted(layer, since),
        seed=seed,
    )


TRAININGS = [
    _broken("gated_start", _gated(0, 1, 0), 0, "branch_0", "clearly", 0),
    _broken("gated_later", _gated(100, 2, 1), 100, "branch_0", "barely", 1),
    _broken(
        "drowned",
        Fit(drowned, digits, partial(optimizers.Adam, 1e-3), seed=2),
        0,
        "hidden_1",
        "badly",
        2,
        "warning",
    ),
    _broken("rate_zero_start", _muting("hidden_0", 0, 3), 0, "hidden_0", "clearly", 3),
    _broken("rate_zero_later", _muting("hidden_1", 80, 4), 80, "hidden_1", "barely", 4),
]
