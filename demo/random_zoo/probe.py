"""The probe: a float64 twin of the model and a plain gradient tape, next to the training.

It shares no code with the product. The twin is built from the same plan, copies the model's weights, and is
evaluated on each step's own batch and, every few steps, on a fixed sample of the training data.
"""

import functools
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

import keras
import numpy as np
import numpy.typing as npt
import tensorflow as tf

from tb_gradhealth.demo.random_zoo import reference
from tb_gradhealth.demo.random_zoo.measurements import Measurements, Tap, Variable
from tb_gradhealth.demo.random_zoo.tasks import Task

SAMPLE: Final = 256
"""Size of the fixed sample; half as many images, whose convolutions take long in float64."""

LOOKS: Final = 40
"""Approximate number of looks in a training."""

ENDS: Final = {"sigmoid": (0.0, 1.0), "tanh": (-1.0, 1.0), "softsign": (-1.0, 1.0)}
"""Functions that are flat at both ends, and the ends."""

RELU_LIKE: Final = ("relu", "relu6")

GATED: Final = (keras.layers.LSTM, keras.layers.GRU)
"""Layers whose outputs are products, so that the range of a function does not show where they are flat."""


class Probe(keras.callbacks.Callback):  # type: ignore[misc]
    """Measures a training while it runs; `measurements` returns the result."""

    def __init__(
        self, model: keras.Model, twin: keras.Model, losses: Sequence[Any], task: Task, batches: "Batches"
    ) -> None:
        """A probe.

        Args:
            model: the model that trains.
            twin: the same in float64.
            losses: one for each output, in float64.
            task: the data.
            batches: of every step.
        """
        super().__init__()
        self._task, self._batches = task, batches
        self._evaluate = _Evaluator(model, twin, losses)
        self._loss = tf.Variable(np.nan, dtype=tf.float32, trainable=False)
        _record_loss(model, self._loss)
        steps = len(batches.inputs)
        self._every = (
            max(steps // LOOKS, 1) | 1
        )  # odd, so that an oscillation of period two is not sampled at one phase
        chosen = np.random.default_rng(0).permutation(len(task.inputs))[
            : SAMPLE // 2 if task.inputs.ndim > 3 else SAMPLE
        ]
        self._sample = (task.inputs[chosen], [head.targets[chosen] for head in task.heads])
        self._steps: list[Look] = []
        self._losses: list[float] = []
        self._looks: list[Look] = []
        self._changes: list[list[float]] = []
        self._looked: list[int] = []
        self._before: list[npt.NDArray] | None = None

    def on_train_begin(self, logs: Any = None) -> None:
        """Look at the untrained network."""
        self._look_at_sample()

    def on_train_batch_begin(self, batch: int, logs: Any = None) -> None:
        """Measure the step that begins."""
        step = len(self._steps)
        self._steps.append(self._evaluate(*self._batches.at(step)))

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        """Store the loss; look at the sample every few steps and after the last."""
        self._losses.append(float(self._loss.numpy()))
        if len(self._losses) % self._every == 0 or len(self._losses) == len(self._batches.inputs):
            self._look_at_sample()

    def measurements(self, constant_loss: float) -> Measurements:
        """All measurements, after the training."""
        inputs, heads = self._task.inputs, self._task.heads
        features = inputs.reshape(len(inputs), -1).astype(np.float64)
        deviations = features.std(axis=0)
        spread = deviations.max() / max(np.median(deviations), 1e-12) if not self._task.tokens else 1.0
        size = np.sqrt(np.mean(features**2)) if not self._task.tokens else 1.0

        def of(seen: Sequence[Look], name: str) -> npt.NDArray[np.float64]:
            return np.array([getattr(each, name) for each in seen], np.float64)

        return Measurements(
            variables=self._evaluate.variables(self._sample),
            taps=self._evaluate.taps,
            loss=np.array(self._losses),
            gradient=of(self._steps, "gradient"),
            peak=of(self._steps, "peak"),
            input_finite=self._batches.finite(),
            looked=np.array(self._looked, np.float64),
            sample_loss=of(self._looks, "loss"),
            sample_gradient=of(self._looks, "gradient"),
            weight=of(self._looks, "weight"),
            changed=np.array(self._changes, np.float64),
            arriving=of(self._looks, "arriving"),
            dead=of(self._looks, "dead"),
            saturated=of(self._looks, "saturated"),
            leaning=of(self._looks, "leaning"),
            metric=np.array([self._metrics(each.outputs, self._sample[1]) for each in self._looks]),
            final=self._final(),
            chance=np.array([reference.chance(head) for head in heads]),
            reference=np.array([reference.reference(self._task, head) for head in heads]),
            constant_loss=np.array(constant_loss),
            input_scale=np.array([size, spread]),
        )

    def _look_at_sample(self) -> None:
        self._looks.append(self._evaluate(*self._sample))
        self._looked.append(len(self._losses))
        weights = [variable.numpy() for variable in self.model.trainable_variables]
        before = self._before or weights
        self._changes.append([_differing(old, new) for old, new in zip(before, weights, strict=True)])
        self._before = weights

    def _metrics(self, outputs: Sequence[npt.NDArray], targets: Sequence[npt.NDArray]) -> list[float]:
        heads = self._task.heads
        return [reference.metric(*each) for each in zip(heads, targets, outputs, strict=True)]

    def _final(self) -> npt.NDArray[np.float64]:
        """In training mode and in inference mode, whose moving averages lag behind in short trainings."""
        targets = [head.targets for head in self._task.heads]
        training = self._evaluate(self._task.inputs, targets).outputs
        inference = self.model(self._task.inputs, training=False)
        outputs = [np.asarray(each) for each in (inference if len(targets) > 1 else [inference])]
        return np.fmax(self._metrics(training, targets), self._metrics(outputs, targets))


@dataclass(frozen=True)
class Batches:
    """Every step's inputs, [steps, batch, ...], and its targets, one array for each head."""

    inputs: npt.NDArray
    targets: tuple[npt.NDArray, ...]

    def at(self, step: int) -> tuple[npt.NDArray, list[npt.NDArray]]:
        """The batch of one step."""
        return self.inputs[step], [targets[step] for targets in self.targets]

    def finite(self) -> npt.NDArray[np.float64]:
        """1 for each step whose batch is finite."""
        arrays = (self.inputs, *self.targets)
        ok = [np.isfinite(array.reshape(len(array), -1)).all(axis=1) for array in arrays]
        return np.logical_and.reduce(ok).astype(np.float64)


@dataclass(frozen=True)
class Look:
    """The measurements of one look at one batch, see `Measurements`."""

    loss: npt.NDArray
    gradient: npt.NDArray
    weight: npt.NDArray
    arriving: npt.NDArray
    peak: npt.NDArray
    dead: npt.NDArray
    saturated: npt.NDArray
    leaning: npt.NDArray
    outputs: list[npt.NDArray]


class _Evaluator:
    """Forward and backward pass of the twin, with the current weights of the model."""

    def __init__(self, model: keras.Model, twin: keras.Model, losses: Sequence[Any]) -> None:
        self._pairs = list(zip(twin.variables, model.variables, strict=True))
        self._twin, self._losses = twin, losses
        tapped = [layer for layer in twin.layers if _tapped(layer)]
        outputs = set(twin.output_names)
        self.taps = tuple(Tap(layer.name, _function(layer), layer.name in outputs) for layer in tapped)
        self._heads = len(twin.outputs)
        self._network = keras.Model(twin.inputs, [*twin.outputs, *(layer.output for layer in tapped)])
        self._compute: Callable[..., Any] = tf.function(self._computed, reduce_retracing=True)

    def __call__(self, inputs: npt.NDArray, targets: Sequence[npt.NDArray]) -> Look:
        *numbers, outputs = self._compute(self._converted(inputs), [tf.convert_to_tensor(t) for t in targets])
        return Look(*(number.numpy() for number in numbers), [output.numpy() for output in outputs])

    def variables(self, sample: tuple[npt.NDArray, Sequence[npt.NDArray]]) -> tuple[Variable, ...]:
        """The trainable variables, and whether the tape finds a path to each."""
        trainable = self._twin.trainable_variables
        with tf.GradientTape() as tape:
            loss, *_ = self._forward(self._converted(sample[0][:8]), [targets[:8] for targets in sample[1]])
        gradients = tape.gradient(loss, [variable.value for variable in trainable])
        return tuple(
            Variable(
                path=variable.path,
                matrix=len(variable.shape) > 1,
                embedding="embed" in variable.path,
                size=int(np.prod(variable.shape)),
                connected=gradient is not None,
            )
            for variable, gradient in zip(trainable, gradients, strict=True)
        )

    def _converted(self, inputs: npt.NDArray) -> tf.Tensor:
        tokens = np.issubdtype(inputs.dtype, np.integer)
        return tf.convert_to_tensor(inputs if tokens else inputs.astype(np.float64))

    def _forward(self, inputs: tf.Tensor, targets: Sequence[Any]) -> tuple[tf.Tensor, list[Any], list[Any]]:
        everything = self._network(inputs, training=True)
        outputs, tapped = everything[: self._heads], everything[self._heads :]
        loss = sum(loss(y, out) for loss, y, out in zip(self._losses, targets, outputs, strict=True))
        return loss + sum(self._twin.losses), outputs, tapped

    def _computed(self, inputs: tf.Tensor, targets: list[tf.Tensor]) -> tuple[Any, ...]:
        for of_twin, of_model in self._pairs:
            of_twin.assign(tf.cast(of_model.value, of_twin.dtype))
        variables = [variable.value for variable in self._twin.trainable_variables]
        with tf.GradientTape() as tape:
            loss, outputs, tapped = self._forward(inputs, targets)
        *gradients, arriving = tape.gradient(loss, [*variables, tapped])
        functions = [tap.function for tap in self.taps]
        pairs = list(zip(tapped, functions, strict=True))
        return (
            loss,
            _stack([_rms(gradient) for gradient in gradients]),
            _stack([_rms(variable) for variable in variables]),
            _stack([_norm(gradient) for gradient in arriving]),
            _stack([tf.reduce_max(tf.abs(output)) for output in tapped]),
            _stack([_dead(output, function) for output, function in pairs]),
            _stack([_at_the_ends(output, function, 0.03, 0.95) for output, function in pairs]),
            _stack([_at_the_ends(output, function, 0.06, 0.80) for output, function in pairs]),
            outputs,
        )


def _tapped(layer: keras.layers.Layer) -> bool:
    """Whether a layer computes something of its own, by weights or by a function."""
    shapes = (keras.layers.Dropout, keras.layers.Flatten, keras.layers.Reshape, keras.layers.InputLayer)
    return not isinstance(layer, (*shapes, keras.layers.Lambda)) and bool(layer.weights or _function(layer))


def _function(layer: keras.layers.Layer) -> str:
    if isinstance(layer, GATED):
        return ""
    name = getattr(getattr(layer, "activation", None), "__name__", "")
    return "" if name == "linear" else name


def _record_loss(model: keras.Model, variable: tf.Variable) -> None:
    """Make the model store each batch's loss in ``variable``, since Keras reports only the epoch's mean."""
    compute = model.compute_loss

    @functools.wraps(compute)
    def recording(*arguments: Any, **options: Any) -> Any:
        loss = compute(*arguments, **options)
        variable.assign(tf.cast(loss, tf.float32))
        return loss

    model.compute_loss = recording


def _differing(old: npt.NDArray, new: npt.NDArray) -> float:
    return float(np.mean(old != new))


def _stack(numbers: list[Any]) -> tf.Tensor:
    return (
        tf.stack([tf.cast(number, tf.float64) for number in numbers]) if numbers else tf.zeros(0, tf.float64)
    )


def _rms(values: Any) -> tf.Tensor:
    if values is None:
        return tf.zeros((), tf.float64)
    return tf.sqrt(tf.reduce_mean(tf.square(tf.convert_to_tensor(values))))


def _norm(values: Any) -> tf.Tensor:
    return tf.zeros((), tf.float64) if values is None else tf.norm(tf.convert_to_tensor(values))


def _dead(output: tf.Tensor, function: str) -> Any:
    if function not in RELU_LIKE:
        return np.nan
    largest = tf.reduce_max(tf.abs(output), axis=list(range(len(output.shape) - 1)))
    return tf.reduce_mean(tf.cast(largest == 0, tf.float64))


def _at_the_ends(output: tf.Tensor, function: str, margin: float, share: float) -> Any:
    if function not in ENDS:
        return np.nan
    low, high = ENDS[function]
    width = margin * (high - low)
    outer = tf.cast((output < low + width) | (output > high - width), tf.float64)
    of_unit = tf.reduce_mean(outer, axis=list(range(len(output.shape) - 1)))
    return tf.reduce_mean(tf.cast(of_unit > share, tf.float64))
