"""A training in PyTorch with all values kept, for tests that compare what was recorded with it."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from torch import nn

FEATURES, CLASSES, BATCH = 6, 3, 8


def batches(steps: int = 6, seed: int = 5) -> list[tuple[torch.Tensor, torch.Tensor]]:
    """Batches of random features and classes."""
    random = torch.Generator().manual_seed(seed)
    return [
        (
            torch.randn(BATCH, FEATURES, generator=random),
            torch.randint(CLASSES, (BATCH,), generator=random),
        )
        for _ in range(steps)
    ]


def classifier(seed: int = 3) -> nn.Sequential:
    """A small dense classifier."""
    torch.manual_seed(seed)
    return nn.Sequential(nn.Linear(FEATURES, 5), nn.Tanh(), nn.Linear(5, 4), nn.ReLU(), nn.Linear(4, CLASSES))


class_loss = nn.functional.cross_entropy


def state(model: nn.Module) -> dict[str, np.ndarray]:
    """Copies of all parameters by name, float64."""
    return {name: array(parameter) for name, parameter in model.named_parameters()}


def array(tensor: torch.Tensor) -> np.ndarray:
    """A copy of a tensor's numbers, float64."""
    dense = tensor.detach().to_dense() if tensor.layout is torch.sparse_coo else tensor.detach()
    return dense.to(torch.float64).numpy().copy()


@dataclass
class Kept:
    """The values by tensor name and step.

    Attributes:
        gradients: of the loss.
        weights: after the step.
        updates: after the step minus before.
        losses: by step.
    """

    gradients: dict[str, list[np.ndarray]] = field(default_factory=dict)
    weights: dict[str, list[np.ndarray]] = field(default_factory=dict)
    updates: dict[str, list[np.ndarray]] = field(default_factory=dict)
    losses: list[float] = field(default_factory=list)

    def add(self, model: nn.Module, before: dict[str, np.ndarray], gradients: Any, loss: float) -> None:
        """Add a step."""
        after = state(model)
        for name, weight in after.items():
            self.weights.setdefault(name, []).append(weight)
            self.updates.setdefault(name, []).append(weight - before[name])
            if gradients.get(name) is not None:
                self.gradients.setdefault(name, []).append(gradients[name])
        self.losses.append(loss)

    def assert_matches(
        self, recorded: Any, rtol: float = 1e-4, kinds: str = "gradient weight update loss"
    ) -> None:
        """Compare every record of every row of these kinds."""
        losses = {"loss": self.losses}
        every = {"gradient": self.gradients, "weight": self.weights, "update": self.updates, "loss": losses}
        for kind in kinds.split():
            measured = [name for name, reason in recorded.reasons(kind).items() if not reason]
            assert set(measured) == set(every[kind])
            for name, values in every[kind].items():
                recorded.assert_row(kind, name, values, 10 * rtol if kind == "update" else rtol)


def train(model: nn.Module, optimizer: Any, parts: Any, loss_of: Any = None, clip: float = 0) -> Kept:
    """Train a model step by step, by hand and without a watcher."""
    kept = Kept()
    for x, y in parts:
        before = state(model)
        loss = loss_of(model, x, y) if loss_of else class_loss(model(x), y)
        loss.backward()
        gradients = {
            name: array(each.grad) for name, each in model.named_parameters() if each.grad is not None
        }
        if clip:
            nn.utils.clip_grad_norm_(model.parameters(), clip)
        optimizer.step()
        optimizer.zero_grad()
        kept.add(model, before, gradients, float(loss.detach()))
    return kept


def train_watched(watcher: Any, model: Any, optimizer: Any, parts: Any, loss_of: Any = None, clip: float = 0):
    """The same training with a watcher."""
    with watcher:
        for x, y in parts:
            loss = loss_of(model, x, y) if loss_of else class_loss(model(x), y)
            loss.backward()
            if clip:
                nn.utils.clip_grad_norm_(model.parameters(), clip)
            optimizer.step()
            optimizer.zero_grad()
            watcher.step(loss)
