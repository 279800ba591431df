"""Gradients that shrink towards the input: deep sigmoid stacks, and weights that start too small."""

from functools import partial

import keras
from keras import initializers, optimizers

from tb_gradhealth.demo.zoo.blocks import mlp
from tb_gradhealth.demo.zoo.fitting import Fit
from tb_gradhealth.demo.zoo.tables import digits
from tb_gradhealth.demo.zoo.training import broken
from tb_gradhealth.scoring import Fault

CONSEQUENCES = (
    "loss-stalled",
    "loss-oscillating",
    "update-ratio",
    "poor-initialization",
    "dead-units",
    "dormant-units",  # where the signal has faded only the biases are left, and they differ
    "dead-layer",  # an update far below the weight's last digit is exactly zero
)


def sigmoids(depth: int) -> keras.Model:
    """Each sigmoid passes at most a quarter of the gradient it receives."""
    return mlp(64, [32] * depth, 10, "sigmoid")


def small_weights(depth: int, activation: str, gain: float) -> keras.Model:
    """Each layer multiplies its input, and the gradient, by ``gain``: all kernels get small gradients."""
    start = initializers.VarianceScaling(gain**2 * (2 if activation == "relu" else 1))
    return mlp(64, [32] * depth, 10, activation, kernel_initializer=start)


VARIANTS = (
    ("sigmoid_depth7", "barely", partial(sigmoids, 7), partial(optimizers.SGD, 0.05)),
    ("sigmoid_depth9", "clearly", partial(sigmoids, 9), partial(optimizers.SGD, 0.05)),
    ("sigmoid_depth12", "badly", partial(sigmoids, 12), partial(optimizers.SGD, 0.05)),
    ("sigmoid_depth12_momentum", "badly", partial(sigmoids, 12), partial(optimizers.SGD, 0.02, momentum=0.9)),
    ("sigmoid_depth16_adam", "badly", partial(sigmoids, 16), partial(optimizers.Adam, 1e-4)),
    ("tanh_gain0.2", "barely", partial(small_weights, 8, "tanh", 0.2), partial(optimizers.SGD, 0.05)),
    ("tanh_gain0.05", "badly", partial(small_weights, 8, "tanh", 0.05), partial(optimizers.SGD, 0.05)),
    ("relu_gain0.2", "clearly", partial(small_weights, 9, "relu", 0.2), partial(optimizers.SGD, 0.05)),
    ("relu_gain0.1", "badly", partial(small_weights, 7, "relu", 0.1), partial(optimizers.SGD, 0.02)),
)

TRAININGS = [
    broken(
        f"vanishing_{name}_seed{seed}",
        Fit(network, digits, optimizer, seed=seed),
        Fault("vanishing-gradient", 0, "hidden_0" if network.func is sigmoids else "", dose),
        CONSEQUENCES,
        seed,
    )
    for seed, (name, dose, network, optimizer) in enumerate(VARIANTS)
]
