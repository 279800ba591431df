"""The full statistics of a recorded step.

Whole-tensor reductions that TensorFlow has native kernels for (`l2_loss`, sum, max, min) run at memory speed;
anything that writes a temporary as large as the tensor costs five to twenty times as much. So the usual
case uses only those, and what they cannot say (a square that overflowed, a NaN among numbers)
is worked out carefully in a branch that is taken only when they give it away. A compiler has no such kernels,
and two branches take it twice as long: there everything is worked out carefully.
"""

from collections.abc import Callable, Sequence
from typing import Any, Final

import tensorflow as tf

from tb_gradhealth.capture.tensorflow.measuring.extremes import is_compiled
from tb_gradhealth.capture.tensorflow.measuring.operands import Operand
from tb_gradhealth.capture.tensorflow.measuring.reductions import reduced

MEASURED: Final = ("rms", "mean", "minimum", "maximum", "zero_fraction", "nan_count", "inf_count")
"""The columns `measure` gives, in order."""

TINY: Final = 1e-15
"""Below this, squares come near the smallest float32 and lose digits: the careful branch scales first."""


def measure(operands: Sequence[Operand], zeros: Any) -> Any:
    """The columns `MEASURED` of every operand, float32 [n, 7], reading each four times.

    Moments and extremes are over finite elements, NaN where there are none; fraction and counts over all.
    ``zeros`` is the fraction, float32 [n], see `magnitudes.sampled`.
    """
    if is_compiled():
        return combined(careful_statistics(operands), zeros)
    counts = tf.stack([x.count for x in operands])
    squares, total, low, high = reduced(operands)
    rms = tf.sqrt(2 * squares / counts)
    return unless_doubtful(rms, total / counts, low, high, zeros, lambda: careful_statistics(operands))


def unless_doubtful(rms: Any, mean: Any, low: Any, high: Any, zeros: Any, careful: Callable[[], Any]) -> Any:
    """The columns `MEASURED` of several tensors, float32 [n, 7], from what plain reductions gave of them.

    Args:
        rms: float32 [n], as the four that follow; where an element is not finite, this or one of the three
            that follow is not.
        mean: likewise.
        low: the minimum.
        high: the maximum.
        zeros: the share of zeros.
        careful: for when they cannot be trusted: RMS, mean, minimum, maximum, NaN count and infinity
            count, float32 [n, 6].
    """
    none = tf.zeros_like(rms)
    usual = tf.stack([rms, mean, low, high, none, none], axis=1)
    finite = tf.reduce_all(tf.math.is_finite(usual), axis=1)
    plain = finite & ((rms > TINY) | ((low == 0) & (high == 0)))
    return combined(tf.cond(tf.reduce_all(plain), lambda: usual, careful), zeros)


def combined(measured: Any, zeros: Any) -> Any:
    """The columns `MEASURED`, float32 [n, 7], from those of `careful_statistics` and the share of zeros."""
    return tf.concat([measured[:, :4], zeros[:, None], measured[:, 4:]], axis=1)


def careful_statistics(operands: Sequence[Operand]) -> Any:
    """RMS, mean, minimum, maximum, NaN count, infinity count, float32 [n, 6], whatever x holds."""
    return tf.stack(
        [
            _careful(
                tf.reshape(x.values, [-1]),
                tf.reshape(x.extremes, [-1]),
                tf.reshape(x.extremes if x.padding is None else x.values, [-1]),
                x.count,
            )
            for x in operands
        ]
    )


_VECTOR: Final = tf.TensorSpec([None], tf.float32)


# One function for all tensors, called: written out for each, it made up most of a step's graph and
# of the time to trace it, for something that hardly ever runs.
@tf.function(  # type: ignore[untyped-decorator]
    input_signature=[_VECTOR, _VECTOR, _VECTOR, tf.TensorSpec([], tf.float32)],
    autograph=False,
    experimental_attributes={"_noinline": True},
)
def _careful(values: Any, extremes: Any, elements: Any, count: Any) -> Any:
    """One tensor's `careful_statistics`, float32 [6]; moments are of x / max|x|, so that squares fit."""
    finite = tf.math.is_finite(values)
    known = count - tf.reduce_sum(tf.cast(~finite, tf.float32))
    numbers = tf.where(finite, values, 0.0)
    peak = tf.maximum(tf.reduce_max(numbers), -tf.reduce_min(numbers))
    scaled = numbers / tf.where(peak > 0, peak, 1.0)
    finite_extremes = tf.math.is_finite(extremes)
    moments = [
        peak * tf.sqrt(tf.reduce_sum(tf.square(scaled)) / known),
        peak * (tf.reduce_sum(scaled) / known),
        tf.reduce_min(tf.where(finite_extremes, extremes, float("inf"))),
        tf.reduce_max(tf.where(finite_extremes, extremes, float("-inf"))),
    ]
    nans = tf.reduce_sum(tf.cast(tf.math.is_nan(elements), tf.float32))
    infinities = tf.reduce_sum(tf.cast(tf.math.is_inf(elements), tf.float32))
    return tf.stack([*(tf.where(known > 0, m, float("nan")) for m in moments), nans, infinities])
