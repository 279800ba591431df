"""The data of random trainings: scikit-learn's shipped sets and small synthetic tasks."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Final, Literal

import numpy as np
import numpy.typing as npt
from sklearn import datasets

from tb_gradhealth.demo.random_zoo.plan import Plan
from tb_gradhealth.demo.zoo import tables

Kind = Literal["classes", "numbers"]

VOCABULARY: Final = 20
LENGTH: Final = 12
"""Samples of the token tasks."""

SAMPLES: Final = 1000
"""Samples of the synthetic tasks."""


@dataclass(frozen=True)
class Head:
    """One target to predict.

    Attributes:
        kind: class numbers, int32 [samples], or numbers, float32 [samples, ...].
        targets: of every sample.
        size: number of classes, or of numbers per sample.
    """

    kind: Kind
    targets: npt.NDArray
    size: int


@dataclass(frozen=True)
class Task:
    """Inputs, and the targets to be predicted from them.

    Attributes:
        inputs: float32 [samples, ...], or int32 tokens [samples, length].
        heads: one per output.
    """

    inputs: npt.NDArray
    heads: tuple[Head, ...]

    @property
    def tokens(self) -> bool:
        """Whether the inputs are token numbers."""
        return np.issubdtype(self.inputs.dtype, np.integer)


def task_of(plan: Plan) -> Task:
    """The data of a training, with its noise, imbalance and scale."""
    rng = np.random.default_rng([*plan.numbers, 1])
    task = _raw(plan.source) if plan.scale == 0 else SOURCES[plan.source](rng)
    if plan.imbalance > 1:
        task = _imbalanced(task, plan.imbalance, rng)
    if plan.noise:
        task = replace(task, heads=tuple(_noisy(head, plan.noise, rng) for head in task.heads))
    if plan.scale > 0 and not task.tokens:
        task = _scaled(task, np.float32(plan.scale))
    return task


def _classes(inputs: npt.NDArray, labels: npt.NDArray) -> Task:
    labels = labels.astype(np.int32)
    return Task(inputs, (Head("classes", labels, int(labels.max()) + 1),))


def _numbers(inputs: npt.NDArray, values: npt.NDArray) -> Task:
    return Task(inputs, (Head("numbers", values.astype(np.float32), int(np.prod(values.shape[1:]))),))


def _itself(inputs: npt.NDArray) -> Task:
    return _numbers(inputs, inputs)


def _raw(source: str) -> Task:
    """A table in its original units."""
    inputs, targets = getattr(datasets, f"load_{source}")(return_X_y=True, **RAW.get(source, {}))
    if source == "diabetes":
        return _numbers(inputs.astype(np.float32), targets.reshape(-1, 1))
    return _classes(inputs.astype(np.float32), targets)


RAW: Final[Mapping[str, dict[str, bool]]] = {"diabetes": {"scaled": False}}


def _points(make: Callable[..., tuple[npt.NDArray, npt.NDArray]], rng: np.random.Generator) -> Task:
    points, labels = make(SAMPLES, noise=0.1, random_state=int(rng.integers(1 << 31)))
    return _classes(points.astype(np.float32), labels)


def _waves(rng: np.random.Generator) -> Task:
    """A smooth function of four numbers, with a little noise."""
    inputs = rng.normal(size=(SAMPLES, 4))
    values = np.sin(inputs[:, 0] * 2) + inputs[:, 1] * inputs[:, 2] + 0.05 * rng.normal(size=SAMPLES)
    return _numbers(inputs.astype(np.float32), values.reshape(-1, 1))


def _forecast(rng: np.random.Generator) -> Task:
    """The next value of a noisy sine from the 16 before."""
    time = rng.uniform(0, 2 * np.pi, (SAMPLES, 1)) + np.arange(17) * rng.uniform(0.2, 0.6, (SAMPLES, 1))
    line = np.sin(time) + 0.05 * rng.normal(size=time.shape)
    return _numbers(line[:, :-1, None].astype(np.float32), line[:, -1:])


def _parity(rng: np.random.Generator) -> Task:
    """Whether the number of ones in six bits is odd."""
    bits = rng.integers(0, 2, (SAMPLES, 6))
    return _classes((2 * bits - 1)[..., None].astype(np.float32), bits.sum(axis=1) % 2)


def _majority(rng: np.random.Generator) -> Task:
    """Whether most tokens are in the vocabulary's upper half."""
    tokens = rng.integers(0, VOCABULARY, (SAMPLES, LENGTH - 1))
    return _classes(tokens.astype(np.int32), (tokens >= VOCABULARY // 2).mean(axis=1) > 0.5)


def _recall(rng: np.random.Generator) -> Task:
    """The first token, one of five, repeated."""
    tokens = rng.integers(0, VOCABULARY, (SAMPLES, LENGTH))
    tokens[:, 0] = rng.integers(0, 5, SAMPLES)
    return _classes(tokens.astype(np.int32), tokens[:, 0])


def _topics(rng: np.random.Generator) -> Task:
    """Four topics, each with words that it prefers."""
    labels = rng.integers(0, 4, SAMPLES)
    preferred = labels[:, None] * 5 + rng.integers(0, 5, (SAMPLES, LENGTH))
    anything = rng.integers(0, VOCABULARY, (SAMPLES, LENGTH))
    tokens = np.where(rng.random((SAMPLES, LENGTH)) < 0.4, preferred, anything)
    return _classes(tokens.astype(np.int32), labels)


def _digits_and_ink(rng: np.random.Generator) -> Task:
    """The digit, and the sum of its pixels."""
    images, labels = tables.digits()
    ink = images.sum(axis=1, keepdims=True)
    return Task(
        images, (*_classes(images, labels).heads, *_numbers(images, (ink - ink.mean()) / ink.std()).heads)
    )


def _wine_and_alcohol(rng: np.random.Generator) -> Task:
    """The wine, and its alcohol from its other measures."""
    inputs, labels = tables.wine()
    others = inputs[:, 1:].copy()
    return Task(others, (*_classes(others, labels).heads, *_numbers(others, inputs[:, :1]).heads))


SOURCES: Final[Mapping[str, Callable[[np.random.Generator], Task]]] = {
    "digits": lambda rng: _classes(*tables.digits()),
    "digit_images": lambda rng: _classes(*tables.digit_images()),
    "digit_rows": lambda rng: _classes(*tables.digit_rows()),
    "iris": lambda rng: _classes(*tables.iris()),
    "wine": lambda rng: _classes(*tables.wine()),
    "breast_cancer": lambda rng: _classes(*tables.tumours()),
    "diabetes": lambda rng: _numbers(*tables.diabetes()),
    "moons": lambda rng: _points(datasets.make_moons, rng),
    "circles": lambda rng: _points(datasets.make_circles, rng),
    "waves": _waves,
    "forecast": _forecast,
    "parity": _parity,
    "majority": _majority,
    "recall": _recall,
    "topics": _topics,
    "digits_themselves": lambda rng: _itself(tables.digits().inputs),
    "wine_itself": lambda rng: _itself(tables.wine().inputs),
    "breast_cancer_itself": lambda rng: _itself(tables.tumours().inputs),
    "digits_and_ink": _digits_and_ink,
    "wine_and_alcohol": _wine_and_alcohol,
}


def _imbalanced(task: Task, factor: float, rng: np.random.Generator) -> Task:
    """Keep all samples of the first class and fewer of the others, at least five of each."""
    head = task.heads[0]
    if head.kind == "numbers":
        return task
    of_classes = [np.flatnonzero(head.targets == 0)]
    for label in range(1, head.size):
        of_class = np.flatnonzero(head.targets == label)
        of_classes.append(rng.permutation(of_class)[: max(int(of_class.size / factor), 5)])
    chosen = np.sort(np.concatenate(of_classes))
    heads = tuple(replace(each, targets=each.targets[chosen]) for each in task.heads)
    return Task(task.inputs[chosen], heads)


def _noisy(head: Head, noise: float, rng: np.random.Generator) -> Head:
    if head.kind == "classes":
        anew = rng.random(head.targets.size) < noise
        labels = np.where(anew, rng.integers(0, head.size, head.targets.size), head.targets)
        return replace(head, targets=labels.astype(np.int32))
    values = head.targets + noise * head.targets.std() * rng.normal(size=head.targets.shape)
    return replace(head, targets=values.astype(np.float32))


def _scaled(task: Task, scale: np.float32) -> Task:
    """Scale the inputs, and the targets of a reconstruction with them."""
    inputs = task.inputs * scale
    itself = task.heads[0].targets is task.inputs
    heads = (replace(task.heads[0], targets=inputs),) if itself else task.heads
    return Task(inputs, heads)
