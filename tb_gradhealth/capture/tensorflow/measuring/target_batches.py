"""Brings targets and their weights to one layout, whatever their shapes."""

from dataclasses import dataclass
from typing import Any, Final

import tensorflow as tf

from tb_gradhealth.capture.tensorflow.selecting.targets import Targets

MAX_ELEMENTS: Final = 1 << 14
"""Elements of a batch's targets that are used in each step; at least one sample."""


@dataclass(frozen=True)
class Batch:
    """Targets in the layout [samples, positions, outputs].

    Attributes:
        values: float64 [n, p, o], of classes int64 [n, p].
        weights: float64 [n, p], 0 for targets that do not count; without weights it is ``counts`` itself.
        counts: float64 [n, p], 1 for targets that count, else 0.
        fraction: fraction of the batch that is used, float64 scalar.
    """

    values: Any
    weights: Any
    counts: Any
    fraction: Any


def as_batch(targets: Targets) -> Batch:
    """The first targets of the batch; targets that are not finite do not count."""
    term = targets.term
    outputs = [] if term.loss_type == "classes" else [term.outputs]
    samples = max(MAX_ELEMENTS // (term.positions * (outputs or [1])[0]), 1)
    values = tf.reshape(targets.values, [-1, term.positions, *outputs])
    rows = tf.cast(tf.maximum(tf.shape(values)[0], 1), tf.float64)
    values = values[:samples]
    if term.loss_type == "classes":
        values = tf.cast(values, tf.int64)
        counted = (values >= 0) & (values < term.outputs)
        if term.ignored is not None:
            counted &= values != term.ignored
        values = tf.where(counted, values, -1)
    else:
        values = tf.cast(values, tf.float64)
        counted = tf.reduce_all(tf.math.is_finite(values), axis=-1)
        values = tf.where(counted[..., None], values, 0.0)
    if targets.mask is not None:
        counted &= _broadcast(targets.mask, targets.shape, term.positions)[:samples] != 0
    weights = counts = tf.cast(counted, tf.float64)
    if targets.weights is not None:
        weights = _broadcast(targets.weights, targets.shape, term.positions)[:samples] * counts
    return Batch(values, weights, counts, tf.minimum(samples / rows, 1.0))


def _broadcast(values: Any, shape: Any, positions: int) -> Any:
    """Weights of samples or of losses, broadcast to all losses, float64 [n, p]."""
    rank = shape.shape[0]
    values = tf.cast(values, tf.float64)
    if values.shape.rank > rank:
        values = tf.squeeze(values, -1)
    values = tf.reshape(values, tf.concat([tf.shape(values), [1] * (rank - values.shape.rank)], 0))
    return tf.reshape(tf.broadcast_to(values, shape), [-1, positions])
