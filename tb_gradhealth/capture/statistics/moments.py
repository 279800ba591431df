"""Moments, extremes and faults of tensors: sums in float64, where no float32's square overflows."""

from collections.abc import Sequence
from typing import Final

import numpy as np
import numpy.typing as npt

from tb_gradhealth.capture.statistics.arrays import Floats

MOMENTS: Final = ("rms", "mean", "minimum", "maximum", "nan_count", "inf_count")
"""The columns that `moments` gives, in order."""

EXTREMES: Final = MOMENTS[2:]
"""Those of them that are searched for in all samples of a batch, see `StepValues.searched`."""

LOST: Final = 1e-30
"""A mean square of float32 below this has lost digits to its smallest number."""


def moments(values: Floats) -> npt.NDArray[np.float64]:
    """The columns `MOMENTS` of one tensor, float64 [6].

    The first four are of its finite elements, NaN where there are none.

    Args:
        values: float32 of any shape.
    """
    flat = values.reshape(-1)
    if flat.size:
        # One pass in float32 says whether float32 was enough: it is for most tensors, and half as long.
        with np.errstate(over="ignore", invalid="ignore"):
            square = float(np.mean(np.square(flat)))
        if LOST < square < np.inf:
            return np.array([np.sqrt(square), flat.mean(), flat.min(), flat.max(), 0, 0])
    return np.asarray(segment_moments(flat, [flat.size])[0])


def segment_moments(values: Floats, sizes: Sequence[int]) -> npt.NDArray[np.float64]:
    """Likewise of tensors that lie end to end, float64 [tensors, 6].

    Args:
        values: float32 [elements].
        sizes: elements of each tensor.
    """
    counts = np.asarray(sizes, np.int64)
    result = np.full([counts.size, len(MOMENTS)], np.nan)
    result[:, 4:] = 0
    some = np.flatnonzero(counts)
    if not some.size:
        return result
    begins = np.cumsum(counts)[some] - counts[some]
    wide = values.astype(np.float64)
    with np.errstate(invalid="ignore"):
        total = np.add.reduceat(wide, begins)
    known = counts[some]
    low_of = high_of = values
    if not np.isfinite(total).all():
        finite = np.isfinite(values)
        nans = np.add.reduceat(np.isnan(values), begins, dtype=np.int64)
        known = np.add.reduceat(finite, begins, dtype=np.int64)
        result[some, 4] = nans
        result[some, 5] = counts[some] - known - nans
        wide = np.where(finite, wide, 0.0)
        total = np.add.reduceat(wide, begins)
        low_of, high_of = np.where(finite, values, np.inf), np.where(finite, values, -np.inf)
    low, high = np.minimum.reduceat(low_of, begins), np.maximum.reduceat(high_of, begins)
    squares = np.add.reduceat(np.square(wide, out=wide), begins)
    with np.errstate(invalid="ignore", divide="ignore"):
        columns = np.stack([np.sqrt(squares / known), total / known, low, high], axis=1)
    result[some, :4] = np.where(known[:, None] > 0, columns, np.nan)
    return result
