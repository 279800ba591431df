"""Activations without a corner: tanh with Glorot's initialization, GELU, SiLU, SELU with LeCun's, ELU."""

from functools import partial

from keras import optimizers

from tb_gradhealth.demo.zoo.blocks import mlp
from tb_gradhealth.demo.zoo.fitting import Fit
from tb_gradhealth.demo.zoo.tables import digits, tumours, wine
from tb_gradhealth.demo.zoo.training import accuracy, healthy

VARIANTS = (
    ("tanh", digits, (64, [64, 64], 10), {}),
    ("tanh", wine, (13, [16, 16, 16], 3), {}),
    ("tanh", tumours, (30, [32], 2), {}),
    ("gelu", digits, (64, [48, 48, 48], 10), {}),
    ("silu", digits, (64, [96, 32], 10), {}),
    ("selu", digits, (64, [48] * 5, 10), {"kernel_initializer": "lecun_normal"}),
    ("elu", wine, (13, [24, 24], 3), {}),
    ("leaky_relu", digits, (64, [64, 32], 10), {}),
)

TRAININGS = [
    healthy(
        f"{activation}_mlp_{table.__name__}_seed{seed}",
        Fit(
            partial(mlp, *shape, activation, **options),
            table,
            partial(optimizers.Adam, 2e-3),
            seed=seed,
        ),
        accuracy(0.8),
        seed,
    )
    for seed, (activation, table, shape, options) in enumerate(VARIANTS)
]
