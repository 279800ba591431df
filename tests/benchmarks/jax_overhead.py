"""What recording costs in JAX: training steps, the first compilation, memory of a compiled step.

    python tests/benchmarks/jax_overhead.py [--steps N]

Steps with and without are run in turn, in one process, on the same data; medians of the processor's time,
which other load on the machine changes less than the clock's. All arguments of a step but the data are
donated; in a recorded step the parameters are not, since `previous=` needs the old ones. The memory is what
XLA plans for a step: arguments, results and temporary arrays.
"""

import argparse
import statistics
import tempfile
import time
from collections.abc import Callable
from typing import Any

import jax
import numpy as np
import optax
from flax import linen as nn

import tb_gradhealth.jax as gradhealth

EVERY = 10
BATCH = 64


class Convolutional(nn.Module):
    """Four convolutions and two dense layers."""

    @nn.compact
    def __call__(self, x: jax.Array) -> jax.Array:
        """The scores of the classes."""
        for width in (32, 64):
            x = nn.relu(nn.Conv(width, (3, 3))(x))
            x = nn.relu(nn.Conv(width, (3, 3), padding="VALID")(x))
            x = nn.max_pool(x, (2, 2), (2, 2))
        x = nn.relu(nn.Dense(128)(x.reshape(x.shape[0], -1)))
        return nn.Dense(10)(x)


class Dense(nn.Module):
    """Dense layers of one width.

    Attributes:
        depth: their number, without the last one.
        width: their units.
    """

    depth: int
    width: int

    @nn.compact
    def __call__(self, x: jax.Array) -> jax.Array:
        """The scores of the classes."""
        for _ in range(self.depth):
            x = nn.relu(nn.Dense(self.width)(x))
        return nn.Dense(10)(x)


NETWORKS: dict[str, tuple[nn.Module, tuple[int, ...]]] = {
    "4 convolutions, 32 x 32": (Convolutional(), (32, 32, 3)),
    "6 dense layers of 32": (Dense(5, 32), (64,)),
    "51 dense layers of 256": (Dense(50, 256), (64,)),
}


class Training:
    """A network in training, one step at a time.

    Attributes:
        first: seconds of the processor to describe, trace and compile the step.
        mebibytes: the memory of the compiled step.
    """

    def __init__(self, model: nn.Module, shape: tuple[int, ...], every: int = 0) -> None:
        """Compile the step; with ``every`` it is recorded."""
        random = np.random.default_rng(0)
        self._data = (
            jax.device_put(random.normal(size=[BATCH, *shape]).astype(np.float32)),
            jax.device_put(random.integers(0, 10, BATCH)),
        )
        params = model.init(jax.random.key(0), self._data[0])["params"]
        optimizer = optax.adam(1e-3)
        begin = time.process_time()
        watch = gradhealth.Watch.of(loss_of(model, True), params, *self._data, every=every) if every else None
        state = watch.init() if watch is not None else None
        self._carry = params, optimizer.init(params), state
        donated = (0, 1, 2) if watch is None else (1, 2)
        step = jax.jit(step_of(model, optimizer, watch), donate_argnums=donated)
        self._step = step.lower(*self._carry, *self._data).compile()
        self.first = time.process_time() - begin
        planned: Any = self._step.memory_analysis()
        size = planned.argument_size_in_bytes + planned.output_size_in_bytes + planned.temp_size_in_bytes
        self.mebibytes = (size - planned.alias_size_in_bytes) / 2**20
        self._recorder = None
        if watch is not None:
            self._recorder = gradhealth.Recorder(tempfile.mkdtemp(), watch, overhead=None)
        self._number = 0

    def step(self) -> float:
        """Run a step; its seconds of the processor, with everything the recorder does after it."""
        begin = time.process_time()
        params, opt_state, state = self._step(*self._carry, *self._data)
        if self._recorder is not None:
            state = self._recorder.write(state, self._number)
        self._number += 1
        self._carry = jax.block_until_ready((params, opt_state, state))
        return time.process_time() - begin


def loss_of(model: nn.Module, collect: bool) -> Callable[..., Any]:
    """The loss function, with the outputs of all layers if they are collected."""

    def loss_fn(params: Any, x: jax.Array, y: jax.Array) -> tuple[jax.Array, Any]:
        collected: Any = {}
        if collect:
            scores, collected = model.apply(
                {"params": params}, x, capture_intermediates=True, mutable=["intermediates"]
            )
        else:
            scores = model.apply({"params": params}, x)
        return optax.softmax_cross_entropy_with_integer_labels(scores, y).mean(), collected

    return loss_fn


def step_of(model: nn.Module, optimizer: Any, watch: Any) -> Callable[..., Any]:
    """A training step, recorded if there is a watch."""
    gradient = jax.value_and_grad(loss_of(model, watch is not None), has_aux=True)

    def step(params: Any, opt_state: Any, state: Any, x: jax.Array, y: jax.Array) -> Any:
        (loss, outputs), grads = gradient(params, x, y)
        updates, opt_state = optimizer.update(grads, opt_state, params)
        new = optax.apply_updates(params, updates)
        if watch is not None:
            state = watch.observe(
                state, grads=grads, params=new, previous=params, loss=loss, activations=outputs
            )
        return new, opt_state, state

    return step


def main(count: int) -> None:
    """Print the table."""
    print("| network | every | step without | added per step | ratio | compile | without | MiB | without |")
    print("|---|--:|--:|--:|--:|--:|--:|--:|--:|")
    for name, (model, shape) in NETWORKS.items():
        for every in (EVERY, 1):
            plain, watched = Training(model, shape), Training(model, shape, every)
            pairs = [(plain.step(), watched.step()) for _ in range(count)][count // 10 :]
            without = statistics.median(one for one, _ in pairs)
            # Blocks of one cadence, so that each has one record.
            blocks = [
                statistics.mean(two - one for one, two in pairs[begin : begin + EVERY])
                for begin in range(0, len(pairs) - EVERY + 1, EVERY)
            ]
            added = statistics.median(blocks)
            print(
                f"| {name} | {every} | {1e3 * without:.1f} ms | {1e3 * added:.2f} ms "
                f"| {(without + added) / without:.3f} | {watched.first:.1f} s | {plain.first:.1f} s "
                f"| {watched.mebibytes:.1f} | {plain.mebibytes:.1f} |"
            )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--steps", type=int, default=300)
    main(parser.parse_args().steps)
