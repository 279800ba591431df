"""The log2-magnitude histogram of a tensor, and its packing into a few float32 columns.

Thirty bins over |x| of the finite, non-zero elements: one below 2**-40, twenty-eight of two octaves
each from 2**-40 to 2**16, one above. Even edges put the limits of fp16 (2**-14, 2**-24) and fp8
(2**-6) on bin borders, so underflow shares can be computed from it.

Packed: each bin's share is stored in 8 bits as round(255 * sqrt(share)), which keeps shares down to
4e-6 visible, and three such bytes form one whole number below 2**24, exact in float32. That is 40
bytes instead of 120, and plain arithmetic: no bit casts, whose NaN patterns a compiler may rewrite.
"""

from typing import Final

import numpy as np
import numpy.typing as npt

BINS: Final = 30
BYTES_PER_FLOAT: Final = 3
PACKED: Final = BINS // BYTES_PER_FLOAT
LOWEST_EXPONENT: Final = -40
OCTAVES_PER_BIN: Final = 2

EDGES: Final = LOWEST_EXPONENT + OCTAVES_PER_BIN * np.arange(BINS - 1)
"""Exponents of two at the BINS - 1 inner borders, int64 of shape [29]: -40, -38, ... 16."""


def magnitude_shares(values: npt.ArrayLike) -> npt.NDArray[np.float64]:
    """Share of the finite non-zero elements in each bin; zeros where there are none.

    Args:
        values: any shape, any real dtype.

    Returns:
        float64 of shape [30] that sums to 1 (or to 0 for an all-zero tensor).
    """
    flat = np.asarray(values, dtype=np.float64).ravel()
    flat = np.abs(flat[np.isfinite(flat) & (flat != 0)])
    exponents = np.frexp(flat)[1] - 1
    bins = np.clip((exponents - LOWEST_EXPONENT) // OCTAVES_PER_BIN + 1, 0, BINS - 1)
    counts = np.bincount(bins, minlength=BINS)
    return np.divide(counts, max(counts.sum(), 1), dtype=np.float64)


def pack_shares(shares: npt.ArrayLike) -> npt.NDArray[np.float32]:
    """Shares [..., 30] in 0..1 to packed columns [..., 10]."""
    array = np.asarray(shares, dtype=np.float64)
    codes = np.rint(255 * np.sqrt(np.clip(array, 0, 1)))
    triples = codes.reshape(*array.shape[:-1], PACKED, BYTES_PER_FLOAT)
    return np.asarray(triples @ np.array([1.0, 256.0, 65536.0]), dtype=np.float32)


def unpack_shares(packed: npt.ArrayLike) -> npt.NDArray[np.float32]:
    """Packed columns [..., 10] to shares [..., 30]; NaN or impossible columns give NaN shares."""
    array = np.asarray(packed, dtype=np.float64)
    valid = (array >= 0) & (array < 2**24)
    whole = np.where(valid, array, 0).astype(np.int64)
    codes = np.stack([whole & 255, whole >> 8 & 255, whole >> 16 & 255], axis=-1)
    shares = np.where(valid[..., None], (codes / 255.0) ** 2, np.nan)
    return np.asarray(shares.reshape(*array.shape[:-1], BINS), dtype=np.float32)
