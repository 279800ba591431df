"""The same steps and trainings through the adapter of JAX, on its default device."""

from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import optax
from conformance_case import Batches, Network, Tensors
from jax_training import step_of

import tb_gradhealth.jax as gradhealth


def tensors(log_dir: Path, gradients: Tensors, weights: Tensors, outputs: Tensors) -> None:
    """Record one step with these gradients, weights and layers' outputs."""
    watch = gradhealth.Watch(dict(weights), activations=dict(outputs), every=1)
    state = watch.observe(
        watch.init(), grads=dict(gradients), params=dict(weights), activations=dict(outputs), loss=1.0
    )
    with gradhealth.Recorder(log_dir, watch) as recorder:
        recorder.write(state, 0)


def roles(log_dir: Path) -> None:
    """Record one step of a model with a parameter of each role."""
    params = {
        "embedding": {"embedding": np.ones([9, 4])},
        "norm": {"scale": np.ones([4]), "bias": np.ones([4])},
        "lstm": {"weight_ih": np.ones([12, 4]), "weight_hh": np.ones([12, 3]), "bias": np.ones([12])},
        "dense": {"kernel": np.ones([3, 2]), "bias": np.ones([2])},
    }
    watch = gradhealth.Watch(params, every=1)
    state = watch.observe(watch.init(), grads=params, params=params)
    with gradhealth.Recorder(log_dir, watch) as recorder:
        recorder.write(state, 0)


def train(log_dir: Path, network: Network, batches: Batches, rate: float) -> None:
    """Train by SGD with the mean cross-entropy, in a compiled step of JAX."""
    function = {"relu": jax.nn.relu, "tanh": jnp.tanh, "sigmoid": jax.nn.sigmoid}[network.activation]
    params = {
        f"dense_{index}": {"kernel": jnp.asarray(kernel), "bias": jnp.asarray(bias)}
        for index, (kernel, bias) in enumerate(network.layers)
    }
    optimizer = optax.sgd(rate)

    def loss_fn(params: Any, batch: Any) -> Any:
        x, y = batch
        outputs = {}
        for index in range(len(params)):
            name = f"dense_{index}"
            x = x @ params[name]["kernel"] + params[name]["bias"]
            x = function(x) if index < len(params) - 1 else x
            outputs[name] = x
        return optax.softmax_cross_entropy_with_integer_labels(x, y).mean(), outputs

    x, y = batches[0]
    watch = gradhealth.Watch.of(loss_fn, params, (x, y), inputs=x, targets=y)
    step = jax.jit(step_of(watch, optimizer, loss_fn, data=True))
    opt_state, state = optimizer.init(params), watch.init()
    with gradhealth.Recorder(log_dir, watch, overhead=None) as recorder:
        for number, batch in enumerate(batches):
            params, opt_state, state = step(params, opt_state, state, batch)
            state = recorder.write(state, number)
