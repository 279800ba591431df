"""Layers whose output is at first a fraction, or a multiple, of their input."""

from functools import partial

import keras
from keras import initializers, optimizers

from tb_gradhealth.demo.zoo.blocks import mlp
from tb_gradhealth.demo.zoo.fitting import Fit
from tb_gradhealth.demo.zoo.tables import digits
from tb_gradhealth.demo.zoo.training import broken
from tb_gradhealth.scoring import Fault

CONSEQUENCES = (
    "non-finite",
    "vanishing-gradient",
    "exploding-gradient",
    "gradient-spike",
    "loss-spike",
    "activation-spike",
    "dead-units",
    "dormant-units",
    "dead-layer",
    "update-ratio",
    "weight-growth",
    "loss-stalled",
    "loss-diverging",
    "loss-oscillating",
)


def network(depth: int, gain: float) -> keras.Model:
    """Each ReLU layer's output is ``gain`` times as large as its input."""
    return mlp(64, [48] * depth, 10, kernel_initializer=initializers.VarianceScaling(2 * gain**2))


VARIANTS = (
    ("gain0.05", "barely", "info", 5, 0.05),
    ("gain0.01", "badly", "warning", 5, 0.01),
    ("gain20", "barely", "info", 4, 20.0),
    ("gain50", "badly", "info", 5, 50.0),
)

TRAININGS = [
    broken(
        f"poor_initialization_{name}_seed{seed}",
        Fit(partial(network, depth, gain), digits, partial(optimizers.Adam, 1e-3), seed=seed),
        Fault("poor-initialization", 0, "", dose, minimum_severity),
        CONSEQUENCES,
        seed,
    )
    for seed, (name, dose, minimum_severity, depth, gain) in enumerate(VARIANTS)
]
