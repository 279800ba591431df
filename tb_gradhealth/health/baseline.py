"""What is normal for a tensor: the median and spread of its own recent past."""

from dataclasses import dataclass
from typing import Final

import numpy as np

from tb_gradhealth.health.arrays import Floats, Ints, Mask, grown

LENGTH: Final = 32
"""Records that form the past. OLMo-core's spike statistics look back 128 steps; a record covers several,
and over a longer past the drift of a healthy training would pass for spread and hide a spike."""

SPREAD_FLOOR: Final = 0.05
"""Added to the spread of logarithms: a perfectly steady series may still move by a few percent."""

NORMAL_CONSISTENCY: Final = 1.4826
"""MAD times this estimates the standard deviation of a normal variable (Rousseeuw & Croux, 1993)."""

SETTLED: Final = 16
"""Records from which on median and spread are taken anew..."""

REFRESHED: Final = 4
"""...only at every so many: sorting the past of every row is nine tenths of a baseline's time."""


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
        self._center = np.empty(0)
        self._spread = np.empty(0)
        self._compared = 0

    def settle(self, rows: int) -> None:
        """Make room for so many rows; those that are new have no past."""
        self._logs = grown(self._logs, rows, np.nan)
        self._admitted = grown(self._admitted, rows, 0)
        self._center = grown(self._center, rows, np.nan)
        self._spread = grown(self._spread, rows, np.nan)

    def admit(self, values: Floats, rows: Mask) -> None:
        """Add ``values`` [rows] to the past of the chosen rows; what is not positive is left out."""
        places = np.flatnonzero(rows & np.isfinite(values) & (values > 0))
        self._logs[self._admitted[places] % LENGTH, places] = np.log(values[places])
        self._admitted[places] += 1

    def compare(self, values: Floats) -> Usual:
        """Hold ``values`` [rows] against each row's past."""
        if self._compared <= SETTLED or self._compared % REFRESHED == 0:
            self._refresh()
        self._compared += 1
        score = (np.log(np.where(values > 0, values, np.nan)) - self._center) / self._spread
        return Usual(np.minimum(self._admitted, LENGTH), np.exp(self._center), score)

    def _refresh(self) -> None:
        past = self._logs[: int(self._admitted.max(initial=0))]
        self._center = column_median(past)
        self._spread = NORMAL_CONSISTENCY * column_median(np.abs(past - self._center)) + SPREAD_FLOOR


def column_median(logs: Floats) -> Floats:
    """Median of each column without its NaNs: sorting puts them last, np.nanmedian is 20 times slower."""
    if not len(logs):
        return np.full(logs.shape[1], np.nan)
    ordered = np.sort(logs, axis=0)
    count = np.isfinite(ordered).sum(axis=0)
    columns = np.arange(logs.shape[1])
    low = ordered[np.maximum(count - 1, 0) // 2, columns]
    high = ordered[np.minimum(count // 2, len(logs) - 1), columns]
    return np.where(count > 0, (low + high) / 2, np.nan)
