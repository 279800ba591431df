"""The features of an input, its last axis: those that never change, and how far they differ in size."""

from typing import Any

import tensorflow as tf


def features(values: Any) -> Any:
    """The columns `record.columns.FEATURES`, float32 [2].

    Both are NaN of what has no features or not two samples, the spread also of what is no matrix: an image's
    channels lie in one range.

    Args:
        values: float32 [samples, ..., features].
    """
    rank = values.shape.rank
    if rank is None or rank < 2:
        return tf.fill([2], float("nan"))
    others = list(range(rank - 1))
    several = tf.size(values) >= 2 * tf.shape(values)[-1]
    same = tf.equal(tf.reduce_min(values, axis=others), tf.reduce_max(values, axis=others))
    constant = tf.where(several, tf.reduce_mean(tf.cast(same, tf.float32)), float("nan"))
    spread = tf.where(several, _spread(values), float("nan")) if rank == 2 else tf.constant(float("nan"))
    return tf.stack([constant, spread])


def _spread(values: Any) -> Any:
    """The largest RMS of a feature over its finite elements / the median of those that are not 0."""
    finite = tf.math.is_finite(values)
    numbers = tf.where(finite, values, 0.0)
    peak = tf.reduce_max(tf.abs(numbers), axis=0)
    scaled = numbers / tf.where(peak > 0, peak, 1.0)  # so that squares fit
    known = tf.reduce_sum(tf.cast(finite, tf.float32), axis=0)
    rms = peak * tf.sqrt(tf.reduce_sum(tf.square(scaled), axis=0) / tf.maximum(known, 1.0))
    live = tf.reduce_sum(tf.cast(rms > 0, tf.int32))
    ordered = tf.sort(tf.where(rms > 0, rms, float("inf")))
    middle = tf.gather(ordered, tf.maximum([(live - 1) // 2, live // 2], 0))
    # Halved first: the sum of two large numbers is infinite.
    return tf.where(live > 0, tf.reduce_max(rms) / tf.reduce_sum(middle / 2), float("nan"))
