"""What the best constant prediction would reach, over the targets seen so far.

A network that learns nothing from its inputs can still learn how its targets are distributed. What that alone
reaches is where a loss stands that does not fall, and an accuracy that says nothing.

Of classes and binary targets shares are counted, of squared errors means and variances are kept; the loss of
the best constant follows from them in closed form. Absolute errors and their like know no such numbers: a
sample of the targets is kept, the newest ones, and the constant is searched for where a record is due.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

import numpy as np
import tensorflow as tf

from tb_gradhealth.capture.tensorflow.graph import state
from tb_gradhealth.capture.tensorflow.measuring.target_batches import Batch, laid_out
from tb_gradhealth.capture.tensorflow.selecting.targets import COUNTED, Targets, Term

KEPT: Final = 4096
"""Numbers that a sample of the targets holds."""

HALVINGS: Final = 40
"""Of the range in which a constant is searched for."""

EPSILON: Final = 1e-7
"""With it Keras keeps logarithms and divisions away from 0."""


class ConstantPrediction:
    """The targets so far, in a few numbers for each term."""

    def __init__(self, terms: Sequence[Term]) -> None:
        self._kept = [_of_term(term) for term in terms]

    def add(self, targets: Sequence[Targets]) -> None:
        """Take in one step's targets, in the order of the terms."""
        for kept, each in zip(self._kept, targets, strict=True):
            kept.add(laid_out(each))

    def loss(self) -> Any:
        """The loss of the best constant prediction, float32 scalar; NaN before any target."""
        return tf.cast(tf.add_n([kept.term.share * kept.loss() for kept in self._kept]), tf.float32)

    def accuracy(self) -> Any:
        """The share of the most frequent class, float32 scalar; of several binary outputs their mean.

        Weights do not matter to it. Asked for only where `has_accuracy`.
        """
        (counted,) = [kept for kept in self._kept if isinstance(kept, _Shares)]
        return tf.cast(counted.accuracy(), tf.float32)


class _Kept:
    """What is kept of one term's targets.

    Attributes:
        term: the term.
        weight: the sum of weights, float64 [positions].
        divisor: what the sum of losses is divided by, float64 scalar.
    """

    def __init__(self, term: Term) -> None:
        self.term = term
        self.weight = state(np.zeros([term.positions]), "weight")
        self.divisor = state(np.float64(0), "divisor")

    def add(self, batch: Batch) -> None:
        """Take in a batch."""
        weight = tf.reduce_sum(batch.weights, axis=0)
        self.keep(batch, weight)
        self.weight.assign_add(weight)
        if self.term.reduction == "sum":
            self.divisor.assign_add(batch.share)
        else:
            weighted = self.term.reduction == "weighted_mean"
            self.divisor.assign_add(tf.reduce_sum(batch.weights if weighted else batch.counts))

    def loss(self) -> Any:
        """The loss of the best constant, float64 scalar."""
        return tf.reduce_sum(self.losses()) / self.divisor

    def keep(self, batch: Batch, weight: Any) -> None:
        """Take in a batch's values; ``weight`` is the sum of their weights, float64 [positions]."""
        raise NotImplementedError

    def losses(self) -> Any:
        """The weighted losses of the best constant, float64 of any shape, to be summed up."""
        raise NotImplementedError


class _Shares(_Kept):
    """How often each class came. The best constant is the shares themselves, its loss their entropy."""

    def __init__(self, term: Term) -> None:
        super().__init__(term)
        shape = [term.positions, term.outputs]
        self._weighted = state(np.zeros(shape), "weighted")
        self._plain = state(np.zeros(shape), "plain")
        self._count = state(np.zeros([term.positions, 1]), "count")

    def keep(self, batch: Batch, weight: Any) -> None:
        self._count.assign_add(tf.reduce_sum(batch.counts, axis=0)[:, None])
        if self.term.form == "classes":
            plain = self._by_class(batch, batch.counts)
            self._plain.assign_add(plain)
            same = batch.weights is batch.counts
            self._weighted.assign_add(plain if same else self._by_class(batch, batch.weights))
            return
        self._weighted.assign_add(tf.reduce_sum(batch.values * batch.weights[..., None], axis=0))
        if self.term.form == "binary":
            hard = tf.cast(batch.values > 0.5, tf.float64)
        else:
            hard = tf.one_hot(tf.argmax(batch.values, -1), self.term.outputs, dtype=tf.float64)
        self._plain.assign_add(tf.reduce_sum(hard * batch.counts[..., None], axis=0))

    def _by_class(self, batch: Batch, amounts: Any) -> Any:
        """The sum of the amounts of each class, float64 [1, classes]; class -1 is left out."""
        amounts, classes = tf.reshape(amounts, [-1]), tf.reshape(batch.values, [-1])
        return tf.math.unsorted_segment_sum(amounts, classes, self.term.outputs)[None]

    def losses(self) -> Any:
        smoothing, outputs, weight = self.term.smoothing, self.term.outputs, self.weight[:, None]
        if self.term.form == "binary":
            ones = self._weighted * (1 - smoothing) + weight * smoothing / 2
            return -(_entropic(ones, weight) + _entropic(weight - ones, weight)) / outputs
        amounts = self._weighted * (1 - smoothing) + weight * smoothing / outputs
        return -_entropic(amounts, tf.reduce_sum(amounts, axis=1, keepdims=True))

    def accuracy(self) -> Any:
        """See `ConstantPrediction.accuracy`."""
        if self.term.form == "binary":
            hits = tf.maximum(self._plain, self._count - self._plain)
            return tf.reduce_sum(hits) / (tf.reduce_sum(self._count) * self.term.outputs)
        return tf.reduce_sum(tf.reduce_max(self._plain, axis=1)) / tf.reduce_sum(self._count)


