"""NaN and infinity: in one batch's data, from an unguarded function, from a float16 that overflows."""

from collections.abc import Callable
from functools import partial

import keras
import numpy as np
import tensorflow as tf
from keras import layers, losses, ops, optimizers

from tb_gradhealth.demo.zoo.blocks import mlp
from tb_gradhealth.demo.zoo.fitting import Fit, Spoil
from tb_gradhealth.demo.zoo.looping import Loop
from tb_gradhealth.demo.zoo.tables import Table, diabetes, digits
from tb_gradhealth.demo.zoo.training import Training, broken
from tb_gradhealth.scoring import Dose, Fault
from tb_gradhealth.scoring.case import SYMPTOM_IDS


def one_pixel(batch: Table) -> Table:
    """One pixel of one image is NaN."""
    inputs = batch.inputs.copy()
    inputs[3, 20] = np.nan
    return Table(inputs, batch.targets)


def whole_batch(batch: Table) -> Table:
    """Every pixel is infinite."""
    return Table(np.full_like(batch.inputs, np.inf), batch.targets)


def one_target(batch: Table) -> Table:
    """One sample's target is missing and was read as NaN."""
    targets = batch.targets.copy()
    targets[7] = np.nan
    return Table(batch.inputs, targets)


def blank_image(batch: Table) -> Table:
    """One image is empty, which is no fault by itself."""
    inputs = batch.inputs.copy()
    inputs[5] = 0
    return Table(inputs, batch.targets)


def unguarded(function: Callable) -> keras.Model:
    """A network with a function of the image that is not defined for an empty one."""
    return keras.Sequential(
        [
            layers.Input((64,)),
            layers.Lambda(function, name="unguarded"),
            layers.Dense(48, activation="relu", name="hidden_0"),
            layers.Dense(10, name="logits"),
        ]
    )


def divided_by_deviation(images):  # noqa: ANN001, ANN201
    """0 / 0 for an empty image."""
    return images / ops.std(images, axis=1, keepdims=True)


def learned_root() -> keras.Model:
    """The square root of a learned sum: at 0 its value is finite and its gradient is not."""
    inputs = layers.Input((64,))
    features = layers.Dense(32, use_bias=False, name="features")(inputs)
    length = layers.Lambda(lambda h: ops.sqrt(ops.sum(h**2, axis=1, keepdims=True)), name="length")(features)
    hidden = layers.Dense(32, activation="relu", name="hidden")(layers.Concatenate()([features, length]))
    return keras.Model(inputs, layers.Dense(10, name="logits")(hidden))


def unguarded_logarithm() -> Callable:
    """Cross-entropy of probabilities without a lower bound."""

    def loss(labels, scores):  # noqa: ANN001, ANN202
        positive = ops.relu(scores)
        shares = positive / (ops.sum(positive, axis=1, keepdims=True) + 1e-7)
        picked = ops.sum(shares * ops.one_hot(ops.reshape(labels, (-1,)), 10), axis=1)
        return -ops.log(picked)

    return loss


def half_precision() -> keras.Model:
    """Computes in float16."""
    keras.config.set_dtype_policy("mixed_float16")
    return mlp(64, [48, 48], 10)


def _overscaled(step: tf.Tensor) -> tf.Tensor:
    """A loss scale that is raised far beyond what float16 can hold."""
    return tf.where(step >= 164, 1e9, 1.0)


def _broken(name: str, train: Callable, step: int, layer: str, dose: Dose, seed: int) -> Training:
    # After a NaN every further finding is a consequence.
    fault = Fault("non-finite", step, layer, dose)
    return broken(f"non_finite_{name}_seed{seed}", train, fault, SYMPTOM_IDS, seed)


def _spoiled(spoil: Spoil, step: int, seed: int, **options: object) -> Fit:
    fields = {"network": partial(mlp, 64, [48, 32], 10), "table": digits} | options
    return Fit(optimizer=partial(optimizers.Adam, 1e-3), spoil=spoil, spoiled_step=step, seed=seed, **fields)


REGRESSION = {
    "network": partial(mlp, 10, [32], 1),
    "table": diabetes,
    "loss": losses.MeanSquaredError,
}

TRAININGS = [
    _broken("one_pixel", _spoiled(one_pixel, 153, 0), 153, "hidden_0", "barely", 0),
    # After the last full record: only what is written at the end of the training contains it.
    _broken("last_steps", _spoiled(one_pixel, 297, 1), 297, "hidden_0", "barely", 1),
    _broken("whole_batch", _spoiled(whole_batch, 91, 2), 91, "hidden_0", "badly", 2),
    _broken("one_target", _spoiled(one_target, 208, 3, **REGRESSION), 208, "logits", "barely", 3),
    _broken(
        "division",
        _spoiled(blank_image, 140, 4, network=partial(unguarded, divided_by_deviation)),
        140,
        "unguarded",
        "clearly",
        4,
    ),
    _broken("root", _spoiled(blank_image, 177, 5, network=learned_root), 177, "features", "clearly", 5),
    _broken(
        "logarithm",
        Fit(partial(mlp, 64, [48], 10), digits, partial(optimizers.SGD, 0.05), unguarded_logarithm, seed=6),
        0,
        "logits",
        "badly",
        6,
    ),
    _broken(
        "float16",
        Loop(half_precision, digits, partial(optimizers.Adam, 1e-3), weigh=_overscaled, seed=7),
        164,
        "logits",
        "clearly",
        7,
    ),
]
