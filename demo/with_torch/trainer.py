"""Makes the network and optimizer of a run in PyTorch, and trains them."""

from collections.abc import Callable
from pathlib import Path

import torch

from tb_gradhealth.demo.trainings import Training
from tb_gradhealth.demo.with_torch import networks, training_loop

METRICS = ()
"""Further metrics for the HParams tab: none."""

SEED = 7


def train(training: Training, log_dir: Path, on_step: Callable[[], None] = lambda: None) -> None:
    """Train one network of the demo from a fixed seed."""
    torch.set_num_threads(1)  # for networks as small as these, more threads only wait for each other
    torch.manual_seed(SEED)
    model = getattr(networks, training.network)()
    optimizer = getattr(torch.optim, training.optimizer)(model.parameters(), training.learning_rate)
    training_loop.train(model, optimizer, training, log_dir, on_step)
