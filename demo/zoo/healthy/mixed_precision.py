"""Half precision: bfloat16, and float16 with the loss scaled, whose overflows are routine."""

from functools import partial

import keras
from keras import optimizers

from tb_gradhealth.demo.zoo.blocks import mlp, relu_cnn
from tb_gradhealth.demo.zoo.fitting import Fit
from tb_gradhealth.demo.zoo.tables import digit_images, digits
from tb_gradhealth.demo.zoo.training import Training, accuracy, healthy


def _dense(policy: str) -> keras.Model:
    keras.config.set_dtype_policy(policy)
    return mlp(64, [64, 48], 10)


def _convolutional(policy: str) -> keras.Model:
    keras.config.set_dtype_policy(policy)
    return relu_cnn(8, 2)


def _scaled(initial_scale: float) -> optimizers.Optimizer:
    return optimizers.LossScaleOptimizer(
        optimizers.Adam(2e-3), initial_scale=initial_scale, dynamic_growth_steps=100
    )


def _training(name: str, fit: Fit) -> Training:
    return healthy(f"mixed_{name}_seed{fit.seed}", fit, accuracy(0.75), fit.seed)


TRAININGS = [
    _training(
        "bfloat16_dense",
        Fit(partial(_dense, "mixed_bfloat16"), digits, partial(optimizers.Adam, 2e-3), seed=0),
    ),
    _training(
        "bfloat16_cnn",
        Fit(partial(_convolutional, "mixed_bfloat16"), digit_images, partial(optimizers.Adam, 2e-3), seed=1),
    ),
    _training(
        "float16_dense", Fit(partial(_dense, "mixed_float16"), digits, partial(_scaled, 2.0**12), seed=2)
    ),
    # A scale that is too large at first: the first steps overflow and are skipped until it is low enough.
    _training(
        "float16_overflows", Fit(partial(_dense, "mixed_float16"), digits, partial(_scaled, 2.0**19), seed=3)
    ),
    _training(
        "float16_cnn",
        Fit(partial(_convolutional, "mixed_float16"), digit_images, partial(_scaled, 2.0**12), seed=4),
    ),
]
