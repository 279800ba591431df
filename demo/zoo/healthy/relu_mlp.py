"""Dense ReLU networks on tables, shallow and deep, with one optimizer each."""

from functools import partial

from keras import optimizers

from tb_gradhealth.demo.zoo.blocks import mlp
from tb_gradhealth.demo.zoo.fitting import Fit
from tb_gradhealth.demo.zoo.tables import digits, iris, tumours, wine
from tb_gradhealth.demo.zoo.training import accuracy, healthy

VARIANTS = (
    ("iris", iris, (4, [16], 3), partial(optimizers.SGD, 0.1)),
    ("wine", wine, (13, [32, 16], 3), partial(optimizers.Adam, 1e-3)),
    ("tumours", tumours, (30, [24, 24, 24], 2), partial(optimizers.Adagrad, 0.05)),
    ("digits", digits, (64, [64, 48, 32], 10), partial(optimizers.Adam, 1e-3)),
    ("digits_wide", digits, (64, [256], 10), partial(optimizers.SGD, 0.05, momentum=0.9, nesterov=True)),
    ("digits_deep", digits, (64, [48] * 6, 10), partial(optimizers.Adam, 1e-3)),
    ("digits_lion", digits, (64, [64, 64], 10), partial(optimizers.Lion, 3e-4)),
    ("digits_adamax", digits, (64, [64], 10), partial(optimizers.Adamax, 3e-3)),
)

TRAININGS = [
    healthy(
        f"relu_mlp_{name}_seed{seed}",
        Fit(partial(mlp, *shape), table, optimizer, seed=seed),
        accuracy(0.75),
        seed,
    )
    for seed, (name, table, shape, optimizer) in enumerate(VARIANTS)
]
