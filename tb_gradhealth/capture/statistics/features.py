"""Statistics of an input's features (its last axis): the constant share, and the spread of their sizes."""

import numpy as np

from tb_gradhealth.capture.statistics.arrays import Floats


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
    constant = float(np.mean(by_feature.min(axis=0) == by_feature.max(axis=0)))
    return constant, _spread(by_feature) if values.ndim == 2 else float("nan")


def _spread(values: Floats) -> float:
    """The largest RMS of a feature divided by the median of the RMS that are not 0; over finite elements."""
    finite = np.isfinite(values)
    counts = finite.sum(axis=0)
    squares = np.square(np.where(finite, values, 0).astype(np.float64)).sum(axis=0)
    rms = np.sqrt(squares / np.maximum(counts, 1))
    nonzero = rms[rms > 0]
    return float(nonzero.max() / np.median(nonzero)) if nonzero.size else float("nan")
