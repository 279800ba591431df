"""Tasks that are solved long before the training ends: loss and gradients go to zero."""

from functools import partial

import numpy as np
from keras import losses, optimizers

from tb_gradhealth.demo.zoo.blocks import mlp
from tb_gradhealth.demo.zoo.fitting import Fit
from tb_gradhealth.demo.zoo.tables import Table, iris, wine
from tb_gradhealth.demo.zoo.training import accuracy, healthy, loss


def linear() -> Table:
    """Targets that are a linear function of the inputs, without noise."""
    random = np.random.default_rng(21)
    inputs = random.standard_normal((800, 6)).astype(np.float32)
    return Table(inputs, inputs @ random.standard_normal((6, 1)).astype(np.float32))


def product() -> Table:
    """Targets that are a curved surface over two inputs, without noise."""
    inputs = np.random.default_rng(22).uniform(-1, 1, (800, 2)).astype(np.float32)
    return Table(inputs, inputs[:, :1] * inputs[:, 1:])


REGRESSIONS = (
    ("linear", linear, (6, [], 1), partial(optimizers.Adam, 0.03), 0.01),
    ("linear_sgd", linear, (6, [], 1), partial(optimizers.SGD, 0.05), 0.01),
    ("linear_deep", linear, (6, [32, 32], 1), partial(optimizers.Adam, 3e-3), 0.1),
    ("product", product, (2, [32, 32], 1), partial(optimizers.Adam, 5e-3), 0.02),
)

TRAININGS = [
    *(
        healthy(
            f"solved_{name}_seed{seed}",
            Fit(partial(mlp, *shape), table, optimizer, losses.MeanSquaredError, steps=400, seed=seed),
            loss(limit),
            seed,
        )
        for seed, (name, table, shape, optimizer, limit) in enumerate(REGRESSIONS)
    ),
    *(
        healthy(
            f"solved_{table.__name__}_seed{seed}",
            Fit(
                partial(mlp, columns, [32], 3),
                table,
                partial(optimizers.Adam, 0.01),
                steps=500,
                batch=48,
                seed=seed,
            ),
            accuracy(0.95),
            seed,
        )
        for seed, (table, columns) in enumerate(((iris, 4), (wine, 13)))
    ),
]
