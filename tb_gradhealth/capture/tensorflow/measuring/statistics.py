"""The full statistics of a recorded step.

Whole-tensor reductions that TensorFlow has native kernels for (`l2_loss`, sum, max, min) run at memory speed;
anything that writes a temporary as large as the tensor costs five to twenty times as much. So the usual
case uses only those, and what they cannot say (a square that overflowed, a NaN among numbers)
is worked out carefully in a branch that is taken only when they give it away.
"""

import itertools
from collections.abc import Callable, Sequence
from typing import Any, Final

import tensorflow as tf

from tb_gradhealth.capture.tensorflow.measuring.extremes import highest, is_compiled
from tb_gradhealth.capture.tensorflow.measuring.operands import Operand

MEASURED: Final = ("rms", "mean", "minimum", "maximum", "zero_fraction", "nan_count", "inf_count")
"""The columns `measure` gives, in order."""

TINY: Final = 1e-15
"""Below this, squares come near the smallest float32 and lose digits: the careful branch scales first."""

HUGE: Final = 1 << 22
BLOCK: Final = 1 << 19
"""A tensor from so many elements on is read in blocks of so many, which stay in the cache meanwhile."""

LANES: Final = 2
"""So many reductions run at a time: what one has read is still in the cache for the next, and what need not
be handed from thread to thread is not. A large one spreads over all cores by itself."""

MOST_BLOCKS: Final = 32
"""They are a multiple of that size where there would be more, for the graph's sake."""


def measure(operands: Sequence[Operand], zeros: Any) -> Any:
    """The columns `MEASURED` of every operand, float32 [n, 7], reading each four times.

    Moments and extremes are over finite elements, NaN where there are none; fraction and counts over all.
    ``zeros`` is the fraction, float32 [n], see `magnitudes.sampled`.
    """
    counts = tf.stack([x.count for x in operands])
    squares, total, low, high = _reduced(operands)
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
    measured = tf.cond(tf.reduce_all(plain), lambda: usual, careful)
    return tf.concat([measured[:, :4], zeros[:, None], measured[:, 4:]], axis=1)


def _reduced(operands: Sequence[Operand]) -> Any:
    """Half the sum of squares, sum, minimum and maximum of every operand, float32 [4, n]."""
    blocks = [(number, block) for number, x in enumerate(operands) for block in _blocks(x)]
    of_blocks: list[list[Any]] = [[] for _ in operands]
    lanes: list[list[Any]] = [[] for _ in range(LANES)]
    for (number, (values, extremes)), lane in zip(blocks, itertools.cycle(lanes)):
        for reduction, elements in (
            (tf.nn.l2_loss, values),
            (tf.reduce_sum, values),
            (tf.reduce_min, extremes),
            (highest, extremes),
        ):
            with tf.control_dependencies(lane[-1:]):
                lane.append(reduction(elements))
        of_blocks[number].append(tf.stack(lane[-4:]))
    results = [parts[0] if len(parts) == 1 else _together(tf.stack(parts)) for parts in of_blocks]
    return tf.unstack(tf.stack(results), axis=1)


def _blocks(x: Operand) -> list[tuple[Any, Any]]:
    """The parts of a huge operand that are read one after the other; they lie in it, nothing is copied."""
    size = x.values.shape.num_elements()
    if size is None or size < HUGE or x.values is not x.extremes or is_compiled():
        return [(x.values, x.extremes)]
    flat = tf.reshape(x.values, [-1])
    block = -(-size // (BLOCK * MOST_BLOCKS)) * BLOCK
    whole = size // block
    parts = tf.unstack(tf.reshape(flat[: whole * block], [whole, block]))
    if size % block:
        parts.append(flat[whole * block :])
    return [(part, part) for part in parts]


def _together(of_blocks: Any) -> Any:
    """What `_reduced` takes of each block, float32 [blocks, 4], for all of them, float32 [4]."""
    squares, total, low, high = tf.unstack(of_blocks, axis=1)
    return tf.stack([tf.reduce_sum(squares), tf.reduce_sum(total), tf.reduce_min(low), highest(high)])


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
