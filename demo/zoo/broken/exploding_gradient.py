"""Gradients that grow over time steps, over depth, or from one training step to the next."""

from collections.abc import Callable
from functools import partial

import keras
import numpy as np
from keras import initializers, layers, losses, optimizers

from tb_gradhealth.demo.zoo.blocks import mlp
from tb_gradhealth.demo.zoo.fitting import Fit
from tb_gradhealth.demo.zoo.planting import AtStep, set_learning_rate
from tb_gradhealth.demo.zoo.tables import Table, diabetes, digit_pixels, digits
from tb_gradhealth.demo.zoo.training import Training, broken
from tb_gradhealth.health import Severity
from tb_gradhealth.scoring import Dose, Fault

CONSEQUENCES = (
    "non-finite",
    "gradient-spike",
    "loss-spike",
    "activation-spike",
    "dead-units",
    "dead-layer",
    "dormant-units",
    "saturated-activation",
    "update-ratio",
    "weight-growth",
    "poor-initialization",
    "loss-stalled",
    "loss-diverging",
    "loss-oscillating",
)


def recurrent(deviation: float) -> keras.Model:
    """A plain recurrent layer over 64 pixels whose recurrent weights amplify, without clipping."""
    amplify = initializers.RandomNormal(stddev=deviation)
    return keras.Sequential(
        [
            layers.Input((64, 1)),
            layers.SimpleRNN(32, recurrent_initializer=amplify, name="rnn"),
            layers.Dense(10, name="logits"),
        ]
    )


def too_large(gain: float) -> keras.Model:
    """Each of eight ReLU layers amplifies its input, and the gradient on its way back, by ``gain``.

    Adam's small steps keep it from diverging at once: the loss even falls from its start.
    """
    start = initializers.VarianceScaling(2 * gain**2)
    return mlp(64, [48] * 8, 10, kernel_initializer=start)


def raw_targets(factor: float) -> Table:
    """Targets in a unit that makes them large."""
    inputs, targets = diabetes()
    return Table(inputs, (factor * (targets + 2)).astype(np.float32))


def linear() -> Table:
    """24 inputs of unit variance and a linear target: with batches of 32, SGD is stable up to about 0.56."""
    random = np.random.default_rng(41)
    inputs = random.standard_normal((800, 24)).astype(np.float32)
    return Table(inputs, inputs @ random.standard_normal((24, 1)).astype(np.float32))


def _broken(
    name: str,
    train: Callable,
    layer: str,
    dose: Dose,
    seed: int,
    step: int | None = 0,
    minimum_severity: Severity = "warning",
) -> Training:
    fault = Fault("exploding-gradient", step, layer, dose, minimum_severity)
    return broken(f"exploding_{name}_seed{seed}", train, fault, CONSEQUENCES, seed)


def _raised(rate: float) -> list[keras.callbacks.Callback]:
    return [AtStep(150, set_learning_rate(rate))]


TRAININGS = [
    *(
        _broken(
            f"rnn_deviation{deviation}",
            Fit(partial(recurrent, deviation), digit_pixels, partial(optimizers.Adam, 1e-4), seed=seed),
            "rnn",
            dose,
            seed,
        )
        for seed, (deviation, dose) in enumerate(((0.4, "barely"), (0.5, "clearly"), (0.6, "badly")))
    ),
    *(
        _broken(
            f"init_gain{gain}",
            Fit(partial(too_large, gain), digits, partial(optimizers.Adam, 1e-5), seed=seed),
            "logits",
            dose,
            seed,
            minimum_severity="info",
        )
        for seed, (gain, dose) in enumerate(((3, "barely"), (5, "clearly"), (8, "badly")))
    ),
    *(
        _broken(
            f"targets{factor:.0e}",
            Fit(
                partial(mlp, 10, [32, 32], 1),
                partial(raw_targets, factor),
                partial(optimizers.Adam, 1e-4),
                losses.MeanSquaredError,
                seed=seed,
            ),
            "",
            dose,
            seed,
        )
        for seed, (factor, dose) in enumerate(((1e3, "clearly"), (1e5, "badly")))
    ),
    *(
        _broken(
            f"rate{rate}",
            Fit(
                partial(mlp, 24, [], 1),
                linear,
                partial(optimizers.SGD, 0.01),
                losses.MeanSquaredError,
                callbacks=partial(_raised, rate),
                seed=seed,
            ),
            "logits",
            dose,
            seed,
            step=150,
        )
        for seed, (rate, dose) in enumerate(((0.6, "barely"), (0.7, "clearly"), (0.9, "badly")))
    ),
]
