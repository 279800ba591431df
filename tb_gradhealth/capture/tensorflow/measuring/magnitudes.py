"""The log2-magnitude histogram of `tb_gradhealth.record.magnitudes` and the share of zeros, inside the step.

A float's exponent is read from its bits, so no logarithm is taken. Every tensor gives at most 2,048 of its
elements, evenly strided: a share of p is then known to about sqrt(p / 2048). One sample serves both: a
second one for the zeros alone was five operations more a tensor.
"""

from collections.abc import Sequence
from typing import Any, Final

import tensorflow as tf

from tb_gradhealth.capture.tensorflow.measuring.operands import Operand
from tb_gradhealth.capture.tensorflow.measuring.sampling import sample
from tb_gradhealth.capture.tensorflow.measuring.segments import counts, owners
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

ZERO: Final = BINS
NOT_FINITE: Final = BINS + 1
ALL_BINS: Final = BINS + 2
"""Two more bins are counted, which are no part of the histogram."""


def sampled(operands: Sequence[Operand]) -> tuple[Any, Any]:
    """The share of zeros in every operand, float32 [n], and its packed histogram, float32 [n, 10].

    The histogram is packed as `record.magnitudes.pack_shares` packs it.
    """
    samples: list[Any] = []
    for x in operands:
        with tf.control_dependencies(samples[-1:]):
            samples.append(sample(x.values, SAMPLE))
    zeros, magnitudes = histogram(tf.concat(samples, 0), _owner(samples), len(samples))
    if any(x.padding is not None for x in operands):
        both = zip(operands, tf.unstack(zeros), strict=True)
        zeros = tf.stack([share if x.padding is None else _zeros_but_padding(x) for x, share in both])
    return zeros, magnitudes


def histogram(values: Any, owner: Any, tensors: int) -> tuple[Any, Any]:
    """The shares of zeros and the packed histograms of several tensors that lie in one vector.

    Args:
        values: float32 [m].
        owner: which tensor each element belongs to, int32 [m].
        tensors: how many there are.

    Returns:
        float32 [tensors] and float32 [tensors, 10].
    """
    numbers = tf.reshape(counts(owner * ALL_BINS + _bins(values), tensors * ALL_BINS), [tensors, ALL_BINS])
    zeros = numbers[:, ZERO] / tf.reduce_sum(numbers, axis=1)
    kept = numbers[:, :BINS]
    shares = kept / tf.maximum(tf.reduce_sum(kept, axis=1, keepdims=True), 1.0)
    codes = tf.reshape(tf.round(255 * tf.sqrt(shares)), [tensors, PACKED, BYTES_PER_FLOAT])
    return zeros, tf.reduce_sum(codes * tf.constant([1.0, 256.0, 65536.0]), axis=-1)


def _owner(samples: Sequence[Any]) -> Any:
    """Which of the samples each element of all of them belongs to, int32 [m]."""
    sizes = [x.shape[0] for x in samples]
    if None not in sizes:
        return owners(sizes)
    return tf.repeat(tf.range(len(samples)), tf.stack([tf.size(x) for x in samples]))


def _zeros_but_padding(x: Operand) -> Any:
    return (tf.reduce_sum(tf.cast(x.values == 0, tf.float32)) - x.padding) / x.count


def _bins(values: Any) -> Any:
    """Each element's bin, int32 [m]; one of its own for zeros, and one for what is not finite."""
    bits = tf.bitwise.bitwise_and(tf.bitcast(values, tf.int32), MAGNITUDE_MASK)
    # A bin is two octaves wide, so its number is the exponent without its last bit: one shift, no division.
    pairs = tf.bitwise.right_shift(bits + (1 << MANTISSA_BITS), MANTISSA_BITS + 1)
    bins = tf.clip_by_value(pairs - FIRST_PAIR, 0, BINS - 1)
    return tf.where(bits == 0, ZERO, tf.where(bits < INFINITY_BITS, bins, NOT_FINITE))
