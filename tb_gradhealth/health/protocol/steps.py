"""The flight recorder's steps as a rule reads them: one number per watched tensor and step."""

from dataclasses import dataclass

import numpy as np

from tb_gradhealth.health.arrays import Floats, Ints
from tb_gradhealth.health.loss import Losses


@dataclass(frozen=True)
class StepsView:
    """Steps of the flight recorder, restricted to the rows that one rule judges.

    Attributes:
        steps: ascending, int64 [steps].
        values: float64 [steps, judged]: RMS, or largest |x| for an activation; NaN for rows that are not
            watched, infinite where a tensor was not finite.
        loss: |loss|, float64 [steps]; NaN where it is not watched.
        trend: the losses of every step of the run up to the last of these, arrays of shape [1]; None where
            some of the run's steps are missing.
        latest: the newest losses of the records, arrays of shape [1]; None without any.
    """

    steps: Ints
    values: Floats
    loss: Floats
    trend: Losses | None
    latest: Losses | None = None


def window_maxima(values: Floats, length: int) -> Floats:
    """Largest value of each window of steps, float64 [windows, ...]; an incomplete last window is dropped."""
    windows = len(values) // length
    largest: Floats = np.fmax.reduce(
        values[: windows * length].reshape(windows, length, *values.shape[1:]), axis=1
    )
    return largest
