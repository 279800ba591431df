"""ReLU units that a strongly negative bias makes zero, from the start or from a step on."""

from collections.abc import Callable
from functools import partial

import keras
from keras import optimizers

from tb_gradhealth.demo.zoo.blocks import mlp
from tb_gradhealth.demo.zoo.fitting import Fit
from tb_gradhealth.demo.zoo.planting import AtStep
from tb_gradhealth.demo.zoo.tables import digits, wine
from tb_gradhealth.demo.zoo.training import Training, broken
from tb_gradhealth.health import Severity
from tb_gradhealth.scoring import Dose, Fault

LAYER = "hidden_1"
WIDTH = 40


def silence(share: float) -> Callable[[keras.Model], None]:
    """Make the biases of the layer's first units so negative that they are zero for every input."""

    def act(model: keras.Model) -> None:
        bias = model.get_layer(LAYER).bias
        values = bias.numpy()
        values[: round(share * WIDTH)] = -100
        bias.assign(values)

    return act


def _training(
    name: str,
    share: float,
    step: int,
    dose: Dose,
    minimum_severity: Severity,
    seed: int,
    fit: Callable[..., Fit],
) -> Training:
    # Units that become dead during the training also cause a jump in the layers after them.
    allowed = (
        "activation-spike",
        "loss-spike",
        "gradient-spike",
        "dead-layer",
        "loss-stalled",
        "loss-diverging",
        "dormant-units",
    )
    return broken(
        f"dead_units_{name}{round(100 * share)}_seed{seed}",
        fit(callbacks=lambda: [AtStep(step, silence(share))], seed=seed),
        Fault("dead-units", step, LAYER, dose, minimum_severity),
        allowed,
        seed,
    )


_digits = partial(Fit, partial(mlp, 64, [48, WIDTH, 32], 10), digits, partial(optimizers.SGD, 0.05))
_wine = partial(Fit, partial(mlp, 13, [32, WIDTH], 3), wine, partial(optimizers.Adam, 1e-3))

TRAININGS = [
    _training("start", 0.3, 0, "barely", "info", 0, _digits),
    _training("start", 0.6, 0, "clearly", "info", 1, _wine),
    _training("start", 0.95, 0, "badly", "warning", 2, _digits),
    _training("shock", 0.4, 100, "barely", "info", 3, _wine),
    _training("shock", 0.8, 120, "badly", "info", 4, _digits),
    _training("shock", 1.0, 95, "badly", "warning", 5, _wine),
]
