"""Units whose output is so small compared with the others that the layer is effectively narrower."""

from collections.abc import Callable
from functools import partial

import keras
from keras import optimizers

from tb_gradhealth.demo.zoo.blocks import mlp
from tb_gradhealth.demo.zoo.fitting import Fit
from tb_gradhealth.demo.zoo.planting import AtStep
from tb_gradhealth.demo.zoo.tables import digits
from tb_gradhealth.demo.zoo.training import broken
from tb_gradhealth.health import Severity
from tb_gradhealth.scoring import Fault

LAYER = "hidden_0"
WIDTH = 40
BEGINS = 60
FAINT = 1e-4
"""A kernel of this value gives an output far below the others', but above zero: pixels are not negative."""


def fade(share: float) -> Callable[[keras.Model], None]:
    """With each call, make one more unit dormant, up to ``share`` of them."""
    faint = 0

    def act(model: keras.Model) -> None:
        nonlocal faint
        faint = min(faint + 1, round(share * WIDTH))
        layer = model.get_layer(LAYER)
        kernel, bias = layer.kernel.numpy(), layer.bias.numpy()
        kernel[:, :faint], bias[:faint] = FAINT, 0
        layer.kernel.assign(kernel)
        layer.bias.assign(bias)

    return act


VARIANTS: tuple[tuple[float, str, Severity], ...] = (
    (0.4, "barely", "info"),
    (0.7, "clearly", "info"),
    (0.9, "badly", "info"),
)

TRAININGS = [
    broken(
        f"dormant_units{round(100 * share)}_seed{seed}",
        Fit(
            partial(mlp, 64, [WIDTH, 32], 10),
            digits,
            partial(optimizers.SGD, 0.05),
            callbacks=lambda share=share: [AtStep(BEGINS, fade(share), go_on=True)],
            seed=seed,
        ),
        # One unit per step becomes dormant from BEGINS on, so there is no single first step.
        Fault("dormant-units", None, LAYER, dose, minimum_severity),
        ("loss-spike", "gradient-spike", "activation-spike", "update-ratio", "loss-oscillating"),
        seed,
    )
    for seed, (share, dose, minimum_severity) in enumerate(VARIANTS)
]
