"""Targets that the inputs hardly explain: the loss falls a little and then stays, jagged."""

from functools import partial

from keras import losses, optimizers

from tb_gradhealth.demo.zoo.blocks import mlp
from tb_gradhealth.demo.zoo.fitting import Fit
from tb_gradhealth.demo.zoo.tables import diabetes
from tb_gradhealth.demo.zoo.training import healthy, loss

VARIANTS = (
    (32, losses.MeanSquaredError, partial(optimizers.Adam, 2e-3), 0.75),
    (16, losses.Huber, partial(optimizers.SGD, 0.03), 0.35),
    (8, losses.MeanAbsoluteError, partial(optimizers.Adam, 2e-3), 0.7),
)

TRAININGS = [
    healthy(
        f"noisy_regression_batch{batch}_seed{seed}",
        Fit(partial(mlp, 10, [32, 16], 1), diabetes, optimizer, measure, batch=batch, seed=seed),
        loss(limit),
        seed,
    )
    for seed, (batch, measure, optimizer, limit) in enumerate(VARIANTS)
]
