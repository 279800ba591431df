"""The loss and accuracy of the best constant prediction for the targets so far.

A network that learns nothing from its inputs can still learn the distribution of its targets. A loss or
accuracy no better than that of the best constant shows that it learns nothing more.

For classes and binary targets the shares are counted, for squared errors mean and variance are computed; the
loss of the best constant follows in closed form. Absolute errors and similar losses have no such form: a
sample of the newest targets is stored, and the constant is searched for where a record is made.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

import numpy as np
import tensorflow as tf

from tb_gradhealth.capture.tensorflow.graph import state
from tb_gradhealth.capture.tensorflow.measuring.target_batches import Batch, as_batch
from tb_gradhealth.capture.tensorflow.selecting.targets import COUNTED, Targets, Term

SAMPLE_SIZE: Final = 4096
"""Elements in the sample of the targets."""

HALVINGS: Final = 40
"""Bisection steps of the search for a constant."""

EPSILON: Final = 1e-7
"""The offset with which Keras avoids logarithms of 0 and divisions by 0."""


class ConstantPrediction:
    """Statistics of the targets so far, for each term of the loss."""

    def __init__(self, terms: Sequence[Term]) -> None:
        self._statistics = [_statistics_of(term) for term in terms]

    def add(self, targets: Sequence[Targets]) -> None:
        """Add one step's targets, in the order of the terms."""
        for statistics, each in zip(self._statistics, targets, strict=True):
            statistics.add(as_batch(each))

    def loss(self) -> Any:
        """The loss of the best constant prediction, float32 scalar; NaN without targets."""
        losses = [each.term.loss_weight * each.loss() for each in self._statistics]
        return tf.cast(tf.add_n(losses), tf.float32)

    def accuracy(self) -> Any:
        """The share of the most frequent class, float32 scalar; of several binary outputs the mean.

        It does not depend on weights. It requires `has_accuracy`.
        """
        (shares,) = [each for each in self._statistics if isinstance(each, _Shares)]
        return tf.cast(shares.accuracy(), tf.float32)


class _Sums:
    """Named arrays to which each step adds, float64, in one variable: each variable costs a step time."""

    def __init__(self, shapes: Mapping[str, Sequence[int]]) -> None:
        self._shapes = dict(shapes)
        self._sizes = [math.prod(shape) for shape in self._shapes.values()]
        self._variable = state(np.zeros([sum(self._sizes)]), "sums")

    def add(self, added: Mapping[str, Any]) -> None:
        """Add to all arrays."""
        parts = [
            tf.reshape(added[name], [size]) for name, size in zip(self._shapes, self._sizes, strict=True)
        ]
        self._variable.assign_add(tf.concat(parts, 0))

    def read(self) -> dict[str, Any]:
        """The arrays by name."""
        parts = tf.split(self._variable.read_value(), self._sizes)
        both = zip(self._shapes.items(), parts, strict=True)
        return {name: tf.reshape(part, shape) for (name, shape), part in both}


class _TermStatistics:
    """Statistics of one term's targets.

    Attributes:
        term: the term.
        sums: the sum of weights, ``weight`` [positions], the divisor of the sum of losses, ``divisor`` [],
            and what a subclass adds.
    """

    def __init__(self, term: Term, **shapes: Sequence[int]) -> None:
        self.term = term
        self.sums = _Sums({"weight": [term.positions], "divisor": [], **shapes})

    def add(self, batch: Batch) -> None:
        """Add a batch."""
        weight = tf.reduce_sum(batch.weights, axis=0)
        if self.term.reduction == "sum":
            divisor = batch.fraction
        else:
            weighted = self.term.reduction == "weighted_mean"
            divisor = tf.reduce_sum(batch.weights if weighted else batch.counts)
        self.sums.add({**self.added(batch, weight), "weight": weight, "divisor": divisor})

    def loss(self) -> Any:
        """The loss of the best constant, float64 scalar."""
        sums = self.sums.read()
        return tf.reduce_sum(self.losses(sums)) / sums["divisor"]

    def added(self, batch: Batch, weight: Any) -> dict[str, Any]:
        """What a batch adds to a subclass's sums; ``weight`` is that of the batch, float64 [positions]."""
        raise NotImplementedError

    def losses(self, sums: Mapping[str, Any]) -> Any:
        """The weighted losses of the best constant, float64 of any shape; their sum is the loss."""
        raise NotImplementedError


