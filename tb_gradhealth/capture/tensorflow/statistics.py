"""The numbers measured of each tensor: a cheap watch for every step, full statistics for a recorded one.

Whole-tensor reductions that TensorFlow has native kernels for (`l2_loss`, sum, max, min) run at memory speed;
anything that writes a temporary as large as the tensor costs five to twenty times as much. So the usual
case uses only those, and what they cannot say (a square that overflowed, a NaN among numbers)
is worked out carefully in a branch that is taken only when they give it away.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import tensorflow as tf

from tb_gradhealth.capture.tensorflow.operands import Operand

MOMENTS: Final = ("rms", "mean", "minimum", "maximum", "zero_fraction", "nan_count", "inf_count")
"""The columns `moments` gives, in order: the first of `tb_gradhealth.record.COLUMNS`."""

TINY: Final = 1e-15
"""Below this, squares come near the smallest float32 and lose digits: the careful branch scales first."""


@dataclass(frozen=True)
class Watch:
    """What is known of n tensors at every step.

    Attributes:
        rms: sqrt(mean(x²)) over finite elements, float32 [n]; NaN where no element is finite.
        peak: largest finite |x|, float32 [n]; NaN where no element is finite.
        bad: whether any element is NaN or infinite, bool [n].
        overflowed: whether the sum of squares did not fit float32, bool [n]; true wherever ``bad`` is.
        active: for each unit of the operands that have units, one after the other, whether it was non-zero
            anywhere: 1.0 or 0.0, float32 [sum of units].
    """

    rms: Any
    peak: Any
    bad: Any
    overflowed: Any
    active: Any


def watch(operands: Sequence[Operand]) -> Watch:
    """The watch of every operand, reading each two or three times."""
    squares = tf.stack([2 * tf.nn.l2_loss(x.values) for x in operands])
    unit_peaks = [tf.reduce_max(x.values, axis=_leading(x.values)) for x in operands if x.units]
    remaining = iter(unit_peaks)
    peaks = tf.stack([tf.reduce_max(next(remaining)) if x.units else _peak(x.values) for x in operands])
    overflowed = ~tf.math.is_finite(squares)
    counts = tf.stack([x.count for x in operands])

    def usual() -> tuple[Any, Any, Any]:
        return tf.sqrt(squares / counts), peaks, tf.zeros_like(overflowed)

    def careful() -> tuple[Any, Any, Any]:
        exact = [_careful_watch(x) for x in operands]
        return tuple(tf.stack(column) for column in zip(*exact, strict=True))  # type: ignore[return-value]

    rms, peak, bad = tf.cond(tf.reduce_any(overflowed), careful, usual)
    # NaN != 0 is true: a unit that is NaN is not dead.
    active = tf.concat([tf.cast(p != 0, tf.float32) for p in unit_peaks] or [tf.zeros([0])], 0)
    return Watch(rms, peak, bad, overflowed, active)


def moments(operands: Sequence[Operand], seen: Watch) -> Any:
    """The columns `MOMENTS` of every operand, float32 [n, 7].

    Moments and extremes are over finite elements and NaN where there are none; the fractions and counts over all.
    """
    plain = ~seen.overflowed & ((seen.peak == 0) | (seen.peak > TINY))
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
        return tuple(tf.stack(column) for column in zip(*exact, strict=True))  # type: ignore[return-value]

    rms, mean, minimum, maximum, nans, infs = tf.cond(tf.reduce_all(plain), usual, careful)
    zeros = tf.stack([_zeros(x) for x in operands]) / counts
    return tf.stack([rms, mean, minimum, maximum, zeros, nans, infs], axis=1)


def _leading(tensor: Any) -> list[int]:
    return list(range(tensor.shape.rank - 1))


def _peak(tensor: Any) -> Any:
    return tf.maximum(tf.reduce_max(tensor), -tf.reduce_min(tensor))


def _zeros(x: Operand) -> Any:
    zeros = tf.reduce_sum(tf.cast(x.values == 0, tf.float32))
    return zeros if x.padding is None else zeros - x.padding


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
