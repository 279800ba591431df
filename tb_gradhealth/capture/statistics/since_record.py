"""What happened since the last record: the largest number of each tensor, its faulty steps, and when."""

from collections.abc import Sequence
from typing import Final

import numpy as np
import numpy.typing as npt

from tb_gradhealth.capture.statistics.arrays import Floats, Ints, Mask
from tb_gradhealth.record import COLUMNS, Row
from tb_gradhealth.record.columns import PEAK_MAX, PEAK_RMS

BY_PEAK: Final = ("activation", "loss")
"""Kinds of rows of which each step's number is the largest |x|; that of the others is the RMS."""

PEAKS: Final = [COLUMNS.index(name) for name in (PEAK_RMS[0], PEAK_MAX[0])]
PEAK_AGES: Final = [COLUMNS.index(name) for name in (PEAK_RMS[1], PEAK_MAX[1])]
BAD: Final = [COLUMNS.index(name) for name in ("bad_steps", "bad_ago")]
RMS, LOW, HIGH, NANS, INFINITIES = (
    COLUMNS.index(name) for name in ("rms", "minimum", "maximum", "nan_count", "inf_count")
)

NEVER: Final = np.iinfo(np.int64).max


class SinceRecord:
    """Folds the flight recorder's steps, each one once, until a record tells them."""

    def __init__(self, rows: Sequence[Row], order: Sequence[int]) -> None:
        """Begin before the first step.

        Args:
            rows: of the row table.
            order: those that have a number in each step, in the order of these numbers.
        """
        self._order = list(order)
        self._by_peak = np.array([rows[index].kind in BY_PEAK for index in order], bool)
        self._until = 0
        self._facts = _Facts(len(self._order))

    def add(self, steps: Floats, numbers: Ints, until: int) -> None:
        """Take in the steps up to number ``until`` that it has not taken in.

        Args:
            steps: float32 [steps, order].
            numbers: of the steps, in any order; 0 for a step that is none, int64 [steps].
            until: the last step to be taken in.
        """
        fresh = (numbers > self._until) & (numbers <= until)
        self._until = max(self._until, until)
        if fresh.any() and self._order:
            by_time = np.argsort(numbers[fresh])
            self._facts.add(steps[fresh][by_time], numbers[fresh][by_time])

    def fill(self, matrix: npt.NDArray[np.float64], steps: Floats, numbers: Ints, number: int) -> None:
        """Fill in the columns of the record of step ``number``, and begin anew after it.

        A record that comes after its step has been taken in tells of that step alone.

        Args:
            matrix: float64 [rows, columns]; the other columns are known.
            steps: as for `add`.
            numbers: as for `add`.
            number: of the record's step.
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
        whole = measured[:, NANS] + measured[:, INFINITIES] == 0
        # Where squares overflow now, though every element is finite, they did so in the steps before.
        overflowing = whole & np.isinf(steps[numbers == number]).any(axis=0)
        peak, peak_at = facts.peak(exact, number)
        bad, first = facts.bad(~whole, overflowing, number)
        known = peak >= 0
        for column, age in zip(PEAKS, PEAK_AGES, strict=True):
            matrix[self._order, column] = np.where(known, peak, np.nan)
            matrix[self._order, age] = np.where(known, number - peak_at, np.nan)
        matrix[self._order, BAD[0]] = bad
        matrix[self._order, BAD[1]] = np.where(bad > 0, number - first, np.nan)


class _Facts:
    """The facts of some steps, of each row."""

    def __init__(self, rows: int) -> None:
        self._peak, self._peak_at = np.full(rows, -1.0), np.zeros(rows, np.int64)
        # NaN and infinity apart: a sum of squares may overflow where no element did, as only a record tells.
        self._counts, self._firsts = np.zeros([2, rows]), np.full([2, rows], NEVER)

    def add(self, steps: Floats, numbers: Ints) -> None:
        """Take in some steps, in the order of time."""
        finite = np.where(np.isfinite(steps), steps, -1.0)
        newest = len(finite) - 1 - finite[::-1].argmax(axis=0)
        highest = finite.max(axis=0)
        higher = (highest >= self._peak) & (highest >= 0)
        self._peak = np.where(higher, highest, self._peak)
        self._peak_at = np.where(higher, numbers[newest], self._peak_at)
        for index, bad in enumerate((np.isnan(steps), np.isinf(steps))):
            first = np.where(bad.any(axis=0), numbers[bad.argmax(axis=0)], NEVER)
            self._firsts[index] = np.minimum(self._firsts[index], first)
            self._counts[index] += bad.sum(axis=0)

    def peak(self, exact: npt.NDArray[np.float64], number: int) -> tuple[npt.NDArray[np.float64], Ints]:
        """The largest number, -1 for none, and its step, with the ``exact`` ones of step ``number``."""
        higher = np.isfinite(exact) & (exact >= self._peak)
        return np.where(higher, exact, self._peak), np.where(higher, number, self._peak_at)

    def bad(self, now: Mask, overflowing: Mask, number: int) -> tuple[npt.NDArray[np.float64], Ints]:
        """The steps that were not finite, and the first of them.

        Args:
            now: whether step ``number`` is one, bool [rows].
            overflowing: rows whose infinities were overflowing sums, bool [rows].
            number: of the newest step.
        """
        counts = np.where(overflowing, self._counts * [[1], [0]], self._counts).sum(axis=0)
        first = np.where(overflowing, self._firsts[0], self._firsts.min(axis=0))
        return counts + now, np.minimum(first, np.where(now, number, NEVER))
