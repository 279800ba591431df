"""The six runs of the demo: network, optimizer, fault, and the finding that the tab should show."""

from dataclasses import dataclass
from typing import Literal

import numpy as np

from tb_gradhealth.demo.images import Floats, Spoil


@dataclass(frozen=True)
class Training:
    """One run of the demo, in any framework.

    Attributes:
        name: of the run.
        network: its name in ``networks.py`` of each framework.
        optimizer: ``"Adam"`` or ``"SGD"``.
        learning_rate: of the optimizer.
        activation: the network's activation function, shown in the HParams tab.
        symptom: the expected symptom, ``""`` in the healthy run.
        steps: number of batches.
        spoil: changes the images of the batch at ``spoiled_step``.
    """

    name: str
    network: str
    optimizer: Literal["Adam", "SGD"]
    learning_rate: float
    activation: str
    symptom: str = ""
    steps: int = 800
    spoil: Spoil | None = None
    spoiled_step: int = -1


def glare(images: Floats) -> Floats:
    """Multiply the images by forty."""
    return 40 * images


def blank(images: Floats) -> Floats:
    """Empty one image of the batch."""
    return np.where(np.arange(len(images)).reshape(-1, 1, 1, 1) == 5, np.float32(0), images)


TRAININGS = (
    Training("healthy_cnn", "healthy_cnn", "Adam", 1e-3, "relu"),
    Training("vanishing_sigmoid", "deep_sigmoid", "SGD", 0.05, "sigmoid", symptom="vanishing-gradient"),
    Training("exploding_rnn", "pixel_rnn", "Adam", 1e-4, "tanh", symptom="exploding-gradient"),
    Training("dead_relu", "dead_relu", "SGD", 0.05, "relu", symptom="dead-units"),
    Training(
        "spike_glare",
        "plain_cnn",
        "SGD",
        0.02,
        "relu",
        symptom="activation-spike",
        spoil=glare,
        spoiled_step=467,
    ),
    Training(
        "nan_contrast",
        "unguarded_contrast",
        "Adam",
        1e-3,
        "relu",
        symptom="non-finite",
        spoil=blank,
        spoiled_step=343,
    ),
)
