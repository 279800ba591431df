"""A training in JAX with all values kept, for tests that compare what was recorded with it."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import optax

import tb_gradhealth.jax as gradhealth

FEATURES, HIDDEN, OUTPUTS, BATCH = 6, 4, 3, 8
RATE = 0.1


def batches(steps: int = 6, seed: int = 5, size: int = BATCH) -> list[tuple[np.ndarray, np.ndarray]]:
    """Batches of random inputs and targets."""
    random = np.random.default_rng(seed)
    return [
        (
            random.normal(size=[size, FEATURES]).astype(np.float32),
            random.normal(size=[size, OUTPUTS]).astype(np.float32),
        )
        for _ in range(steps)
    ]


def network(seed: int = 3, dtype: Any = np.float32) -> dict[str, dict[str, jax.Array]]:
    """The parameters of two dense layers."""
    random = np.random.default_rng(seed)
    sizes = {"first": (FEATURES, HIDDEN), "second": (HIDDEN, OUTPUTS)}
    return {
        name: {
            "kernel": jnp.asarray(random.normal(size=shape) / np.sqrt(shape[0]), dtype),
            "bias": jnp.zeros(shape[1:], dtype),
        }
        for name, shape in sizes.items()
    }


def loss_fn(params: Any, batch: Any) -> tuple[jax.Array, dict[str, jax.Array]]:
    """The mean squared error, and the outputs of both layers."""
    x, y = batch
    hidden = jnp.tanh(x @ params["first"]["kernel"] + params["first"]["bias"])
    output = hidden @ params["second"]["kernel"] + params["second"]["bias"]
    return jnp.mean((output - y) ** 2), {"first": hidden, "second": output}


def donated(step: Callable[..., Any]) -> Any:
    """The step, compiled; it takes over the memory of parameters and states."""
    return jax.jit(step, donate_argnums=(0, 1, 2))


def state_of(params: Any) -> dict[str, np.ndarray]:
    """Copies of all parameters by name, float64."""
    return {
        "/".join(str(key.key) for key in path): np.array(leaf, np.float64)
        for path, leaf in jax.tree_util.tree_flatten_with_path(params)[0]
    }


@dataclass
class Kept:
    """The values by tensor name and step.

    Attributes:
        gradients: of the loss.
        weights: after the step.
        updates: after the step minus before.
        losses: by step.
        activations: outputs of the layers.
    """

    gradients: dict[str, list[np.ndarray]] = field(default_factory=dict)
    weights: dict[str, list[np.ndarray]] = field(default_factory=dict)
    updates: dict[str, list[np.ndarray]] = field(default_factory=dict)
    losses: list[float] = field(default_factory=list)
    activations: dict[str, list[np.ndarray]] = field(default_factory=dict)

    def add(self, before: Any, after: Any, gradients: Any, loss: Any, activations: Any) -> None:
        """Add a step."""
        old = state_of(before)
        for name, weight in state_of(after).items():
            self.weights.setdefault(name, []).append(weight)
            self.updates.setdefault(name, []).append(weight - old[name])
        for name, gradient in state_of(gradients).items():
            self.gradients.setdefault(name, []).append(gradient)
        for name, output in activations.items():
            self.activations.setdefault(name, []).append(np.array(output, np.float64))
        self.losses.append(float(loss))

    def assert_matches(
        self, recorded: Any, rtol: float = 1e-4, kinds: str = "gradient weight update loss activation"
    ) -> None:
        """Compare every record of every row of these kinds."""
        every = {
            "gradient": self.gradients,
            "weight": self.weights,
            "update": self.updates,
            "loss": {"loss": self.losses},
            "activation": self.activations,
        }
        for kind in kinds.split():
            assert set(recorded.tensors(kind)) == set(every[kind])
            for name, values in every[kind].items():
                recorded.assert_row(kind, name, values, 10 * rtol if kind == "update" else rtol)


def in_numpy(params: Any, parts: Any, rate: float = RATE) -> Kept:
    """The training of `network` by SGD, written out by hand in NumPy and float64."""
    kept = Kept()
    weights = state_of(params)
    for x, y in parts:
        x, y = x.astype(np.float64), y.astype(np.float64)
        hidden = np.tanh(x @ weights["first/kernel"] + weights["first/bias"])
        output = hidden @ weights["second/kernel"] + weights["second/bias"]
        error = 2 * (output - y) / output.size
        inner = (error @ weights["second/kernel"].T) * (1 - hidden**2)
        gradients = {
            "first/kernel": x.T @ inner,
            "first/bias": inner.sum(0),
            "second/kernel": hidden.T @ error,
            "second/bias": error.sum(0),
        }
        for name, gradient in gradients.items():
            kept.gradients.setdefault(name, []).append(gradient)
            kept.updates.setdefault(name, []).append(-rate * gradient)
            weights[name] = weights[name] - rate * gradient
            kept.weights.setdefault(name, []).append(weights[name])
        for name, values in (("first", hidden), ("second", output)):
            kept.activations.setdefault(name, []).append(values)
        kept.losses.append(float(np.mean((output - y) ** 2)))
    return kept


def step_of(
    watch: Any,
    optimizer: Any,
    function: Callable[..., Any] = loss_fn,
    *,
    by: str = "previous",
    data: bool = False,
) -> Callable[..., Any]:
    """A training step: parameters, optimizer state, recording state and batch to the first three.

    Args:
        watch: None trains without it.
        optimizer: of Optax.
        function: the loss function.
        by: ``"previous"`` or ``"updates"``: the argument from which updates are measured.
        data: whether inputs and targets are recorded.
    """

    def step(params: Any, opt_state: Any, state: Any, batch: Any) -> Any:
        (loss, activations), grads = jax.value_and_grad(function, has_aux=True)(params, batch)
        updates, opt_state = optimizer.update(grads, opt_state, params)
        new = optax.apply_updates(params, updates)
        if watch is not None:
            state = watch.observe(
                state,
                grads=grads,
                params=new,
                loss=loss,
                activations=activations,
                **({"previous": params} if by == "previous" else {"updates": updates}),
                **({"inputs": batch[0], "targets": batch[1]} if data else {}),
            )
        return new, opt_state, state

    return step


def train(
    log_dir: Any,
    parts: Any,
    *,
    params: Any = None,
    optimizer: Any = None,
    function: Callable[..., Any] = loss_fn,
    watch: Any = None,
    compiled: Callable[..., Any] = donated,
    by: str = "previous",
    recorder: Any = None,
    **options: Any,
) -> Any:
    """Train with a recorder; return the parameters and the compiled step."""
    params = network() if params is None else params
    optimizer = optimizer or optax.sgd(RATE)
    watch = watch or gradhealth.Watch.of(function, params, parts[0], **options)
    step = compiled(step_of(watch, optimizer, function, by=by, data="inputs" in options))
    state, opt_state = watch.init(), optimizer.init(params)
    with recorder or gradhealth.Recorder(log_dir, watch) as recording:
        for number, batch in enumerate(parts):
            params, opt_state, state = step(params, opt_state, state, batch)
            state = recording.write(state, number)
    return params, step


def train_by_hand(parts: Any, *, params: Any, optimizer: Any, function: Callable[..., Any] = loss_fn) -> Kept:
    """The same training without a recorder, step by step, with all values kept."""
    kept, opt_state = Kept(), optimizer.init(params)
    for batch in parts:
        (loss, activations), grads = jax.value_and_grad(function, has_aux=True)(params, batch)
        updates, opt_state = optimizer.update(grads, opt_state, params)
        new = optax.apply_updates(params, updates)
        kept.add(params, new, grads, loss, activations)
        params = new
    return kept