class _Moments(_Kept):
    """Mean and sum of squares about it, merged batch by batch (Chan, Golub and LeVeque, 1983)."""

    def __init__(self, term: Term) -> None:
        super().__init__(term)
        shape = [term.positions, term.outputs]
        self._mean = state(np.zeros(shape), "mean")
        self._squares = state(np.zeros(shape), "squares")

    def keep(self, batch: Batch, weight: Any) -> None:
        values, weights, added = batch.values, batch.weights[..., None], weight[:, None]
        if self.term.form == "log_squares":
            values = tf.math.log1p(tf.maximum(values, EPSILON))
        mean = tf.math.divide_no_nan(tf.reduce_sum(weights * values, axis=0), added)
        squares = tf.reduce_sum(weights * tf.square(values - mean), axis=0)
        part = tf.math.divide_no_nan(added, self.weight[:, None] + added)
        apart = mean - self._mean
        self._squares.assign_add(squares + tf.square(apart) * self.weight[:, None] * part)
        self._mean.assign_add(apart * part)

    def losses(self) -> Any:
        if self.term.form == "poisson":
            mean = tf.maximum(self._mean, 0.0)
            return self.weight[:, None] * (mean - mean * tf.math.log(mean + EPSILON)) / self.term.outputs
        return self._squares / self.term.outputs


class _Sample(_Kept):
    """The newest targets, for losses whose best constant has to be searched for."""

    def __init__(self, term: Term) -> None:
        super().__init__(term)
        self._size = max(KEPT // (term.positions * term.outputs), 16)
        self._values = state(np.zeros([self._size, term.positions, term.outputs]), "values")
        self._weights = state(np.zeros([self._size, term.positions]), "weights")
        self._seen = state(np.int64(0), "seen")

    def keep(self, batch: Batch, weight: Any) -> None:
        values, weights = batch.values[: self._size], batch.weights[: self._size]
        fresh = tf.shape(values, tf.int64)[0]
        end = self._seen.assign_add(fresh)
        places = tf.range(end - fresh, end) % self._size
        self._values.scatter_update(tf.IndexedSlices(values, places))
        self._weights.scatter_update(tf.IndexedSlices(weights, places))

    def losses(self) -> Any:
        values, weights = self._values.read_value(), self._weights.read_value()[..., None]
        loss, slope = ERRORS[self.term.form](self.term.delta)
        scale = 100 / tf.maximum(tf.abs(values), EPSILON) if self.term.form == "percentage" else 1.0
        factors = weights * scale
        low = tf.reduce_min(tf.where(weights > 0, values, np.inf), axis=0)
        high = tf.reduce_max(tf.where(weights > 0, values, -np.inf), axis=0)

        def halved(turn: Any, low: Any, high: Any) -> Any:
            # The losses are convex: their sum falls up to its minimum and rises from there.
            middle = (low + high) / 2
            rising = tf.reduce_sum(factors * slope(middle - values), axis=0) > 0
            return turn + 1, tf.where(rising, low, middle), tf.where(rising, middle, high)

        _, low, high = tf.while_loop(lambda turn, *_: turn < HALVINGS, halved, [0, low, high])
        sums = tf.reduce_sum(factors * loss((low + high) / 2 - values), axis=0) / self.term.outputs
        whole = tf.math.divide_no_nan(self.weight, tf.reduce_sum(weights[..., 0], axis=0))
        return sums * whole[:, None]


Error = tuple[Callable[[Any], Any], Callable[[Any], Any]]
"""A loss of the error, and its slope."""


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


def _of_term(term: Term) -> _Kept:
    if term.form in COUNTED:
        return _Shares(term)
    return _Sample(term) if term.form in ERRORS else _Moments(term)


def _entropic(part: Any, whole: Any) -> Any:
    """Part · ln(part / whole), 0 for no part."""
    return tf.math.xlogy(part, tf.where(part > 0, part / whole, 1.0))
