"""Facts since the last record: each row's largest step statistic and its faulty steps, with their ages."""

from collections.abc import Sequence
from typing import Final

import numpy as np
import numpy.typing as npt

from tb_gradhealth.capture.statistics.arrays import Floats, Ints, Mask
from tb_gradhealth.record import COLUMNS, Row
from tb_gradhealth.record.columns import PEAK_MAX, PEAK_RMS

BY_PEAK: Final = ("activation", "loss")
"""Kinds of rows whose step statistic is the largest |x|; that of the other kinds is the RMS."""

PEAKS: Final = [COLUMNS.index(name) for name in (PEAK_RMS[0], PEAK_MAX[0])]
PEAK_AGES: Final = [COLUMNS.index(name) for name in (PEAK_RMS[1], PEAK_MAX[1])]
BAD: Final = [COLUMNS.index(name) for name in ("bad_steps", "bad_ago")]
RMS, LOW, HIGH, NANS, INFINITIES = (
    COLUMNS.index(name) for name in ("rms", "minimum", "maximum", "nan_count", "inf_count")
)

NEVER: Final = np.iinfo(np.int64).max


class SinceRecord:
    """Aggregates the flight recorder's steps, each step once, until the next record."""

    def __init__(self, rows: Sequence[Row], order: Sequence[int]) -> None:
        """Begin before the first step.

        Args:
            rows: of the row table.
            order: indices of the watched rows, in the order of the step statistics.
        """
        self._order = list(order)
        self._by_peak = np.array([rows[index].kind in BY_PEAK for index in order], bool)
        self._until = 0
        self._facts = _Facts(len(self._order))

    def add(self, steps: Floats, numbers: Ints, until: int) -> None:
        """Add the steps up to number ``until`` that are not added yet.

        Args:
            steps: step statistics, float32 [steps, watched rows].
            numbers: step numbers in any order, int64 [steps]; 0 marks an unused slot.
            until: the number of the last step to add.
        """
        fresh = (numbers > self._until) & (numbers <= until)
        self._until = max(self._until, until)
        if fresh.any() and self._order:
            by_time = np.argsort(numbers[fresh])
            self._facts.add(steps[fresh][by_time], numbers[fresh][by_time])

    def fill(self, matrix: npt.NDArray[np.float64], steps: Floats, numbers: Ints, number: int) -> None:
        """Fill the columns of the record of step ``number``, and begin anew after that step.

        A record whose step was added before it arrives describes that step alone.

        Args:
            matrix: float64 [rows, columns], with all other columns filled.
            steps: as for `add`.
            numbers: as for `add`.
            number: number of the record's step.
        """
        if not self._order:
            return
        facts = _Facts(len(self._order))
        if number > self._until:
            self.add(steps, numbers, number - 1)
            facts, self._facts, self._until = self._facts, facts, number
        measured = matrix[self._order]
        largest = np.fmax(np.abs(measured[:, LOW]), np.abs(measured[:, HIGH]))
        exact = np.where(self._by_peak, largest, measured[:, RMS])
        is_finite = measured[:, NANS] + measured[:, INFINITIES] == 0
        # Where squares overflow now, though every element is finite, they did so in the previous steps.
        overflowing = is_finite & np.isinf(steps[numbers == number]).any(axis=0)
        peak, peak_at = facts.peak(exact, number)
        bad, first = facts.bad(~is_finite, overflowing, number)
        has_peak = peak >= 0
        for column, age in zip(PEAKS, PEAK_AGES, strict=True):
            matrix[self._order, column] = np.where(has_peak, peak, np.nan)
            matrix[self._order, age] = np.where(has_peak, number - peak_at, np.nan)
        matrix[self._order, BAD[0]] = bad
        matrix[self._order, BAD[1]] = np.where(bad > 0, number - first, np.nan)


class _Facts:
    """Each row's largest value and faulty steps over a range of steps."""

    def __init__(self, rows: int) -> None:
        self._peak, self._peak_at = np.full(rows, -1.0), np.zeros(rows, np.int64)
        # NaN and infinity are counted separately: a sum of squares may overflow though every element is
        # finite, which only a record shows.
        self._counts, self._firsts = np.zeros([2, rows]), np.full([2, rows], NEVER)

    def add(self, steps: Floats, numbers: Ints) -> None:
        """Add steps in chronological order."""
        finite = np.where(np.isfinite(steps), steps, -1.0)
        newest = len(finite) - 1 - finite[::-1].argmax(axis=0)
        highest = finite.max(axis=0)
        is_higher = (highest >= self._peak) & (highest >= 0)
        self._peak = np.where(is_higher, highest, self._peak)
        self._peak_at = np.where(is_higher, numbers[newest], self._peak_at)
        for index, bad in enumerate((np.isnan(steps), np.isinf(steps))):
            first = np.where(bad.any(axis=0), numbers[bad.argmax(axis=0)], NEVER)
            self._firsts[index] = np.minimum(self._firsts[index], first)
            self._counts[index] += bad.sum(axis=0)

    def peak(self, exact: npt.NDArray[np.float64], number: int) -> tuple[npt.NDArray[np.float64], Ints]:
        """The largest value (-1 for none) and its step, including the ``exact`` values of step ``number``."""
        is_higher = np.isfinite(exact) & (exact >= self._peak)
        return np.where(is_higher, exact, self._peak), np.where(is_higher, number, self._peak_at)

    def bad(self, now: Mask, overflowing: Mask, number: int) -> tuple[npt.NDArray[np.float64], Ints]:
        """The number of steps that were not finite, and the first of them.

        Args:
            now: whether step ``number`` is one of them, bool [rows].
            overflowing: rows whose infinities were overflowing sums, bool [rows].
            number: number of the newest step.
        """
        counts = np.where(overflowing, self._counts * [[1], [0]], self._counts).sum(axis=0)
        first = np.where(overflowing, self._firsts[0], self._firsts.min(axis=0))
        return counts + now, np.minimum(first, np.where(now, number, NEVER))
