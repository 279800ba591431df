"""Targets laid out alike, whatever shapes they and their weights come in."""

from dataclasses import dataclass
from typing import Any, Final

import tensorflow as tf

from tb_gradhealth.capture.tensorflow.selecting.targets import Targets

LOOKED_AT: Final = 1 << 14
"""Numbers of a batch's targets that are looked at in each step, at least one sample."""


@dataclass(frozen=True)
class Batch:
    """Targets laid out as [samples, positions, outputs].

    Attributes:
        values: float64 [n, p, o], of classes int64 [n, p].
        weights: float64 [n, p]; 0 for what does not count; where there are none, ``counts`` itself.
        counts: float64 [n, p]; 1 for what counts, else 0.
        share: how much of the batch is looked at, float64 scalar.
    """

    values: Any
    weights: Any
    counts: Any
    share: Any


def laid_out(targets: Targets) -> Batch:
    """The batch's first targets, as many as are looked at; what is not finite does not count."""
    term = targets.term
    outputs = [] if term.form == "classes" else [term.outputs]
    most = max(LOOKED_AT // (term.positions * (outputs or [1])[0]), 1)
    values = tf.reshape(targets.values, [-1, term.positions, *outputs])
    rows = tf.cast(tf.maximum(tf.shape(values)[0], 1), tf.float64)
    values = values[:most]
    if term.form == "classes":
        values = tf.cast(values, tf.int64)
        known = (values >= 0) & (values < term.outputs)
        if term.ignored is not None:
            known &= values != term.ignored
        values = tf.where(known, values, -1)
    else:
        values = tf.cast(values, tf.float64)
        known = tf.reduce_all(tf.math.is_finite(values), axis=-1)
        values = tf.where(known[..., None], values, 0.0)
    if targets.mask is not None:
        known &= _each(targets.mask, targets.shape, term.positions)[:most] != 0
    weights = counts = tf.cast(known, tf.float64)
    if targets.weights is not None:
        weights = _each(targets.weights, targets.shape, term.positions)[:most] * counts
    return Batch(values, weights, counts, tf.minimum(most / rows, 1.0))


def _each(values: Any, shape: Any, positions: int) -> Any:
    """Weights of samples or of losses as weights of all losses, float64 [n, p]."""
    rank = shape.shape[0]
    values = tf.cast(values, tf.float64)
    if values.shape.rank > rank:
        values = tf.squeeze(values, -1)
    values = tf.reshape(values, tf.concat([tf.shape(values), [1] * (rank - values.shape.rank)], 0))
    return tf.reshape(tf.broadcast_to(values, shape), [-1, positions])
