"""Weights that grow or shrink without end: by a change from outside, or by a loss without a lower bound."""

from collections.abc import Callable
from functools import partial

from keras import ops, optimizers

from tb_gradhealth.demo.zoo.blocks import mlp
from tb_gradhealth.demo.zoo.fitting import Fit
from tb_gradhealth.demo.zoo.planting import AtStep, scale
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
    "dormant-units",
    "dead-layer",
    "update-ratio",
    "loss-diverging",
    "loss-stalled",
    "loss-oscillating",
)


def bottomless() -> Callable:
    """A margin loss without a lower bound, so that nothing limits the weights."""

    def loss(labels, scores):  # noqa: ANN001, ANN202
        sign = 2.0 * ops.cast(ops.reshape(labels, (-1,)), "float32") - 1
        return -sign * (scores[:, 1] - scores[:, 0])

    return loss


def _scaled(factor: float, seed: int) -> Fit:
    return Fit(
        partial(mlp, 64, [48, 32], 10),
        digits,
        partial(optimizers.SGD, 0.02),
        callbacks=lambda: [AtStep(0, scale("hidden_0", factor), go_on=True)],
        seed=seed,
    )


def _bottomless(rate: float, seed: int) -> Fit:
    return Fit(partial(mlp, 30, [24], 2), tumours, partial(optimizers.SGD, rate), bottomless, seed=seed)


VARIANTS = (
    ("grow1.01", "barely", "info", "hidden_0", _scaled(1.01, 0)),
    ("grow1.03", "clearly", "warning", "hidden_0", _scaled(1.03, 1)),
    ("grow1.06", "badly", "warning", "hidden_0", _scaled(1.06, 2)),
    ("shrink0.8", "clearly", "warning", "hidden_0", _scaled(0.8, 3)),
    ("bottomless", "clearly", "info", "", _bottomless(0.05, 4)),
    ("bottomless_fast", "badly", "info", "", _bottomless(0.2, 5)),
)

TRAININGS = [
    broken(
        f"weight_growth_{name}_seed{seed}",
        fit,
        # It develops gradually, so its first step is not defined.
        Fault("weight-growth", None, layer, dose, minimum_severity),
        CONSEQUENCES,
        seed,
    )
    for seed, (name, dose, minimum_severity, layer, fit) in enumerate(VARIANTS)
]
