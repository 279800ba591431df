"""Updates that are far too large or far too small for their weights.

Updates that are small because of a lowered learning rate are no fault, as at the end of a schedule. The
planted fault is a loss that becomes small, which looks like learning; hence information.
"""

from functools import partial

import keras
import tensorflow as tf
from keras import optimizers

from tb_gradhealth.demo.zoo.blocks import mlp
from tb_gradhealth.demo.zoo.fitting import Fit
from tb_gradhealth.demo.zoo.looping import Loop
from tb_gradhealth.demo.zoo.planting import AtStep, set_learning_rate
from tb_gradhealth.demo.zoo.tables import digits, tumours
from tb_gradhealth.demo.zoo.training import broken
from tb_gradhealth.scoring import Fault

CONSEQUENCES = (
    "non-finite",
    "exploding-gradient",
    "vanishing-gradient",
    "gradient-spike",
    "loss-spike",
    "activation-spike",
    "dead-units",
    "dead-layer",
    "dormant-units",
    "saturated-activation",
    "weight-growth",
    "loss-stalled",
    "loss-diverging",
    "loss-oscillating",
)


def _raised(step: int, rate: float) -> list[keras.callbacks.Callback]:
    return [AtStep(step, set_learning_rate(rate))]


def _sunk(step: tf.Tensor) -> tf.Tensor:
    return tf.where(step < 110, 1.0, 1e-4)


_digits = partial(Fit, partial(mlp, 64, [48, 32], 10), digits)
_tumours = partial(Fit, partial(mlp, 30, [24, 24], 2, "tanh"), tumours)

VARIANTS = (
    ("large_adam0.2", "clearly", "warning", 0, _digits(partial(optimizers.Adam, 0.2))),
    ("large_adam2", "badly", "warning", 0, _tumours(partial(optimizers.Adam, 2.0))),
    ("large_sgd20", "badly", "warning", 0, _tumours(partial(optimizers.SGD, 20.0))),
    (
        "large_later",
        "badly",
        "warning",
        130,
        _digits(partial(optimizers.Adam, 1e-3), callbacks=partial(_raised, 130, 1.0)),
    ),
    ("small_adam1e-8", "clearly", "warning", 0, _digits(partial(optimizers.Adam, 1e-8))),
    ("small_sgd1e-8", "badly", "warning", 0, _tumours(partial(optimizers.SGD, 1e-8))),
    (
        "small_later",
        "clearly",
        "info",
        110,
        Loop(partial(mlp, 64, [48, 32], 10), digits, partial(optimizers.SGD, 0.05), weigh=_sunk),
    ),
)

TRAININGS = [
    broken(
        f"update_ratio_{name}_seed{seed}",
        fit,
        Fault("update-ratio", step, "", dose, minimum_severity),
        CONSEQUENCES,
        seed,
    )
    for seed, (name, dose, minimum_severity, step, fit) in enumerate(VARIANTS)
]
