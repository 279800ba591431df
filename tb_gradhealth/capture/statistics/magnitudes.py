"""The log2-magnitude histograms of many tensors at once, and their shares of zeros.

A float's exponent is read from its bits, so no logarithm is taken. A large tensor gives at most 2,048 of its
elements: a share of p is then known to about sqrt(p / 2048).
"""

from collections.abc import Sequence
from typing import Final

import numpy as np
import numpy.typing as npt

from tb_gradhealth.capture.statistics.moments import Floats
from tb_gradhealth.record.magnitudes import BINS, LOWEST_EXPONENT, OCTAVES_PER_BIN, pack_shares

SAMPLE: Final = 2048
"""Elements of a large tensor that are counted."""

RUN: Final = 64
"""Of these, so many lie side by side: they cost as much to fetch as one."""

MANTISSA_BITS: Final = 23
EXPONENT_BIAS: Final = 127
FIRST_PAIR: Final = (LOWEST_EXPONENT + EXPONENT_BIAS + 1) // OCTAVES_PER_BIN - 1
INFINITY_BITS: Final = 0x7F800000
MAGNITUDE_MASK: Final = 0x7FFFFFFF

ZERO: Final = BINS
NOT_FINITE: Final = BINS + 1
ALL_BINS: Final = BINS + 2
"""Two more bins are counted, which are no part of the histogram."""


def histograms(values: Floats, sizes: Sequence[int]) -> tuple[npt.NDArray[np.float64], Floats]:
    """The share of zeros in each tensor, float64 [tensors], and its packed histogram, float32 [tensors, 10].

    Args:
        values: tensors that lie end to end, float32 [elements].
        sizes: elements of each.
    """
    tensors = len(sizes)
    owner = np.repeat(np.arange(tensors, dtype=np.int32) * ALL_BINS, sizes)
    numbers = np.bincount(owner + _bins(values), minlength=tensors * ALL_BINS).reshape(tensors, ALL_BINS)
    zeros = numbers[:, ZERO] / np.maximum(numbers.sum(axis=1), 1)
    kept = numbers[:, :BINS]
    return zeros, pack_shares(kept / np.maximum(kept.sum(axis=1, keepdims=True), 1))


def sample(values: Floats) -> Floats:
    """At most `SAMPLE` elements of a tensor, in evenly spaced runs, float32 [elements]; all of a small one.

    The runs begin an odd number of elements apart: an even one would, where the last axis is a power of two,
    visit only some channels.
    """
    flat = values.reshape(-1)
    if flat.size <= SAMPLE:
        return flat
    runs = SAMPLE // RUN
    apart = flat.size // runs
    apart -= 1 - apart % 2
    return flat[: runs * apart].reshape(runs, apart)[:, :RUN].reshape(-1)


def _bins(values: Floats) -> npt.NDArray[np.int32]:
    """Each element's bin, int32 [elements]; one of its own for zeros, and one for what is not finite."""
    bits = np.ascontiguousarray(values).view(np.int32) & MAGNITUDE_MASK
    # A bin is two octaves wide, so its number is the exponent without its last bit: one shift, no division.
    bins = ((bits >> MANTISSA_BITS) + 1 >> 1) - FIRST_PAIR
    np.clip(bins, 0, BINS - 1, out=bins)
    bins[bits == 0] = ZERO
    bins[bits >= INFINITY_BITS] = NOT_FINITE
    return bins
