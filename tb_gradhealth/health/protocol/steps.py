"""The flight recorder's lines as the rules see them: one number for each watched tensor and step."""

from dataclasses import dataclass

import numpy as np

from tb_gradhealth.health.arrays import Floats, Ints
from tb_gradhealth.health.loss import Losses


@dataclass(frozen=True)
class Lines:
    """Consecutive steps, seen from the rows that one rule judges.

    Attributes:
        steps: ascending, int64 [steps].
        values: float64 [steps, judged]: RMS, or largest |x| for an activation; NaN for rows that are not
            watched, infinite where a tensor was not finite.
        loss: |loss|, float64 [steps]; NaN where it is not watched.
        latest: what the records said of the losses so far, arrays of shape [1]; None without any.
        trend: the losses of every step of the run as of the last line, arrays of shape [1]; None where some
            of them were never written.
    """

    steps: Ints
    values: Floats
    loss: Floats
    trend: Losses | None
    latest: Losses | None = None


def windowed(values: Floats, length: int) -> Floats:
    """Largest value of each window of steps, float64 [windows, ...]; the last, shorter one is left out."""
    windows = len(values) // length
    largest: Floats = np.fmax.reduce(
        values[: windows * length].reshape(windows, length, *values.shape[1:]), axis=1
    )
    return largest
