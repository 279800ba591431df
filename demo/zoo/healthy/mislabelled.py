"""Data of poor quality: wrong labels, or one rare class. The loss stays jagged."""

from functools import partial

import numpy as np
from keras import optimizers

from tb_gradhealth.demo.zoo.blocks import mlp
from tb_gradhealth.demo.zoo.fitting import Fit
from tb_gradhealth.demo.zoo.tables import Table, digits
from tb_gradhealth.demo.zoo.training import accuracy, healthy


def wrong_labels() -> Table:
    """Every fifth label is random."""
    random = np.random.default_rng(31)
    inputs, labels = digits()
    wrong = random.random(len(labels)) < 0.2
    return Table(inputs, np.where(wrong, random.integers(0, 10, len(labels)), labels).astype(np.int32))


def rare_class() -> Table:
    """Is it a zero? One in ten is."""
    inputs, labels = digits()
    return Table(inputs, (labels == 0).astype(np.int32))


TRAININGS = [
    healthy(
        "mislabelled_digits_seed0",
        Fit(
            partial(mlp, 64, [64], 10),
            wrong_labels,
            partial(optimizers.SGD, 0.05),
            batch=8,
            steps=500,
            seed=0,
        ),
        accuracy(0.5),
    ),
    healthy(
        "rare_class_seed1",
        Fit(partial(mlp, 64, [32, 16], 2), rare_class, partial(optimizers.Adam, 1e-3), seed=1),
        accuracy(0.93),
        1,
    ),
]
