"""The features of an input, its last axis: those that never change, and how far they differ in size."""

import numpy as np

from tb_gradhealth.capture.statistics.arrays import Floats


def features(values: Floats) -> tuple[float, float]:
    """The columns `record.columns.FEATURES`.

    Both are NaN of what has no features or not two samples, the spread also of what is no matrix: an image's
    channels lie in one range.

    Args:
        values: float32 [samples, ..., features].
    """
    if values.ndim < 2 or not values.shape[-1] or values.size < 2 * values.shape[-1]:
        return float("nan"), float("nan")
    by_feature = values.reshape(-1, values.shape[-1])
    constant = float(np.mean(by_feature.min(axis=0) == by_feature.max(axis=0)))
    return constant, _spread(by_feature) if values.ndim == 2 else float("nan")


def _spread(values: Floats) -> float:
    """The largest RMS of a feature over its finite elements / the median of those that are not 0."""
    finite = np.isfinite(values)
    known = finite.sum(axis=0)
    squares = np.square(np.where(finite, values, 0).astype(np.float64)).sum(axis=0)
    rms = np.sqrt(squares / np.maximum(known, 1))
    live = rms[rms > 0]
    return float(live.max() / np.median(live)) if live.size else float("nan")
