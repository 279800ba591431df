"""One batch whose inputs are far too large, or a kernel that was changed from outside.

A confident network stays right on larger inputs: a spike to which its loss does not react is information.
"""

from functools import partial

import numpy as np
from keras import optimizers

from tb_gradhealth.demo.zoo.blocks import mlp, relu_cnn
from tb_gradhealth.demo.zoo.fitting import Fit
from tb_gradhealth.demo.zoo.planting import AtStep, scale
from tb_gradhealth.demo.zoo.tables import Table, digit_images, digits, tumours
from tb_gradhealth.demo.zoo.training import broken
from tb_gradhealth.scoring import Fault

STEPS = 440
"""The baseline of a spike needs thirty records."""

CONSEQUENCES = (
    "gradient-spike",
    "loss-spike",
    "exploding-gradient",
    "dead-units",
    "dormant-units",
    "update-ratio",
    "weight-growth",
    "loss-diverging",
    "loss-stalled",
    "loss-oscillating",
)


def glare(factor: float, batch: Table) -> Table:
    """Inputs ``factor`` times too large."""
    return Table((factor * batch.inputs).astype(np.float32), batch.targets)


_images = partial(Fit, partial(relu_cnn, 8, 2), digit_images, partial(optimizers.SGD, 0.02), steps=STEPS)
_digits = partial(Fit, partial(mlp, 64, [48, 32], 10), digits, partial(optimizers.Adam, 1e-3), steps=STEPS)
_tumours = partial(
    Fit, partial(mlp, 30, [32, 32], 2, "gelu"), tumours, partial(optimizers.Adam, 1e-3), steps=STEPS
)

VARIANTS = (
    ("glare10", "barely", "info", 347, "", _digits(spoil=partial(glare, 10), spoiled_step=347)),
    ("glare40", "clearly", "warning", 367, "", _images(spoil=partial(glare, 40), spoiled_step=367)),
    ("glare1000", "badly", "info", 333, "", _tumours(spoil=partial(glare, 1000), spoiled_step=333)),
    (
        "kernel30",
        "clearly",
        "warning",
        355,
        "hidden_1",
        _digits(callbacks=lambda: [AtStep(355, scale("hidden_1", 30.0))]),
    ),
    (
        "kernel300",
        "badly",
        "warning",
        342,
        "hidden_0",
        _tumours(callbacks=lambda: [AtStep(342, scale("hidden_0", 300.0))]),
    ),
)

TRAININGS = [
    broken(
        f"spike_activation_{name}_seed{seed}",
        fit,
        Fault("activation-spike", step, layer, dose, minimum_severity),
        CONSEQUENCES,
        seed,
    )
    for seed, (name, dose, minimum_severity, step, layer, fit) in enumerate(VARIANTS)
]
