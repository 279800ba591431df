"""The loss and accuracy of the best constant prediction for the targets so far.

A network that learns nothing from its inputs can still learn the distribution of its targets. A loss or
accuracy no better than that of the best constant shows that it learns nothing more.

For classes and binary targets the shares are counted, for squared errors mean and variance are computed; the
loss of the best constant follows in closed form. Absolute errors and similar losses have no such form: a
sample of the newest targets is stored, and the constant is searched for where a record is made.
"""

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


class _TermStatistics:
    """Statistics of one term's targets.

    Attributes:
        term: the term.
        weight: the sum of weights, float64 [positions].
        divisor: the divisor of the sum of losses, float64 scalar.
    """

    def __init__(self, term: Term) -> None:
        self.term = term
        self.weight = state(np.zeros([term.positions]), "weight")
        self.divisor = state(np.float64(0), "divisor")

    def add(self, batch: Batch) -> None:
        """Add a batch."""
        weight = tf.reduce_sum(batch.weights, axis=0)
        self.add_values(batch, weight)
        self.weight.assign_add(weight)
        if self.term.reduction == "sum":
            self.divisor.assign_add(batch.fraction)
        else:
            weighted = self.term.reduction == "weighted_mean"
            self.divisor.assign_add(tf.reduce_sum(batch.weights if weighted else batch.counts))

    def loss(self) -> Any:
        """The loss of the best constant, float64 scalar."""
        return tf.reduce_sum(self.losses()) / self.divisor

    def add_values(self, batch: Batch, weight: Any) -> None:
        """Add a batch's values; ``weight`` is the sum of their weights, float64 [positions]."""
        raise NotImplementedError

    def losses(self) -> Any:
        """The weighted losses of the best constant, float64 of any shape; their sum is the loss."""
        raise NotImplementedError


class _Shares(_TermStatistics):
    """The count of each class. The best constant is their shares, and its loss the entropy of the shares."""

    def __init__(self, term: Term) -> None:
        super().__init__(term)
        shape = [term.positions, term.outputs]
        self._weighted = state(np.zeros(shape), "weighted")
        self._plain = state(np.zeros(shape), "plain")
        self._count = state(np.zeros([term.positions, 1]), "count")

    def add_values(self, batch: Batch, weight: Any) -> None:
        self._count.assign_add(tf.reduce_sum(batch.counts, axis=0)[:, None])
        if self.term.loss_type == "classes":
            plain = self._by_class(batch, batch.counts)
            self._plain.assign_add(plain)
            same = batch.weights is batch.counts
            self._weighted.assign_add(plain if same else self._by_class(batch, batch.weights))
            return
        self._weighted.assign_add(tf.reduce_sum(batch.values * batch.weights[..., None], axis=0))
        if self.term.loss_type == "binary":
            hard = tf.cast(batch.values > 0.5, tf.float64)
        else:
            hard = tf.one_hot(tf.argmax(batch.values, -1), self.term.outputs, dtype=tf.float64)
        self._plain.assign_add(tf.reduce_sum(hard * batch.counts[..., None], axis=0))

    def _by_class(self, batch: Batch, amounts: Any) -> Any:
        """The sum of the amounts of each class, float64 [1, classes], without class -1."""
        amounts, classes = tf.reshape(amounts, [-1]), tf.reshape(batch.values, [-1])
        return tf.math.unsorted_segment_sum(amounts, classes, self.term.outputs)[None]

    def losses(self) -> Any:
        smoothing, outputs, weight = self.term.smoothing, self.term.outputs, self.weight[:, None]
        if self.term.loss_type == "binary":
            ones = self._weighted * (1 - smoothing) + weight * smoothing / 2
            return -(_scaled_log(ones, weight) + _scaled_log(weight - ones, weight)) / outputs
        amounts = self._weighted * (1 - smoothing) + weight * smoothing / outputs
        return -_scaled_log(amounts, tf.reduce_sum(amounts, axis=1, keepdims=True))

    def accuracy(self) -> Any:
        """See `ConstantPrediction.accuracy`."""
        if self.term.loss_type == "binary":
            hits = tf.maximum(self._plain, self._count - self._plain)
            return tf.reduce_sum(hits) / (tf.reduce_sum(self._count) * self.term.outputs)
        return tf.reduce_sum(tf.reduce_max(self._plain, axis=1)) / tf.reduce_sum(self._count)


class _Moments(_TermStatistics):
    """Mean and sum of squared deviations, merged batch by batch (Chan, Golub and LeVeque, 1983)."""

    def __init__(self, term: Term) -> None:
        super().__init__(term)
        shape = [term.positions, term.outputs]
        self._mean = state(np.zeros(shape), "mean")
        self._squares = state(np.zeros(shape), "squares")

    def add_values(self, batch: Batch, weight: Any) -> None:
        values, weights, added = batch.values, batch.weights[..., None], weight[:, None]
        if self.term.loss_type == "log_squares":
            values = tf.math.log1p(tf.maximum(values, EPSILON))
        mean = tf.math.divide_no_nan(tf.reduce_sum(weights * values, axis=0), added)
        squares = tf.reduce_sum(weights * tf.square(values - mean), axis=0)
        part = tf.math.divide_no_nan(added, self.weight[:, None] + added)
        difference = mean - self._mean
        self._squares.assign_add(squares + tf.square(difference) * self.weight[:, None] * part)
        self._mean.assign_add(difference * part)

    def losses(self) -> Any:
        if self.term.loss_type == "poisson":
            mean = tf.maximum(self._mean, 0.0)
            return self.weight[:, None] * (mean - mean * tf.math.log(mean + EPSILON)) / self.term.outputs
        return self._squares / self.term.outputs


class _Sample(_TermStatistics):
    """The newest targets, for losses whose best constant is searched for."""

    def __init__(self, term: Term) -> None:
        super().__init__(term)
        self._size = max(SAMPLE_SIZE // (term.positions * term.outputs), 16)
        self._values = state(np.zeros([self._size, term.positions, term.outputs]), "values")
        self._weights = state(np.zeros([self._size, term.positions]), "weights")
        self._count = state(np.int64(0), "count")

    def add_values(self, batch: Batch, weight: Any) -> None:
        values, weights = batch.values[: self._size], batch.weights[: self._size]
        fresh = tf.shape(values, tf.int64)[0]
        end = self._count.assign_add(fresh)
        slots = tf.range(end - fresh, end) % self._size
        self._values.scatter_update(tf.IndexedSlices(values, slots))
        self._weights.scatter_update(tf.IndexedSlices(weights, slots))

    def losses(self) -> Any:
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
        sums = tf.reduce_sum(factors * loss((low + high) / 2 - values), axis=0) / self.term.outputs
        whole = tf.math.divide_no_nan(self.weight, tf.reduce_sum(weights[..., 0], axis=0))
        return sums * whole[:, None]


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
