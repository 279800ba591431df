"""The same steps and trainings through the adapter of PyTorch, on the device that `DEVICE` names."""

import os
from pathlib import Path

import numpy as np
import torch
from conformance_case import INDICES, ROWS, Batches, Network, Tensors
from torch import nn

import tb_gradhealth.torch as gradhealth

DEVICE = os.environ.get("GRADHEALTH_DEVICE", "cpu")


class _Emit(nn.Module):
    """A module whose output is given."""

    def __init__(self, output: torch.Tensor) -> None:
        super().__init__()
        self._output = output

    def forward(self) -> torch.Tensor:
        return self._output


class _Given(nn.Module):
    """A model whose parameters, gradients and outputs of modules are given."""

    def __init__(self, gradients: Tensors, weights: Tensors, outputs: Tensors) -> None:
        super().__init__()
        for name, weight in weights.items():
            self.register_parameter(name, nn.Parameter(as_torch(weight)))
        for name, output in outputs.items():
            self.add_module(name, _Emit(as_torch(output)))
        self._gradients = {name: as_torch(gradient) for name, gradient in gradients.items()}

    def forward(self) -> torch.Tensor:
        for module in self.children():
            module()
        products = [(self.get_parameter(name) * each).sum() for name, each in self._gradients.items()]
        return torch.stack([product.float() for product in products]).sum()


def as_torch(array: np.ndarray) -> torch.Tensor:
    """The array in PyTorch; NumPy has no bfloat16 that PyTorch reads."""
    dtype = getattr(torch, str(array.dtype))
    wide = array.astype(np.float32) if dtype == torch.bfloat16 else array
    return torch.from_numpy(np.array(wide)).to(DEVICE, dtype)


def tensors(log_dir: Path, gradients: Tensors, weights: Tensors, outputs: Tensors) -> None:
    """Record one step with these gradients, weights and layers' outputs."""
    model = _Given(gradients, weights, outputs)
    with gradhealth.watch(model, None, log_dir, every=1) as watcher:
        model().backward()
        watcher.step(1.0)


def sparse(log_dir: Path, table: np.ndarray) -> str:
    """Record one step with a sparse gradient; the name of its row."""
    model = nn.Embedding(*table.shape, sparse=True).to(DEVICE)
    with gradhealth.watch(model, None, log_dir, every=1) as watcher:
        (model(as_torch(INDICES)) * as_torch(ROWS)).sum().backward()
        watcher.step()
    return "weight"


def roles(log_dir: Path) -> None:
    """Record one step of a model with a parameter of each role."""

    class Model(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.embedding = nn.Embedding(9, 4)
            self.norm = nn.LayerNorm(4)
            self.cell = nn.LSTMCell(4, 3)
            self.dense = nn.Linear(3, 2)

    model = Model().to(DEVICE)
    with gradhealth.watch(model, None, log_dir, every=1) as watcher:
        sum(parameter.sum() for parameter in model.parameters()).backward()
        watcher.step()


class _Dense(nn.Module):
    """The network in PyTorch."""

    def __init__(self, network: Network) -> None:
        super().__init__()
        self._function = getattr(torch, network.activation)
        for index, (kernel, bias) in enumerate(network.layers):
            layer = nn.Linear(*kernel.shape)
            layer.weight.data = torch.from_numpy(kernel.T.copy())
            layer.bias.data = torch.from_numpy(bias.copy())
            self.add_module(f"dense_{index}", layer)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        *inner, last = self.children()
        for layer in inner:
            x = self._function(layer(x))
        return last(x)


def train(log_dir: Path, network: Network, batches: Batches, rate: float) -> None:
    """Train by SGD with the mean cross-entropy, in a loop of PyTorch."""
    model = _Dense(network).to(DEVICE)
    optimizer = torch.optim.SGD(model.parameters(), rate)
    with gradhealth.watch(model, optimizer, log_dir, overhead=None) as watcher:
        for x, y in batches:
            target = as_torch(y).long()
            loss = nn.functional.cross_entropy(model(as_torch(x)), target)
            loss.backward()
            optimizer.step()
            optimizer.zero_grad()
            watcher.step(loss, targets=target)
