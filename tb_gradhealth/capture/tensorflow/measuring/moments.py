"""Moments, extremes and faults of a recorded step's large tensors.

Whole-tensor reductions that TensorFlow has native kernels for (`l2_loss`, sum, max, min) run at memory speed;
anything that writes a temporary as large as the tensor costs five to twenty times as much. So the usual
case uses only those, and what they cannot say (a square that overflowed, a NaN among numbers)
is worked out carefully in a branch that is taken only when they give it away. A compiler has no such kernels,
and two branches take it twice as long: there everything is worked out carefully.
"""

from collections.abc import Sequence
from typing import Any, Final

import tensorflow as tf

from tb_gradhealth.capture.tensorflow.graph import is_compiled, shared_function
from tb_gradhealth.capture.tensorflow.measuring.operands import Operand, as_float32
from tb_gradhealth.capture.tensorflow.measuring.reductions import reduced

TINY: Final = 1e-15
"""Below this, squares come near the smallest float32 and lose digits: the careful branch scales first."""


def measure(operands: Sequence[Operand]) -> Any:
    """The columns `moments.MOMENTS` of every operand, float32 [n, 6], reading each four times.

    Moments and extremes are over finite elements, NaN where there are none; counts over all.
    """
    if is_compiled():
        return _all_careful(operands)
    counts = tf.stack([x.count for x in operands])
    squares, total, low, high = reduced(operands)
    rms = tf.sqrt(2 * squares / counts)
    none = tf.zeros_like(rms)
    usual = tf.stack([rms, total / counts, low, high, none, none], axis=1)
    # Where an element is not finite, one of the four is not.
    finite = tf.reduce_all(tf.math.is_finite(usual), axis=1)
    plain = finite & ((rms > TINY) | ((low == 0) & (high == 0)))
    return tf.cond(tf.reduce_all(plain), lambda: usual, lambda: _all_careful(operands))


def extremes(value: Any) -> Any:
    """The columns `moments.EXTREMES` of a tensor of any shape, float32 [4]."""
    flat = tf.reshape(as_float32(value), [-1])
    finite = tf.math.is_finite(flat)
    any_finite = tf.reduce_any(finite)
    low = tf.reduce_min(tf.where(finite, flat, float("inf")))
    high = tf.reduce_max(tf.where(finite, flat, float("-inf")))
    nans = tf.reduce_sum(tf.cast(tf.math.is_nan(flat), tf.float32))
    infinities = tf.reduce_sum(tf.cast(tf.math.is_inf(flat), tf.float32))
    return tf.stack([*(tf.where(any_finite, x, float("nan")) for x in (low, high)), nans, infinities])


def _all_careful(operands: Sequence[Operand]) -> Any:
    """What `measure` gives, whatever the operands hold."""
    # Called functions: written out for each tensor, this was most of a step's graph, and it hardly ever runs.
    return tf.stack(
        [
            shared_function(_careful, [x.values])
            if x.padding is None
            else shared_function(_careful_padded, [x.values, x.extremes, x.count])
            for x in operands
        ]
    )


def _careful(values: Any) -> Any:
    return _careful_padded(values, values, tf.cast(tf.size(values), tf.float32))


def _careful_padded(values: Any, padded: Any, count: Any) -> Any:
    """One tensor's columns, float32 [6]; moments are of x / max|x|, so that squares fit."""
    finite = tf.math.is_finite(values)
    known = count - tf.reduce_sum(tf.cast(~finite, tf.float32))
    numbers = tf.where(finite, values, 0.0)
    peak = tf.maximum(tf.reduce_max(numbers), -tf.reduce_min(numbers))
    scaled = numbers / tf.where(peak > 0, peak, 1.0)
    finite_extremes = tf.math.is_finite(padded)
    moments = [
        peak * tf.sqrt(tf.reduce_sum(tf.square(scaled)) / known),
        peak * (tf.reduce_sum(scaled) / known),
        tf.reduce_min(tf.where(finite_extremes, padded, float("inf"))),
        tf.reduce_max(tf.where(finite_extremes, padded, float("-inf"))),
    ]
    nans = tf.reduce_sum(tf.cast(tf.math.is_nan(values), tf.float32))
    infinities = tf.reduce_sum(tf.cast(tf.math.is_inf(values), tf.float32))
    return tf.stack([*(tf.where(known > 0, m, float("nan")) for m in moments), nans, infinities])
