"""Trip limits: the size from which a step statistic counts as a spike and causes an extra record."""

from typing import Final

import numpy as np

from tb_gradhealth.capture.statistics.arrays import Floats, Ints

MIN_STEPS: Final = 16
"""Steps that the usual size of a tensor needs."""

MIN_FACTOR: Final = 4.0
MIN_SIGMAS: Final = 6.0
"""A spike is at least this factor and this number of standard deviations (of the logarithm) above usual."""

SIGMA_PER_MEAN_DEVIATION: Final = 1.2533
"""Standard deviation / mean absolute deviation of normally distributed values: sqrt(pi / 2)."""

ADDED_DEVIATION: Final = 0.05
"""Added to the deviation, since a series may be constant."""

NO_LIMIT: Final = np.finfo(np.float32).max
"""Only values that are not finite are beyond it."""


def trip_limits(steps: Floats, numbers: Ints, limits: Floats) -> Floats:
    """The limit of each row's step statistic, float32 [rows], from the steps so far.

    While a row is beyond its limit, its new limit is infinite, so that it does not trip in each step.

    Args:
        steps: float32 [steps, rows].
        numbers: step numbers in any order, int64 [steps]; 0 marks an unused slot.
        limits: the current limits, float32 [rows].
    """
    if not numbers.any():
        return limits
    # A value beyond its limit is not usual. Means suffice and need no sort as medians do: the limits only
    # select the steps to record, the rules judge them.
    usable = (steps > 0) & (steps <= np.minimum(limits, NO_LIMIT)) & (numbers > 0)[:, None]
    counts = usable.sum(axis=0)
    logs = np.log(np.where(usable, steps, 1), dtype=np.float64)
    divisor = np.maximum(counts, 1)
    mean = logs.sum(axis=0) / divisor
    deviation = np.where(usable, np.abs(logs - mean), 0).sum(axis=0) / divisor
    spread = MIN_SIGMAS * (SIGMA_PER_MEAN_DEVIATION * deviation + ADDED_DEVIATION)
    usual = np.exp(np.minimum(mean + np.maximum(spread, np.log(MIN_FACTOR)), np.log(NO_LIMIT)))
    fresh = np.where(counts >= MIN_STEPS, np.minimum(usual, NO_LIMIT), NO_LIMIT).astype(np.float32)
    newest = steps[numbers.argmax()]
    beyond = np.isnan(newest) | (newest > fresh)
    return np.where(beyond, np.float32(np.inf), fresh)
