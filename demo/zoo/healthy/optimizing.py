"""One task with special optimizer settings: clipping, accumulation, averages, restarts, cycles."""

from functools import partial

import tensorflow as tf
from keras import optimizers

from tb_gradhealth.demo.zoo.blocks import mlp
from tb_gradhealth.demo.zoo.fitting import Fit
from tb_gradhealth.demo.zoo.tables import digits, wine
from tb_gradhealth.demo.zoo.training import accuracy, healthy


class Triangle(optimizers.schedules.LearningRateSchedule):
    """A learning rate that goes up and down between two values (L. N. Smith, 2017)."""

    def __init__(self, low: float, high: float, half: int) -> None:
        self.low, self.high, self.half = low, high, half

    def __call__(self, step):  # noqa: ANN001, ANN204
        """The rate at a step."""
        position = tf.math.floormod(tf.cast(step, tf.float32) / self.half, 2.0)
        return self.low + (self.high - self.low) * (1 - tf.abs(position - 1))

    def get_config(self) -> dict[str, float]:
        """What it was made with."""
        return {"low": self.low, "high": self.high, "half": self.half}


def _restarts() -> optimizers.Optimizer:
    schedule = optimizers.schedules.CosineDecayRestarts(0.1, first_decay_steps=100, t_mul=1.0)
    return optimizers.SGD(schedule, momentum=0.9)


def _cyclic() -> optimizers.Optimizer:
    return optimizers.SGD(Triangle(0.005, 0.1, 50), momentum=0.9)


def _stepped() -> optimizers.Optimizer:
    return optimizers.SGD(optimizers.schedules.PiecewiseConstantDecay([100, 200], [0.2, 0.02, 0.002]))


VARIANTS = (
    ("clipnorm", partial(optimizers.Adam, 2e-3, clipnorm=0.5)),
    ("global_clipnorm", partial(optimizers.SGD, 0.2, momentum=0.9, global_clipnorm=1.0)),
    ("clipvalue", partial(optimizers.RMSprop, 1e-3, clipvalue=0.05)),
    ("accumulation4", partial(optimizers.Adam, 5e-3, gradient_accumulation_steps=4)),
    ("accumulation8", partial(optimizers.SGD, 0.3, momentum=0.8, gradient_accumulation_steps=8)),
    ("average", partial(optimizers.Adam, 2e-3, use_ema=True, ema_momentum=0.95)),
    ("cosine_restarts", _restarts),
    ("cyclic", _cyclic),
    ("stepped", _stepped),
)

TRAININGS = [
    healthy(
        f"optimizing_{name}_seed{seed}",
        Fit(partial(mlp, 64, [64, 32], 10), digits, optimizer, seed=seed),
        accuracy(0.75),
        seed,
    )
    for seed, (name, optimizer) in enumerate(VARIANTS)
] + [
    healthy(
        "optimizing_tiny_batches_seed9",
        Fit(partial(mlp, 13, [24], 3), wine, partial(optimizers.SGD, 0.01), batch=4, steps=400, seed=9),
        accuracy(0.8),
        9,
    )
]
