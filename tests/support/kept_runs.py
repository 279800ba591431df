"""Writes the runs in ``tests/record/kept/VERSION/``: small trainings with faults, in each framework.

    python tests/support/kept_runs.py tests/record/kept/1.0

A released version's runs are written once and kept for ever; run this for a new format version, into a new
folder. The network has a layer of units that a bias of -10 keeps dead, and its targets become NaN.
"""

import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
os.environ["KERAS_BACKEND"] = "tensorflow"

import jax
import jax.numpy as jnp
import keras
import numpy as np
import torch
from torch import nn

import tb_gradhealth as gradhealth
import tb_gradhealth.jax as gradhealth_jax
import tb_gradhealth.torch as gradhealth_torch

STEPS: Final = 48
EVERY: Final = 4
NAN_FROM: Final = 44
RATE: Final = 0.05


def batches() -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Inputs [16, 3] and targets [16, 1] of each step, float32."""
    random = np.random.default_rng(7)
    for step in range(STEPS):
        x = random.normal(size=(16, 3)).astype(np.float32)
        y = x.sum(axis=1, keepdims=True)
        yield x, np.full_like(y, np.nan) if step >= NAN_FROM else y


def weights() -> list[tuple[np.ndarray, np.ndarray]]:
    """Kernel [inputs, outputs] and bias of each layer."""
    random = np.random.default_rng(3)
    sizes = ((3, 4), (4, 4), (4, 1))
    biases = (0.1, -10.0, 0.1)
    return [
        (random.normal(size=size).astype(np.float32), np.full(size[1], bias, np.float32))
        for size, bias in zip(sizes, biases, strict=True)
    ]


def by_tensorflow(folder: Path) -> None:
    """Keras's ``fit``."""
    model = keras.Sequential(
        [
            keras.Input((3,)),
            keras.layers.Dense(4, "relu", name="first"),
            keras.layers.Dense(4, "relu", name="second"),
            keras.layers.Dense(1, name="out"),
        ]
    )
    for layer, values in zip(model.layers, weights(), strict=True):
        layer.set_weights(list(values))
    model.compile(keras.optimizers.SGD(RATE), "mse")
    x, y = (np.concatenate(arrays) for arrays in zip(*batches(), strict=True))
    callback = gradhealth.KerasCallback(folder, every=EVERY, overhead=None)
    model.fit(x, y, batch_size=16, shuffle=False, verbose=0, callbacks=[callback])


def by_torch(folder: Path) -> None:
    """A loop in PyTorch."""
    model = nn.Sequential()
    for name, (kernel, bias) in zip(("first", "second", "out"), weights(), strict=True):
        layer = nn.Linear(*kernel.shape)
        layer.weight.data, layer.bias.data = torch.tensor(kernel.T.copy()), torch.tensor(bias)
        model.add_module(name, layer)
        if name != "out":
            model.add_module(f"{name}_relu", nn.ReLU())
    optimizer = torch.optim.SGD(model.parameters(), lr=RATE)
    with gradhealth_torch.watch(model, optimizer, folder, every=EVERY, overhead=None) as watcher:
        for x, y in batches():
            loss = nn.functional.mse_loss(model(torch.tensor(x)), torch.tensor(y))
            loss.backward()
            optimizer.step()
            optimizer.zero_grad()
            watcher.step(loss)


def by_jax(folder: Path) -> None:
    """A compiled step in JAX."""

    def loss_of(params, batch):
        x, y = batch
        first = jax.nn.relu(x @ params["first"]["kernel"] + params["first"]["bias"])
        second = jax.nn.relu(first @ params["second"]["kernel"] + params["second"]["bias"])
        out = second @ params["out"]["kernel"] + params["out"]["bias"]
        return jnp.mean((out - y) ** 2), {"first": first, "second": second, "out": out}

    params = {
        name: {"kernel": jnp.asarray(kernel), "bias": jnp.asarray(bias)}
        for name, (kernel, bias) in zip(("first", "second", "out"), weights(), strict=True)
    }
    watch = gradhealth_jax.Watch.of(loss_of, params, next(batches()), every=EVERY)

    @jax.jit
    def step(params, state, batch):
        (loss, outputs), gradients = jax.value_and_grad(loss_of, has_aux=True)(params, batch)
        new = jax.tree.map(lambda weight, gradient: weight - RATE * gradient, params, gradients)
        values = {"grads": gradients, "params": new, "previous": params, "loss": loss}
        return new, watch.observe(state, **values, activations=outputs)

    state = watch.init()
    with gradhealth_jax.Recorder(folder, watch, overhead=None) as recorder:
        for index, batch in enumerate(batches()):
            params, state = step(params, state, batch)
            state = recorder.write(state, index)


TRAININGS: Final = {"tensorflow": by_tensorflow, "torch": by_torch, "jax": by_jax}

if __name__ == "__main__":
    for framework, train in TRAININGS.items():
        train(Path(sys.argv[1]) / framework)
