"""Makes the network and optimizer of a run in Flax NNX and Optax, and trains them."""

from collections.abc import Callable
from pathlib import Path

import optax
from flax import nnx

from tb_gradhealth.demo.trainings import Training
from tb_gradhealth.demo.with_jax import training_loop
from tb_gradhealth.demo.with_jax.networks import NETWORKS

METRICS = ()
"""Further metrics for the HParams tab: none."""

SEED = 7
OPTIMIZERS = {"Adam": optax.adam, "SGD": optax.sgd}


def train(training: Training, log_dir: Path, on_step: Callable[[], None] = lambda: None) -> None:
    """Train one network of the demo from a fixed seed."""
    model = NETWORKS[training.network](nnx.Rngs(SEED))
    updates = OPTIMIZERS[training.optimizer](training.learning_rate)
    optimizer = nnx.Optimizer(model, updates, wrt=nnx.Param)
    training_loop.train(model, optimizer, training, log_dir, on_step)