class _Shares(_TermStatistics):
    """The count of each class. The best constant is their shares, and its loss the entropy of the shares."""

    def __init__(self, term: Term) -> None:
        shape = [term.positions, term.outputs]
        super().__init__(term, weighted=shape, plain=shape, count=[term.positions, 1])

    def added(self, batch: Batch, weight: Any) -> dict[str, Any]:
        count = tf.reduce_sum(batch.counts, axis=0)
        if self.term.loss_type == "classes":
            plain = self._by_class(batch, batch.counts)
            same = batch.weights is batch.counts
            weighted = plain if same else self._by_class(batch, batch.weights)
            return {"count": count, "plain": plain, "weighted": weighted}
        weighted = tf.reduce_sum(batch.values * batch.weights[..., None], axis=0)
        if self.term.loss_type == "binary":
            hard = tf.cast(batch.values > 0.5, tf.float64)
        else:
            hard = tf.one_hot(tf.argmax(batch.values, -1), self.term.outputs, dtype=tf.float64)
        plain = tf.reduce_sum(hard * batch.counts[..., None], axis=0)
        return {"count": count, "plain": plain, "weighted": weighted}

    def _by_class(self, batch: Batch, amounts: Any) -> Any:
        """The sum of the amounts of each class, float64 [classes], without class -1."""
        amounts, classes = tf.reshape(amounts, [-1]), tf.reshape(batch.values, [-1])
        return tf.math.unsorted_segment_sum(amounts, classes, self.term.outputs)

    def losses(self, sums: Mapping[str, Any]) -> Any:
        smoothing, outputs, weight = self.term.smoothing, self.term.outputs, sums["weight"][:, None]
        if self.term.loss_type == "binary":
            ones = sums["weighted"] * (1 - smoothing) + weight * smoothing / 2
            return -(_scaled_log(ones, weight) + _scaled_log(weight - ones, weight)) / outputs
        amounts = sums["weighted"] * (1 - smoothing) + weight * smoothing / outputs
        return -_scaled_log(amounts, tf.reduce_sum(amounts, axis=1, keepdims=True))

    def accuracy(self) -> Any:
        """See `ConstantPrediction.accuracy`."""
        sums = self.sums.read()
        plain, count = sums["plain"], sums["count"]
        if self.term.loss_type == "binary":
            hits = tf.maximum(plain, count - plain)
            return tf.reduce_sum(hits) / (tf.reduce_sum(count) * self.term.outputs)
        return tf.reduce_sum(tf.reduce_max(plain, axis=1)) / tf.reduce_sum(count)


class _Moments(_TermStatistics):
    """Mean and sum of squared deviations, merged batch by batch (Chan, Golub and LeVeque, 1983)."""

    def __init__(self, term: Term) -> None:
        shape = [term.positions, term.outputs]
        super().__init__(term, mean=shape, squares=shape)

    def added(self, batch: Batch, weight: Any) -> dict[str, Any]:
        sums = self.sums.read()
        values, weights, new, old = batch.values, batch.weights[..., None], weight[:, None], sums["weight"]
        if self.term.loss_type == "log_squares":
            values = tf.math.log1p(tf.maximum(values, EPSILON))
        mean = tf.math.divide_no_nan(tf.reduce_sum(weights * values, axis=0), new)
        squares = tf.reduce_sum(weights * tf.square(values - mean), axis=0)
        part = tf.math.divide_no_nan(new, old[:, None] + new)
        difference = mean - sums["mean"]
        return {
            "squares": squares + tf.square(difference) * old[:, None] * part,
            "mean": difference * part,
        }

    def losses(self, sums: Mapping[str, Any]) -> Any:
        if self.term.loss_type == "poisson":
            mean = tf.maximum(sums["mean"], 0.0)
            return sums["weight"][:, None] * (mean - mean * tf.math.log(mean + EPSILON)) / self.term.outputs
        return sums["squares"] / self.term.outputs


