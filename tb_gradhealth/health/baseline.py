"""What is normal for a tensor: the median and spread of its own recent past."""

from dataclasses import dataclass
from typing import Final

import numpy as np

from tb_gradhealth.health.arrays import Floats, Ints, Mask

LENGTH: Final = 32
"""Records that form the past. OLMo-core's spike statistics look back 128 steps; a record covers several,
and over a longer past the drift of a healthy training would pass for spread and hide a spike."""

SPREAD_FLOOR: Final = 0.05
"""Added to the spread of logarithms: a perfectly steady series may still move by a few percent."""

NORMAL_CONSISTENCY: Final = 1.4826
"""MAD times this estimates the standard deviation of a normal variable (Rousseeuw & Croux, 1993)."""


@dataclass(frozen=True)
class Usual:
    """Values held against the past of their rows; arrays of shape [rows].

    Attributes:
        count: values in the past, at most LENGTH.
        median: of the past, NaN without one.
        score: robust z on the logarithm, (ln v - median) / (1.4826 MAD + 0.05); NaN without a past.
    """

    count: Ints
    median: Floats
    score: Floats


class Baseline:
    """Rolling median and MAD of ln(value) for every row, from admitted values only."""

    def __init__(self) -> None:
        self._logs = np.empty((LENGTH, 0))
        self._admitted = np.empty(0, np.int64)

    def admit(self, values: Floats, rows: Mask) -> None:
        """Add ``values`` [rows] to the past of the chosen rows; what is not positive is left out."""
        self._grow(values.size)
        rows = rows & np.isfinite(values) & (values > 0)
        places = np.flatnonzero(rows)
        self._logs[self._admitted[places] % LENGTH, places] = np.log(values[places])
        self._admitted[places] += 1

    def compare(self, values: Floats) -> Usual:
        """Hold ``values`` [rows] against each row's past."""
        self._grow(values.size)
        rows = np.flatnonzero(self._admitted)
        logs = self._logs[:, rows]
        median = _median(logs)
        spread = NORMAL_CONSISTENCY * _median(np.abs(logs - median)) + SPREAD_FLOOR
        now = np.log(np.where(values[rows] > 0, values[rows], np.nan))
        usual = Usual(np.minimum(self._admitted, LENGTH), *np.full((2, values.size), np.nan))
        usual.median[rows] = np.exp(median)
        usual.score[rows] = (now - median) / spread
        return usual

    def _grow(self, size: int) -> None:
        missing = size - self._admitted.size
        if missing > 0:
            self._logs = np.hstack([self._logs, np.full((LENGTH, missing), np.nan)])
            self._admitted = np.append(self._admitted, np.zeros(missing, np.int64))


def _median(logs: Floats) -> Floats:
    """Median of each column without its NaNs: sorting puts them last, np.nanmedian is 20 times slower."""
    ordered = np.sort(logs, axis=0)
    count = np.isfinite(ordered).sum(axis=0)
    columns = np.arange(logs.shape[1])
    low = ordered[np.maximum(count - 1, 0) // 2, columns]
    high = ordered[np.minimum(count // 2, LENGTH - 1), columns]
    return np.where(count > 0, (low + high) / 2, np.nan)
