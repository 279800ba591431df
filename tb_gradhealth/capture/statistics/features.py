"""Statistics of an input's features (its last axis): the constant share, and the spread of their sizes."""

import numpy as np

from tb_gradhealth.capture.statistics.arrays import Floats
from tb_gradhealth.capture.statistics.column_reductions import over_rows


def features(values: Floats) -> tuple[float, float]:
    """The columns `record.columns.FEATURES`.

    Both are NaN without features or with fewer than two samples. The spread is also NaN unless the values are
    a matrix: an image's channels lie in one range.

    Args:
        values: float32 [samples, ..., features].
    """
    if values.ndim < 2 or not values.shape[-1] or values.size < 2 * values.shape[-1]:
        return float("nan"), float("nan")
    by_feature = values.reshape(-1, values.shape[-1])
    constant = float(np.mean(over_rows(np.minimum, by_feature) == over_rows(np.maximum, by_feature)))
    return constant, _spread(by_feature) if values.ndim == 2 else float("nan")


def _spread(values: Floats) -> float:
    """The largest RMS of a feature divided by the median of the RMS that are not 0; over finite elements."""
    finite = np.isfinite(values)
    counts = over_rows(np.add, finite)
    squares = over_rows(np.add, np.square(np.where(finite, values, 0).astype(np.float64)))
    rms = np.sqrt(squares / np.maximum(counts, 1))
    nonzero = rms[rms > 0]
    return float(nonzero.max() / np.median(nonzero)) if nonzero.size else float("nan")
