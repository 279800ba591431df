"""Moments, extremes and faults of tensors; sums are float64, in which no square of a float32 overflows."""

from collections.abc import Sequence
from typing import Final

import numpy as np
import numpy.typing as npt

from tb_gradhealth.capture.statistics.arrays import Floats

MOMENTS: Final = ("rms", "mean", "minimum", "maximum", "nan_count", "inf_count")
"""The columns that `moments` returns, in order."""

EXTREMES: Final = MOMENTS[2:]
"""Those that a search over all samples of a batch returns, see `StepValues.batch_extremes`."""

UNDERFLOW: Final = 1e-30
"""Below this mean square, float32 loses digits to underflow."""


def moments(values: Floats) -> npt.NDArray[np.float64]:
    """The columns `MOMENTS` of one tensor, float64 [6].

    The first four are over the finite elements, and NaN without any.

    Args:
        values: float32 of any shape.
    """
    flat = values.reshape(-1)
    if flat.size:
        # One pass in float32 shows whether float32 suffices, as for most tensors, in half the time.
        with np.errstate(over="ignore", invalid="ignore"):
            square = float(np.mean(np.square(flat)))
        if UNDERFLOW < square < np.inf:
            return np.array([np.sqrt(square), flat.mean(), flat.min(), flat.max(), 0, 0])
    return np.asarray(segment_moments(flat, [flat.size])[0])


def segment_moments(values: Floats, sizes: Sequence[int]) -> npt.NDArray[np.float64]:
    """The columns `MOMENTS` of concatenated tensors, float64 [tensors, 6].

    Args:
        values: float32 [elements].
        sizes: elements of each tensor.
    """
    counts = np.asarray(sizes, np.int64)
    result = np.full([counts.size, len(MOMENTS)], np.nan)
    result[:, 4:] = 0
    nonempty = np.flatnonzero(counts)
    if not nonempty.size:
        return result
    begins = np.cumsum(counts)[nonempty] - counts[nonempty]
    wide = values.astype(np.float64)
    with np.errstate(invalid="ignore"):
        total = np.add.reduceat(wide, begins)
    finite_counts = counts[nonempty]
    low_of = high_of = values
    if not np.isfinite(total).all():
        finite = np.isfinite(values)
        nans = np.add.reduceat(np.isnan(values), begins, dtype=np.int64)
        finite_counts = np.add.reduceat(finite, begins, dtype=np.int64)
        result[nonempty, 4] = nans
        result[nonempty, 5] = counts[nonempty] - finite_counts - nans
        wide = np.where(finite, wide, 0.0)
        total = np.add.reduceat(wide, begins)
        low_of, high_of = np.where(finite, values, np.inf), np.where(finite, values, -np.inf)
    low, high = np.minimum.reduceat(low_of, begins), np.maximum.reduceat(high_of, begins)
    squares = np.add.reduceat(np.square(wide, out=wide), begins)
    with np.errstate(invalid="ignore", divide="ignore"):
        columns = np.stack([np.sqrt(squares / finite_counts), total / finite_counts, low, high], axis=1)
    result[nonempty, :4] = np.where(finite_counts[:, None] > 0, columns, np.nan)
    return result
