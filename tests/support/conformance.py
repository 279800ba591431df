"""The same tensors, and the same training, through the adapter of each framework."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import keras
import numpy as np
import optax
import tensorflow as tf
import torch
from torch import nn

import tb_gradhealth as gradhealth
import tb_gradhealth.jax as gradhealth_jax
import tb_gradhealth.torch as gradhealth_torch

Tensors = Mapping[str, np.ndarray]


# --- One step whose tensors are given ---------------------------------------------------------------------


def tensors_by_tensorflow(log_dir: Path, gradients: Tensors, weights: Tensors, outputs: Tensors) -> None:
    """Record one step with these gradients, weights and layers' outputs."""
    variables = {name: tf.Variable(weight, name=name) for name, weight in weights.items()}
    with gradhealth.Recorder(log_dir, every=1) as recorder:
        pairs = [(tf.constant(gradients[name]), variable) for name, variable in variables.items()]
        recorder.observe(
            pairs, activations={name: tf.constant(output) for name, output in outputs.items()}, loss=1.0
        )
        recorder.write(0)


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
    return torch.from_numpy(np.array(wide)).to(dtype)


def tensors_by_torch(log_dir: Path, gradients: Tensors, weights: Tensors, outputs: Tensors) -> None:
    """Record one step with these gradients, weights and layers' outputs."""
    model = _Given(gradients, weights, outputs)
    with gradhealth_torch.watch(model, None, log_dir, every=1) as watcher:
        model().backward()
        watcher.step(1.0)


def tensors_by_jax(log_dir: Path, gradients: Tensors, weights: Tensors, outputs: Tensors) -> None:
    """Record one step with these gradients, weights and layers' outputs."""
    watch = gradhealth_jax.Watch(dict(weights), activations=dict(outputs), every=1)
    state = watch.observe(
        watch.init(), grads=dict(gradients), params=dict(weights), activations=dict(outputs), loss=1.0
    )
    with gradhealth_jax.Recorder(log_dir, watch) as recorder:
        recorder.write(state, 0)


TENSORS: dict[str, Callable[[Path, Tensors, Tensors, Tensors], None]] = {
    "tensorflow": tensors_by_tensorflow,
    "torch": tensors_by_torch,
    "jax": tensors_by_jax,
}


# --- A training -------------------------------------------------------------------------------------------


@dataclass
class Network:
    """A dense network with initial weights; its layers are ``dense_0``, ``dense_1``...

    Attributes:
        activation: ``"relu"``, ``"tanh"`` or ``"sigmoid"``, of all layers but the last.
        layers: kernel [inputs, outputs] and bias of each layer.
    """

    activation: str
    layers: list[tuple[np.ndarray, np.ndarray]] = field(default_factory=list)

    @classmethod
    def of(cls, activation: str, sizes: Sequence[int], seed: int = 2) -> "Network":
        """A network with random kernels of the usual size."""
        random = np.random.default_rng(seed)
        gain = 2 if activation == "relu" else 1
        made = [
            (
                (random.normal(size=[before, after]) * np.sqrt(gain / before)).astype(np.float32),
                np.zeros([after], np.float32),
            )
            for before, after in pairwise(sizes)
        ]
        return cls(activation, made)


Batches = Sequence[tuple[np.ndarray, np.ndarray]]


def train_by_tensorflow(log_dir: Path, network: Network, batches: Batches, rate: float) -> None:
    """Train by SGD with the mean cross-entropy, in a loop of TensorFlow."""
    last = len(network.layers) - 1
    model = keras.Sequential(
        [
            keras.Input(network.layers[0][0].shape[:1]),
            *(
                keras.layers.Dense(
                    bias.size, network.activation if index < last else None, name=f"dense_{index}"
                )
                for index, (_, bias) in enumerate(network.layers)
            ),
        ]
    )
    model.set_weights([array for layer in network.layers for array in layer])
    optimizer = keras.optimizers.SGD(rate)
    loss_of = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    recorder = gradhealth.Recorder(log_dir, overhead=None)

    @tf.function
    def step(x: Any, y: Any) -> None:
        with tf.GradientTape() as tape, gradhealth.capture(model) as activations:
            loss = loss_of(y, model(x, training=True))
        gradients = tape.gradient(loss, model.trainable_variables)
        pairs = list(zip(gradients, model.trainable_variables, strict=True))
        optimizer.apply_gradients(pairs)
        recorder.observe(pairs, activations=activations, loss=loss, targets=y)

    with recorder:
        for number, (x, y) in enumerate(batches):
            step(tf.constant(x), tf.constant(y))
            recorder.write(number)


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


def train_by_torch(log_dir: Path, network: Network, batches: Batches, rate: float) -> None:
    """Train by SGD with the mean cross-entropy, in a loop of PyTorch."""
    model = _Dense(network)
    optimizer = torch.optim.SGD(model.parameters(), rate)
    with gradhealth_torch.watch(model, optimizer, log_dir, overhead=None) as watcher:
        for x, y in batches:
            target = torch.from_numpy(y).long()
            loss = nn.functional.cross_entropy(model(torch.from_numpy(x)), target)
            loss.backward()
            optimizer.step()
            optimizer.zero_grad()
            watcher.step(loss, targets=target)


def train_by_jax(log_dir: Path, network: Network, batches: Batches, rate: float) -> None:
    """Train by SGD with the mean cross-entropy, in a compiled step of JAX."""
    function = {"relu": jax.nn.relu, "tanh": jnp.tanh, "sigmoid": jax.nn.sigmoid}[network.activation]
    params = {
        f"dense_{index}": {"kernel": jnp.asarray(kernel), "bias": jnp.asarray(bias)}
        for index, (kernel, bias) in enumerate(network.layers)
    }
    optimizer = optax.sgd(rate)

    def loss_fn(params: Any, x: Any, y: Any) -> Any:
        outputs = {}
        for index in range(len(params)):
            name = f"dense_{index}"
            x = x @ params[name]["kernel"] + params[name]["bias"]
            x = function(x) if index < len(params) - 1 else x
            outputs[name] = x
        return optax.softmax_cross_entropy_with_integer_labels(x, y).mean(), outputs

    x, y = batches[0]
    watch = gradhealth_jax.Watch.of(loss_fn, params, x, y, inputs=x, targets=y)

    @jax.jit
    def step(params: Any, opt_state: Any, state: Any, x: Any, y: Any) -> Any:
        (loss, outputs), grads = jax.value_and_grad(loss_fn, has_aux=True)(params, x, y)
        updates, opt_state = optimizer.update(grads, opt_state, params)
        new = optax.apply_updates(params, updates)
        state = watch.observe(
            state,
            grads=grads,
            params=new,
            previous=params,
            loss=loss,
            activations=outputs,
            inputs=x,
            targets=y,
        )
        return new, opt_state, state

    opt_state, state = optimizer.init(params), watch.init()
    with gradhealth_jax.Recorder(log_dir, watch, overhead=None) as recorder:
        for number, (x, y) in enumerate(batches):
            params, opt_state, state = step(params, opt_state, state, x, y)
            state = recorder.write(state, number)


TRAININGS: dict[str, Callable[[Path, Network, Batches, float], None]] = {
    "tensorflow": train_by_tensorflow,
    "torch": train_by_torch,
    "jax": train_by_jax,
}
