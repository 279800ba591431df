"""Grad Health in a training loop of PyTorch: ``watch`` around the loop, ``step`` at the end of each step."""

from collections.abc import Callable
from pathlib import Path

import torch
from torch import nn

import tb_gradhealth.torch as gradhealth
from tb_gradhealth.demo.images import batches
from tb_gradhealth.demo.trainings import Training


def train(
    model: nn.Module,
    optimizer: torch.optim.Optimizer,
    training: Training,
    log_dir: Path,
    on_step: Callable[[], None],
) -> None:
    """Train one network of the demo."""
    images, labels = batches(training.steps, spoil=training.spoil, at=training.spoiled_step)
    data = zip(torch.from_numpy(images).movedim(-1, 2), torch.from_numpy(labels), strict=True)
    loss_fn = nn.CrossEntropyLoss()

    with gradhealth.watch(model, optimizer, log_dir, overhead=None) as watcher:  # every step is watched
        for x, y in data:
            loss = loss_fn(model(x), y)
            loss.backward()
            optimizer.step()
            optimizer.zero_grad()
            watcher.step(loss, targets=y)
            on_step()
