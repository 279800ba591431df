"""The numbers measured of each tensor: a cheap watch for every step, full statistics for a recorded one.

Whole-tensor reductions that TensorFlow has native kernels for (`l2_loss`, sum, max, min) run at memory speed;
anything that writes a temporary as large as the tensor costs five to twenty times as much. So the usual
case uses only those, and what they cannot say (a square that overflowed, a NaN among numbers)
is worked out carefully in a branch that is taken only when they give it away.
"""

from collections.abc import Callable, Sequence
from typing import Any, Final, NamedTuple

import tensorflow as tf

from tb_gradhealth.capture.tensorflow.operands import Operand
from tb_gradhealth.capture.tensorflow.sampling import sample

MOMENTS: Final = ("rms", "mean", "minimum", "maximum", "zero_fraction", "nan_count", "inf_count")
"""The columns `moments` gives, in order: the first of `tb_gradhealth.record.COLUMNS`."""

TINY: Final = 1e-15
"""Below this, squares come near the smallest float32 and lose digits: the careful branch scales first."""


ZERO_SAMPLE: Final = 65_536
"""Zeros are counted one by one in tensors up to this size, and in an even sample of larger ones."""


class Watch(NamedTuple):
    """What is known of n tensors at every step.

    Attributes:
        rms: sqrt(mean(x²)) over finite elements, float32 [n]; NaN where no element is finite.
        peak: largest finite |x|, float32 [n]; NaN where no element is finite.
        bad: whether any element is NaN or infinite, bool [n].
        overflowed: whether a sum of squares did not fit float32, bool [n]; true wherever ``bad`` is.
    """

    rms: Any
    peak: Any
    bad: Any
    overflowed: Any


def watch(operands: Sequence[Operand]) -> Watch:
    """The watch of every operand, reading each three times; every element, so that nothing is missed."""
    counts = tf.stack([x.count for x in operands])
    squares = 2 * tf.stack([tf.nn.l2_loss(x.values) for x in operands])
    high = tf.stack([tf.reduce_max(x.values) for x in operands])
    low = tf.stack([tf.reduce_min(x.values) for x in operands])
    peaks = tf.maximum(high, -low)
    overflowed = ~tf.math.is_finite(squares)

    def usual() -> tuple[Any, Any, Any]:
        return tf.sqrt(squares / counts), peaks, tf.zeros_like(overflowed)

    def careful() -> tuple[Any, Any, Any]:
        exact = careful_statistics(operands)
        return exact[:, 0], exact[:, 1], exact[:, 5] + exact[:, 6] > 0

    rms, peak, bad = tf.cond(tf.reduce_any(overflowed), careful, usual)
    return Watch(rms, peak, bad, overflowed | bad)


def seldom(predicate: Any, branch: Callable[[], Any], otherwise: Callable[[], Any]) -> Any:
    """`tf.cond` for a branch that is long and seldom taken.

    TensorFlow unfolds a condition into the graph around it, where every operation of the branch not taken
    still costs a visit: 1 ms a step for a network of 20 layers. Kept as one function, it costs one.
    """
    body = tf.function(branch, autograph=False, experimental_attributes={"_noinline": True})
    return tf.cond(predicate, body, otherwise)


def moments(operands: Sequence[Operand], seen: Watch) -> Any:
    """The columns `MOMENTS` of every operand, float32 [n, 7]; ``seen`` is their watch.

    Moments and extremes are over finite elements, NaN where there are none; fraction and counts over all.
    """
    plain = ~seen.overflowed & ((seen.rms > TINY) | ((seen.rms == 0) & (seen.peak == 0)))

    def usual() -> Any:
        mean = tf.stack([tf.reduce_sum(x.values) for x in operands]) / tf.stack([x.count for x in operands])
        low = tf.stack([tf.reduce_min(x.extremes) for x in operands])
        high = tf.stack([tf.reduce_max(x.extremes) for x in operands])
        none = tf.zeros_like(low)
        return tf.stack([seen.rms, mean, low, high, none, none], axis=1)

    def careful() -> Any:
        exact = careful_statistics(operands)
        return tf.concat([exact[:, :1], exact[:, 2:]], axis=1)

    measured = tf.cond(tf.reduce_all(plain), usual, careful)
    zeros = tf.stack([_zero_fraction(x) for x in operands])[:, None]
    return tf.concat([measured[:, :4], zeros, measured[:, 4:]], axis=1)


def careful_statistics(operands: Sequence[Operand]) -> Any:
    """RMS, peak |x|, mean, minimum, maximum, NaN count, infinity count, float32 [n, 7], whatever x holds."""
    flat = [(tf.reshape(x.values, [-1]), tf.reshape(x.extremes, [-1]), x.count) for x in operands]
    return tf.stack([_careful(*arguments) for arguments in flat])


_VECTOR: Final = tf.TensorSpec([None], tf.float32)


# One function for all tensors, called: written out for each, it made up most of a step's graph and
# of the time to trace it, for something that hardly ever runs.
@tf.function(  # type: ignore[untyped-decorator]
    input_signature=[_VECTOR, _VECTOR, tf.TensorSpec([], tf.float32)],
    autograph=False,
    experimental_attributes={"_noinline": True},
)
def _careful(values: Any, extremes: Any, count: Any) -> Any:
    """One tensor's `careful_statistics`, float32 [7]; moments are of x / max|x|, so that squares fit."""
    finite = tf.math.is_finite(values)
    wrong = tf.reduce_sum(tf.cast(~finite, tf.float32))
    nans = tf.reduce_sum(tf.cast(tf.math.is_nan(values), tf.float32))
    numbers = tf.where(finite, values, 0.0)
    peak = tf.maximum(tf.reduce_max(numbers), -tf.reduce_min(numbers))
    scaled = numbers / tf.where(peak > 0, peak, 1.0)
    known = count - wrong
    finite_extremes = tf.math.is_finite(extremes)
    moments = [
        peak * tf.sqrt(tf.reduce_sum(tf.square(scaled)) / known),
        peak,
        peak * (tf.reduce_sum(scaled) / known),
        tf.reduce_min(tf.where(finite_extremes, extremes, float("inf"))),
        tf.reduce_max(tf.where(finite_extremes, extremes, float("-inf"))),
    ]
    return tf.stack([*(tf.where(known > 0, m, float("nan")) for m in moments), nans, wrong - nans])


def _zero_fraction(x: Operand) -> Any:
    if x.padding is not None:
        return (tf.reduce_sum(tf.cast(x.values == 0, tf.float32)) - x.padding) / x.count
    return tf.reduce_mean(tf.cast(sample(x.values, ZERO_SAMPLE) == 0, tf.float32))