class _Sample(_TermStatistics):
    """The newest targets, for losses whose best constant is searched for."""

    def __init__(self, term: Term) -> None:
        super().__init__(term)
        self._size = max(SAMPLE_SIZE // (term.positions * term.outputs), 16)
        self._values = state(np.zeros([self._size, term.positions, term.outputs]), "values")
        self._weights = state(np.zeros([self._size, term.positions]), "weights")
        self._count = state(np.int64(0), "count")

    def added(self, batch: Batch, weight: Any) -> dict[str, Any]:
        values, weights = batch.values[: self._size], batch.weights[: self._size]
        fresh = tf.shape(values, tf.int64)[0]
        end = self._count.assign_add(fresh)
        slots = tf.range(end - fresh, end) % self._size
        self._values.scatter_update(tf.IndexedSlices(values, slots))
        self._weights.scatter_update(tf.IndexedSlices(weights, slots))
        return {}

    def losses(self, sums: Mapping[str, Any]) -> Any:
        values, weights = self._values.read_value(), self._weights.read_value()[..., None]
        loss, slope = ERRORS[self.term.loss_type](self.term.delta)
        scale = 100 / tf.maximum(tf.abs(values), EPSILON) if self.term.loss_type == "percentage" else 1.0
        factors = weights * scale
        low = tf.reduce_min(tf.where(weights > 0, values, np.inf), axis=0)
        high = tf.reduce_max(tf.where(weights > 0, values, -np.inf), axis=0)

        def halved(iteration: Any, low: Any, high: Any) -> Any:
            # The losses are convex: their sum falls up to its minimum and rises after it.
            middle = (low + high) / 2
            rising = tf.reduce_sum(factors * slope(middle - values), axis=0) > 0
            return iteration + 1, tf.where(rising, low, middle), tf.where(rising, middle, high)

        _, low, high = tf.while_loop(lambda iteration, *_: iteration < HALVINGS, halved, [0, low, high])
        losses = tf.reduce_sum(factors * loss((low + high) / 2 - values), axis=0) / self.term.outputs
        whole = tf.math.divide_no_nan(sums["weight"], tf.reduce_sum(weights[..., 0], axis=0))
        return losses * whole[:, None]


Error = tuple[Callable[[Any], Any], Callable[[Any], Any]]
"""A loss as a function of the error, and its slope."""


def _absolute(delta: float) -> Error:
    return tf.abs, tf.sign


def _huber(delta: float) -> Error:
    def loss(error: Any) -> Any:
        size = tf.abs(error)
        return tf.where(size <= delta, tf.square(error) / 2, delta * size - delta**2 / 2)

    return loss, lambda error: tf.clip_by_value(error, -delta, delta)


def _log_cosh(delta: float) -> Error:
    return lambda error: error + tf.math.softplus(-2 * error) - np.log(2), tf.tanh


ERRORS: Final[Mapping[str, Callable[[float], Error]]] = {
    "absolute": _absolute,
    "percentage": _absolute,
    "huber": _huber,
    "log_cosh": _log_cosh,
}


def _statistics_of(term: Term) -> _TermStatistics:
    if term.loss_type in COUNTED:
        return _Shares(term)
    return _Sample(term) if term.loss_type in ERRORS else _Moments(term)


def _scaled_log(part: Any, whole: Any) -> Any:
    """Part · ln(part / whole), 0 where ``part`` is 0."""
    return tf.math.xlogy(part, tf.where(part > 0, part / whole, 1.0))
