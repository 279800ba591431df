"""From which size on a tensor's number is a spike, and makes its step be recorded out of turn."""

from typing import Final

import numpy as np

from tb_gradhealth.capture.statistics.arrays import Floats, Ints

ENOUGH: Final = 16
"""Steps from which a tensor's usual size is taken."""

FACTOR: Final = 4.0
SIGMAS: Final = 6.0
"""A spike is at least so many times the usual size, and so many standard deviations on the logarithm."""

DEVIATION: Final = 1.2533
"""Standard deviation / mean absolute deviation, of normally distributed numbers: sqrt(pi / 2)."""

SLACK: Final = 0.05
"""Added to the deviation, since a series may stand still."""

NO_LIMIT: Final = np.finfo(np.float32).max
"""Only what is not finite lies beyond it."""


def trip_limits(steps: Floats, numbers: Ints, limits: Floats) -> Floats:
    """The number from which each row trips, float32 [rows], learnt from the steps so far.

    A row that is beyond its limit now would trip again and again: its limit is infinite until it is back.

    Args:
        steps: float32 [steps, rows].
        numbers: of the steps, in any order; 0 for a step that is none, int64 [steps].
        limits: as they were.
    """
    if not numbers.any():
        return limits
    # A number beyond its limit is not usual. Means will do, where medians would need a sort for each tensor:
    # this only says when to measure, the rules judge.
    usable = (steps > 0) & (steps <= np.minimum(limits, NO_LIMIT)) & (numbers > 0)[:, None]
    known = usable.sum(axis=0)
    logs = np.log(np.where(usable, steps, 1), dtype=np.float64)
    divisor = np.maximum(known, 1)
    mean = logs.sum(axis=0) / divisor
    deviation = np.where(usable, np.abs(logs - mean), 0).sum(axis=0) / divisor
    spread = SIGMAS * (DEVIATION * deviation + SLACK)
    usual = np.exp(np.minimum(mean + np.maximum(spread, np.log(FACTOR)), np.log(NO_LIMIT)))
    fresh = np.where(known >= ENOUGH, np.minimum(usual, NO_LIMIT), NO_LIMIT).astype(np.float32)
    newest = steps[numbers.argmax()]
    beyond = np.isnan(newest) | (newest > fresh)
    return np.where(beyond, np.float32(np.inf), fresh)
