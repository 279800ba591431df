"""The six runs of the demo: network, optimizer, fault, and the finding that the tab should show."""

from collections.abc import Callable
from dataclasses import dataclass, field

import keras
import numpy as np

from tb_gradhealth.demo import networks
from tb_gradhealth.demo.images import Floats, Spoil


@dataclass(frozen=True)
class Training:
    """One run of the demo.

    Attributes:
        name: of the run.
        network: makes the model.
        optimizer: makes the optimizer.
        symptom: the expected symptom, ``""`` in the healthy run.
        layer: the expected likely origin.
        steps: number of batches.
        spoil: changes the images of the batch at ``spoiled_step``.
        custom_loop: whether ``custom_loop.py`` trains it instead of ``fit``.
        hyperparameters: shown in the HParams tab.
    """

    name: str
    network: Callable[[], keras.Model]
    optimizer: Callable[[], keras.optimizers.Optimizer]
    symptom: str = ""
    layer: str = ""
    steps: int = 800
    spoil: Spoil | None = None
    spoiled_step: int = -1
    custom_loop: bool = False
    hyperparameters: dict[str, str | float] = field(default_factory=dict)


def glare(images: Floats) -> Floats:
    """Multiply the images by forty."""
    return 40 * images


def blank(images: Floats) -> Floats:
    """Empty one image of the batch."""
    return np.where(np.arange(len(images)).reshape(-1, 1, 1, 1) == 5, np.float32(0), images)


TRAININGS = (
    Training(
        "healthy_cnn",
        networks.healthy_cnn,
        lambda: keras.optimizers.Adam(1e-3),
        hyperparameters={"optimizer": "Adam", "learning_rate": 1e-3, "activation": "relu"},
    ),
    Training(
        "vanishing_sigmoid",
        networks.deep_sigmoid,
        lambda: keras.optimizers.SGD(0.05),
        symptom="vanishing-gradient",
        layer="hidden_0",
        hyperparameters={"optimizer": "SGD", "learning_rate": 0.05, "activation": "sigmoid"},
    ),
    Training(
        "exploding_rnn",
        networks.pixel_rnn,
        lambda: keras.optimizers.Adam(1e-4),
        symptom="exploding-gradient",
        layer="rnn",
        custom_loop=True,
        hyperparameters={"optimizer": "Adam", "learning_rate": 1e-4, "activation": "tanh"},
    ),
    Training(
        "dead_relu",
        networks.dead_relu,
        lambda: keras.optimizers.SGD(0.05),
        symptom="dead-units",
        layer="hidden_1",
        hyperparameters={"optimizer": "SGD", "learning_rate": 0.05, "activation": "relu"},
    ),
    Training(
        "spike_glare",
        networks.plain_cnn,
        lambda: keras.optimizers.SGD(0.02),
        symptom="activation-spike",
        layer="conv_0",
        spoil=glare,
        spoiled_step=467,
        hyperparameters={"optimizer": "SGD", "learning_rate": 0.02, "activation": "relu"},
    ),
    Training(
        "nan_contrast",
        networks.unguarded_contrast,
        lambda: keras.optimizers.Adam(1e-3),
        symptom="non-finite",
        layer="contrast",
        spoil=blank,
        spoiled_step=343,
        hyperparameters={"optimizer": "Adam", "learning_rate": 1e-3, "activation": "relu"},
    ),
)
