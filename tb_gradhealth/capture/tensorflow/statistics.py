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

PART: Final = 8
"""Between two records, one part of so many of a batch stands for all of an activation."""


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


def watch(operands: Sequence[Operand], whole: bool) -> Watch:
    """The watch of every operand, reading each three times.

    Activations are by far the largest tensors of a convolutional network: reading them once cost 2 % of
    a step. So only the first eighth of a batch is read unless the ``whole`` is asked for. Should anything of
    the step not be finite, every tensor is read whole.
    """
    parts = [x.values if whole else first_part(x) for x in operands]
    counts = tf.stack([_count(x, part) for x, part in zip(operands, parts, strict=True)])
    squares = 2 * tf.stack([tf.nn.l2_loss(part) for part in parts])
    peaks = tf.maximum(
        tf.stack([tf.reduce_max(part) for part in parts]), -tf.stack([tf.reduce_min(part) for part in parts])
    )
    overflowed = ~tf.math.is_finite(squares)

    def usual() -> tuple[Any, Any, Any]:
        return tf.sqrt(squares / counts), peaks, tf.zeros_like(overflowed)

    def careful() -> tuple[Any, Any, Any]:
        exact = [_careful_watch(x) for x in operands]
        return tuple(tf.stack(column) for column in zip(*exact, strict=True))

    rms, peak, bad = seldom(tf.reduce_any(overflowed), careful, usual)
    return Watch(rms, peak, bad, overflowed | bad)


def first_part(x: Operand) -> Any:
    """The first eighth of a batch, the whole of anything else, float32."""
    if not x.batched or x.values.shape.rank < 2:
        return x.values
    return x.values[: tf.maximum(tf.shape(x.values)[0] // PART, 1)]


def seldom(predicate: Any, branch: Callable[[], Any], otherwise: Callable[[], Any]) -> Any:
    """`tf.cond` for a branch that is long and seldom taken.

    TensorFlow unfolds a condition into the graph around it, where every operation of the branch not taken
    still costs a visit: 1 ms a step for a network of 20 layers. Kept as one function, it costs one.
    """
    body = tf.function(branch, autograph=False, experimental_attributes={"_noinline": True})
    return tf.cond(predicate, body, otherwise)


def moments(operands: Sequence[Operand], seen: Watch) -> Any:
    """The columns `MOMENTS` of every operand, float32 [n, 7]; ``seen`` is their watch, of the whole.

    Moments and extremes are over finite elements, NaN where there are none; fraction and counts over all.
    """
    plain = ~seen.overflowed & ((seen.rms > TINY) | ((seen.rms == 0) & (seen.peak == 0)))
    counts = tf.stack([x.count for x in operands])

    def usual() -> tuple[Any, Any, Any, Any, Any, Any]:
        none = tf.zeros_like(counts)
        return (
            seen.rms,
            tf.stack([tf.reduce_sum(x.values) for x in operands]) / counts,
            tf.stack([tf.reduce_min(x.extremes) for x in operands]),
            tf.stack([tf.reduce_max(x.extremes) for x in operands]),
            none,
            none,
        )

    def careful() -> tuple[Any, Any, Any, Any, Any, Any]:
        exact = [_careful_moments(x) for x in operands]
        return tuple(tf.stack(column) for column in zip(*exact, strict=True))

    rms, mean, minimum, maximum, nans, infs = seldom(~tf.reduce_all(plain), careful, usual)
    zeros = tf.stack([_zero_fraction(x) for x in operands])
    return tf.stack([rms, mean, minimum, maximum, zeros, nans, infs], axis=1)


def _count(x: Operand, part: Any) -> Any:
    return tf.cast(tf.size(part), tf.float32) if x.batched else x.count


def _peak(tensor: Any) -> Any:
    return tf.maximum(tf.reduce_max(tensor), -tf.reduce_min(tensor))


def _zero_fraction(x: Operand) -> Any:
    if x.padding is not None:
        return (tf.reduce_sum(tf.cast(x.values == 0, tf.float32)) - x.padding) / x.count
    return tf.reduce_mean(tf.cast(sample(x.values, ZERO_SAMPLE) == 0, tf.float32))


def _careful_watch(x: Operand) -> tuple[Any, Any, Any]:
    finite = tf.math.is_finite(x.values)
    count, peak, scaled = _scaled(x, finite)
    rms = peak * tf.sqrt(tf.reduce_sum(tf.square(scaled)) / count)
    return rms, tf.where(count > 0, peak, float("nan")), ~tf.reduce_all(finite)


def _careful_moments(x: Operand) -> tuple[Any, Any, Any, Any, Any, Any]:
    finite = tf.math.is_finite(x.values)
    count, peak, scaled = _scaled(x, finite)
    nans = tf.reduce_sum(tf.cast(tf.math.is_nan(x.values), tf.float32))
    wrong = tf.reduce_sum(tf.cast(~finite, tf.float32))
    finite_extremes = tf.math.is_finite(x.extremes)
    low = tf.reduce_min(tf.where(finite_extremes, x.extremes, float("inf")))
    high = tf.reduce_max(tf.where(finite_extremes, x.extremes, float("-inf")))
    none = tf.constant(float("nan"))
    return (
        peak * tf.sqrt(tf.reduce_sum(tf.square(scaled)) / count),
        peak * (tf.reduce_sum(scaled) / count),
        tf.where(count > 0, low, none),
        tf.where(count > 0, high, none),
        nans,
        wrong - nans,
    )


def _scaled(x: Operand, finite: Any) -> tuple[Any, Any, Any]:
    """Finite elements' number, their largest |x|, and x divided by it with 0 for the others."""
    values = tf.where(finite, x.values, 0.0)
    peak = _peak(values)
    count = x.count - tf.reduce_sum(tf.cast(~finite, tf.float32))
    return count, peak, values / tf.where(peak > 0, peak, 1.0)
