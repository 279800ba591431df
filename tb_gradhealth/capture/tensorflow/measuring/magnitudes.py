"""The log2-magnitude histogram of `tb_gradhealth.record.magnitudes`, computed inside the step.

A float's exponent is read from its bits, so no logarithm is taken. Every tensor gives at most 2,048 of its
elements, evenly strided: a share of p is then known to about sqrt(p / 2048).
"""

from collections.abc import Sequence
from typing import Any, Final

import tensorflow as tf

from tb_gradhealth.capture.tensorflow.measuring.operands import Operand
from tb_gradhealth.capture.tensorflow.measuring.sampling import sample
from tb_gradhealth.capture.tensorflow.measuring.segments import counts
from tb_gradhealth.record.magnitudes import (
    BINS,
    BYTES_PER_FLOAT,
    LOWEST_EXPONENT,
    OCTAVES_PER_BIN,
    PACKED,
)

SAMPLE: Final = 2048
MANTISSA_BITS: Final = 23
EXPONENT_BIAS: Final = 127
FIRST_PAIR: Final = (LOWEST_EXPONENT + EXPONENT_BIAS + 1) // OCTAVES_PER_BIN - 1
INFINITY_BITS: Final = 0x7F800000
MAGNITUDE_MASK: Final = 0x7FFFFFFF


def packed_magnitudes(operands: Sequence[Operand]) -> Any:
    """The packed histogram of every operand, float32 [n, 10], as `record.magnitudes.pack_shares` packs it."""
    samples = [sample(x.values, SAMPLE) for x in operands]
    rows = tf.concat(
        [
            tf.fill(s.shape if s.shape.is_fully_defined() else tf.shape(s), index)
            for index, s in enumerate(samples)
        ],
        0,
    )
    return histogram(tf.concat(samples, 0), rows, len(samples))


def histogram(values: Any, owner: Any, tensors: int) -> Any:
    """The packed histograms of several tensors that lie in one vector, float32 [tensors, 10].

    Args:
        values: float32 [m].
        owner: which tensor each element belongs to, int32 [m].
        tensors: how many there are.
    """
    bins = _bins(values)
    # Elements that do not count go into one more bin, which is dropped.
    numbers = counts(owner * (BINS + 1) + bins, tensors * (BINS + 1))
    kept = tf.reshape(numbers, [tensors, BINS + 1])[:, :BINS]
    shares = kept / tf.maximum(tf.reduce_sum(kept, axis=1, keepdims=True), 1.0)
    codes = tf.reshape(tf.round(255 * tf.sqrt(shares)), [tensors, PACKED, BYTES_PER_FLOAT])
    return tf.reduce_sum(codes * tf.constant([1.0, 256.0, 65536.0]), axis=-1)


def _bins(values: Any) -> Any:
    """Each element's bin, int32 [m]; `BINS` for zeros and what is not finite."""
    bits = tf.bitwise.bitwise_and(tf.bitcast(values, tf.int32), MAGNITUDE_MASK)
    # A bin is two octaves wide, so its number is the exponent without its last bit: one shift, no division.
    pairs = tf.bitwise.right_shift(bits + (1 << MANTISSA_BITS), MANTISSA_BITS + 1)
    bins = tf.clip_by_value(pairs - FIRST_PAIR, 0, BINS - 1)
    return tf.where((bits > 0) & (bits < INFINITY_BITS), bins, BINS)
