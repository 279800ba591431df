"""The log2-magnitude histograms of many tensors at once, and their shares of zeros.

A float's exponent is read from its bits, so no logarithm is computed. Of a large tensor at most 2,048
elements are counted: the standard error of a share p is then about sqrt(p / 2048).
"""

import functools
from collections.abc import Sequence
from typing import Final

import numpy as np
import numpy.typing as npt

from tb_gradhealth.capture.statistics.arrays import Floats
from tb_gradhealth.record.magnitudes import BINS, LOWEST_EXPONENT, OCTAVES_PER_BIN, pack_shares

SAMPLE: Final = 2048
"""Elements of a large tensor that are counted."""

RUN: Final = 64
"""Adjacent elements in each run of a sample: they cost as much to fetch as one."""

MANTISSA_BITS: Final = 23
EXPONENTS: Final = 256
EXPONENT_BIAS: Final = 127

CACHED_OFFSETS: Final = 8
"""Sets of tensors whose offsets are cached."""

ZERO: Final = BINS
"""Where elements without an exponent are counted: zeros and numbers below the smallest normal one."""
NOT_FINITE: Final = BINS + 1
"""Where infinities and NaN are counted."""
COUNTS: Final = BINS + 2

_PAIRS = (np.arange(EXPONENTS) - EXPONENT_BIAS - LOWEST_EXPONENT) // OCTAVES_PER_BIN + 1
BIN_OF_EXPONENT: Final = np.clip(_PAIRS, 0, BINS - 1)
"""The count to which a biased float32 exponent belongs, int64 [256]."""
BIN_OF_EXPONENT[0], BIN_OF_EXPONENT[-1] = ZERO, NOT_FINITE


def histograms(values: Floats, sizes: Sequence[int]) -> tuple[npt.NDArray[np.float64], Floats]:
    """The share of zeros in each tensor, float64 [tensors], and its packed histogram, float32 [tensors, 10].

    Args:
        values: concatenated tensors, float32 [elements].
        sizes: elements of each.
    """
    tensors = len(sizes)
    exponents = np.ascontiguousarray(values).view(np.int32) >> MANTISSA_BITS & EXPONENTS - 1
    indices = _offsets(tuple(sizes)) + BIN_OF_EXPONENT.take(exponents)
    counts = np.bincount(indices, minlength=tensors * COUNTS).reshape(tensors, COUNTS)
    zeros = zero_counts(values, sizes)
    counts[:, 0] += counts[:, ZERO] - zeros  # those that are not 0 are denormal
    counted = counts[:, :BINS]
    shares = counted / np.maximum(counted.sum(axis=1, keepdims=True), 1)
    return zeros / np.maximum(sizes, 1), pack_shares(shares)


def zero_counts(values: Floats, sizes: Sequence[int]) -> npt.NDArray[np.int64]:
    """The zeros in each tensor, int64 [tensors]; arguments as for `histograms`."""
    before = np.searchsorted(np.flatnonzero(values == 0), np.cumsum([0, *sizes]))
    return np.diff(before)


@functools.lru_cache(CACHED_OFFSETS)
def _offsets(sizes: tuple[int, ...]) -> npt.NDArray[np.int64]:
    """The index of the first count of each element's tensor, int64 [elements]."""
    return np.repeat(np.arange(len(sizes)) * COUNTS, sizes)


def sample(values: Floats) -> Floats:
    """At most `SAMPLE` elements of a tensor, in evenly spaced runs, float32 [elements]; all of a small one.

    The runs begin an odd number of elements apart: with an even number and a last axis that is a power of
    two, the sample would contain only some channels.
    """
    flat = values.reshape(-1)
    if flat.size <= SAMPLE:
        return flat
    runs = SAMPLE // RUN
    stride = flat.size // runs
    stride -= 1 - stride % 2
    return flat[: runs * stride].reshape(runs, stride)[:, :RUN].reshape(-1)
