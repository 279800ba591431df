"""Draws a random training: all its properties, from a seed and an index."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from hashlib import sha256
from typing import Final, Literal, TypeVar

import numpy as np

Part = Literal["tuning", "held-out"]

T = TypeVar("T")

SOURCES: Final[Mapping[str, Sequence[str]]] = {
    "dense": ("digits", "iris", "wine", "breast_cancer", "diabetes", "moons", "circles", "waves"),
    "conv": ("digit_images", "digit_images", "digit_rows"),
    "residual": ("digits", "wine", "breast_cancer", "diabetes", "moons", "waves", "digit_images"),
    "recurrent": ("digit_rows", "majority", "parity", "forecast"),
    "attention": ("digit_rows", "majority", "recall"),
    "embedding": ("majority", "recall", "topics"),
    "autoencoder": ("digits_themselves", "wine_itself", "breast_cancer_itself"),
    "multi-head": ("digits_and_ink", "wine_and_alcohol"),
}
"""The sources of each architecture."""

TOKENS: Final = ("majority", "recall", "topics")
"""Sources whose inputs are token numbers."""

TABLES: Final = ("iris", "wine", "breast_cancer", "diabetes")
"""Sources with units of their own, which are raw without scaling."""

NUMBERS: Final = (
    "diabetes",
    "waves",
    "forecast",
    "digits_themselves",
    "wine_itself",
    "breast_cancer_itself",
)
"""Sources without classes."""

ACTIVATIONS: Final = {
    "relu": 8,
    "tanh": 4,
    "sigmoid": 2,
    "gelu": 2,
    "silu": 2,
    "elu": 1,
    "selu": 1,
    "leaky_relu": 1,
    "relu6": 1,
    "softsign": 1,
}

OPTIMIZERS: Final = {
    "sgd": 3,
    "momentum": 3,
    "nesterov": 1,
    "adam": 6,
    "adamw": 2,
    "rmsprop": 2,
    "nadam": 1,
    "adagrad": 1,
    "lion": 1,
}

USUAL_RATE: Final = {"sgd": 0.1, "momentum": 0.02, "nesterov": 0.02, "adagrad": 0.05, "lion": 3e-4}
"""Learning rates that usually work; 3e-3 for all others."""

FAULTS: Final = {
    "nan_batch": 4,
    "spike_batch": 2,
    "rate_jump": 3,
    "dead_biases": 4,
    "unused_layer": 1,
    "cut_path": 1,
    "drowned_layer": 1,
    "exploding_init": 2,
    "tiny_init": 2,
    "deep_sigmoid": 4,
    "flat_ends": 3,
    "shuffled_labels": 1,
    "zero_targets": 1,
    "wrong_last_activation": 1,
    "wild_rate": 5,
    "far_targets": 3,
}
"""Faults that may be planted, and how often; a fault may have no effect, since labels are measured."""

NEEDS_NUMBERS: Final = frozenset({"nan_batch", "spike_batch", "flat_ends"})
"""Faults of inputs that tokens cannot have."""

NEEDS_HIDDEN: Final = frozenset({"dead_biases", "exploding_init", "tiny_init", "deep_sigmoid", "flat_ends"})
"""Faults of hidden layers with a kernel and an activation of its own."""


@dataclass(frozen=True)
class Plan:
    """The plan of a training.

    Attributes:
        seed: of the whole draw.
        index: of this training in it.
        architecture: a key of SOURCES.
        source: the data, one of its sources.
        depth: number of hidden layers, or blocks.
        width: units of each.
        activation: of the hidden layers, by Keras's name.
        initializer: of the kernels, by Keras's name, or ``normal`` with ``deviation``.
        deviation: of ``normal``.
        normalization: ``none``, ``batch`` or ``layer``.
        dropout: rate after each hidden layer.
        cell: of a recurrent network.
        l2: factor of the kernels' penalty.
        output: input of the loss: ``logits`` or ``probabilities``.
        loss: of regression: ``mse``, ``mae`` or ``huber``.
        optimizer: a key of OPTIMIZERS.
        rate: the highest learning rate.
        schedule: ``constant``, ``cosine``, ``exponential``, ``warmup`` or ``steps``.
        clipping: norm that gradients are clipped to, 0 for none.
        batch: number of samples.
        steps: number of batches.
        epochs: number of epochs that they are divided into.
        metrics: whether metrics are compiled.
        noise: share of labels drawn anew, or noise of the targets in their deviations.
        imbalance: factor by which the first class outnumbers the others, 1 for none.
        scale: of the inputs, 1 for unit scale; for tables 0 means their raw units.
        faults: planted ones, see FAULTS.
        moment: the step of a fault that comes during the training.
        strength: between 0 and 1, how bad a fault is.
    """

    seed: int
    index: int
    architecture: str
    source: str
    depth: int
    width: int
    activation: str
    initializer: str
    deviation: float
    normalization: str
    dropout: float
    cell: str
    l2: float
    output: str
    loss: str
    optimizer: str
    rate: float
    schedule: str
    clipping: float
    batch: int
    steps: int
    epochs: int
    metrics: bool
    noise: float
    imbalance: float
    scale: float
    faults: tuple[str, ...]
    moment: int
    strength: float

    @property
    def name(self) -> str:
        """Name of the training and of its run."""
        return run_name(self.seed, self.index)

    @property
    def numbers(self) -> tuple[int, int]:
        """The seeds of its random numbers."""
        return self.seed, self.index

    def __str__(self) -> str:
        """The plan in one line."""
        kernels = f"normal({self.deviation:.2g})" if self.initializer == "normal" else self.initializer
        parts = [
            f"{self.architecture} {self.depth}×{self.width} {self.activation}",
            self.cell if self.architecture == "recurrent" else "",
            kernels,
            "" if self.normalization == "none" else f"{self.normalization} norm",
            f"dropout {self.dropout:g}" if self.dropout else "",
            f"l2 {self.l2:.1g}" if self.l2 else "",
            f"on {self.source}",
            f"×{self.scale:.3g}" if self.scale not in (0, 1) else "" if self.scale else "raw",
            f"noise {self.noise:.2g}" if self.noise else "",
            f"imbalance {self.imbalance:.0f}" if self.imbalance > 1 else "",
            f"{self.loss}/{self.output}",
            f"{self.optimizer} {self.rate:.2g} {self.schedule}",
            f"clip {self.clipping:g}" if self.clipping else "",
            f"{self.steps} steps of {self.batch}",
        ]
        planted = f"; {' + '.join(self.faults)} {self.strength:.2f} @{self.moment}" if self.faults else ""
        return ", ".join(part for part in parts if part) + planted


def run_name(seed: int, index: int) -> str:
    """Name of the run of a training."""
    return f"random/seed{seed}/{index:04d}"


def part_of(index: int) -> Part:
    """The part of the draw: a third of the trainings is for tuning, whatever the seed."""
    return "tuning" if sha256(str(index).encode()).digest()[0] % 3 == 0 else "held-out"


def draw(seed: int, index: int) -> Plan:
    """The training of an index."""
    rng = np.random.default_rng([seed, index])
    architecture = _one(rng, list(SOURCES))
    source = _one(rng, SOURCES[architecture])
    optimizer = _weighted(rng, OPTIMIZERS)
    steps = round(_log_uniform(rng, 90, 600))
    activation = _weighted(rng, ACTIVATIONS)
    plan = Plan(
        seed=seed,
        index=index,
        architecture=architecture,
        source=source,
        depth=_depth(rng, architecture),
        width=2 ** int(rng.integers(2, 7) if rng.random() < 0.3 else rng.integers(4, 7)),
        activation=activation,
        initializer=_initializer(rng, activation),
        deviation=_log_uniform(rng, 1e-3, 1),
        normalization=_weighted(rng, {"none": 3, "batch": 1, "layer": 1}),
        dropout=_one(rng, (0.0, 0.0, 0.0, 0.0, 0.1, 0.3)),
        cell=_one(rng, ("simple", "lstm", "gru")),
        l2=_log_uniform(rng, 1e-6, 1e-3) if rng.random() < 0.15 else 0.0,
        output=_one(rng, ("logits", "logits", "probabilities")),
        loss=_one(rng, ("mse", "mse", "mae", "huber")),
        optimizer=optimizer,
        rate=_rate(rng, optimizer),
        schedule=_weighted(rng, {"constant": 5, "cosine": 1, "exponential": 1, "warmup": 1, "steps": 1}),
        clipping=_one(rng, (0.0, 0.0, 0.0, 0.0, 1.0)),
        batch=2 ** int(rng.integers(3, 8)),
        steps=steps,
        epochs=int(rng.integers(1, 7)),
        metrics=bool(rng.random() < 0.6),
        noise=float(rng.uniform(0.05, 0.4)) if rng.random() < 0.15 else 0.0,
        imbalance=_log_uniform(rng, 3, 30) if rng.random() < 0.1 and source not in NUMBERS else 1.0,
        scale=_scale(rng, source),
        faults=(),
        moment=int(rng.integers(steps // 3, 3 * steps // 4)),
        strength=float(rng.random()),
    )
    return _affordable(_with_faults(plan, rng))


def _affordable(plan: Plan) -> Plan:
    """The plan, made smaller where convolutions in float64 would take too long."""
    if plan.source == "digit_images":
        return replace(plan, width=min(plan.width, 16), depth=min(plan.depth, 3), batch=min(plan.batch, 32))
    if plan.architecture in ("conv", "recurrent", "attention"):
        return replace(plan, width=min(plan.width, 32), batch=min(plan.batch, 64))
    return plan


def _with_faults(plan: Plan, rng: np.random.Generator) -> Plan:
    """Plant none, one or two faults, and change the plan so that they have an effect."""
    count = int(rng.choice(3, p=(0.5, 0.37, 0.13)))
    weights = {fault: weight for fault, weight in FAULTS.items() if _possible(fault, plan)}
    shares = np.array(list(weights.values())) / sum(weights.values())
    faults = tuple(sorted(rng.choice(list(weights), count, replace=False, p=shares).tolist()))
    plan = replace(plan, faults=faults)
    if "dead_biases" in faults:
        plan = replace(plan, activation=_one(rng, ("relu", "relu", "relu6")), normalization="none")
    if "deep_sigmoid" in faults:
        depth = max(plan.depth, 4 + round(6 * plan.strength))
        plan = replace(plan, activation="sigmoid", normalization="none", depth=depth)
    if "flat_ends" in faults:
        scale = 10 ** (1 + 2 * plan.strength)
        plan = replace(plan, activation=_one(rng, ("tanh", "sigmoid")), normalization="none", scale=scale)
    if "wild_rate" in faults:
        optimizer = _one(rng, (plan.optimizer, "sgd", "momentum"))
        rate = USUAL_RATE.get(optimizer, 3e-3) * 10 ** (0.7 + 2.3 * plan.strength)
        plan = replace(plan, optimizer=optimizer, rate=rate, schedule="constant", clipping=0.0)
    return plan


def _possible(fault: str, plan: Plan) -> bool:
    """Whether the fault can be planted in such a plan."""
    tokens, recurrent = plan.source in TOKENS, plan.architecture == "recurrent"
    numbers = plan.source in NUMBERS or plan.architecture == "multi-head"
    return not (
        (tokens and fault in NEEDS_NUMBERS)
        or (recurrent and fault in NEEDS_HIDDEN)
        or (fault == "far_targets" and not numbers)
    )


def _depth(rng: np.random.Generator, architecture: str) -> int:
    """The depth: mostly shallow; plain stacks of dense layers are also deep."""
    maximum = {"dense": 12, "residual": 6, "autoencoder": 3, "recurrent": 2, "attention": 2}.get(
        architecture, 4
    )
    return min(1 + int(rng.exponential(maximum / 4)), maximum)


def _initializer(rng: np.random.Generator, activation: str) -> str:
    fitting = {"tanh": "glorot_uniform", "sigmoid": "glorot_uniform", "softsign": "glorot_uniform"}
    fitting |= {"selu": "lecun_normal"}
    kinds = {fitting.get(activation, "he_normal"): 5, "glorot_uniform": 3, "orthogonal": 1, "normal": 2}
    return _weighted(rng, kinds)


def _rate(rng: np.random.Generator, optimizer: str) -> float:
    """The learning rate: log-uniform over six decades; for half of the trainings around a usual one."""
    usual = USUAL_RATE.get(optimizer, 3e-3)
    if rng.random() < 0.5:
        return _log_uniform(rng, usual / math.sqrt(10), usual * math.sqrt(10))
    return _log_uniform(rng, usual * 1e-3, usual * 1e3)


def _scale(rng: np.random.Generator, source: str) -> float:
    if rng.random() >= 0.12 or source in TOKENS:
        return 1.0
    return 0.0 if source in TABLES and rng.random() < 0.5 else _log_uniform(rng, 1e-2, 1e3)


def _log_uniform(rng: np.random.Generator, low: float, high: float) -> float:
    return float(math.exp(rng.uniform(math.log(low), math.log(high))))


def _one(rng: np.random.Generator, values: Sequence[T]) -> T:
    return values[int(rng.integers(len(values)))]


def _weighted(rng: np.random.Generator, weights: Mapping[str, int]) -> str:
    shares = np.array(list(weights.values()), float)
    return list(weights)[int(rng.choice(len(shares), p=shares / shares.sum()))]
