"""Whether the loss improves, by which findings are weighed.

Gradients may vanish once a loss has converged, and sparse units are fine in a network that learns. So a loss
that improves lowers a finding to information, one that does not improve raises it; without a loss a finding
keeps the severity of its rule.
"""

import math
from dataclasses import dataclass
from statistics import median
from typing import Final, Literal, get_args

import numpy as np
import numpy.typing as npt

from tb_gradhealth.health.arrays import Floats, Ints, Mask, Scalar, column_median

Outcome = Literal["learning", "stalled", "diverging", "undecided", "unknown"]
"""``"unknown"`` where no loss is recorded, ``"undecided"`` where the losses do not decide (yet)."""

WINDOW: Final = 5
"""Losses in a window; the loss of a single batch is too noisy to compare."""

FIRST: Final = 3
"""Number of first losses whose median is the start of the training."""

COMPARED: Final = 10
"""Maximum number of losses on each side when the newest losses are compared with those before."""

COMPARABLE: Final = 8
"""Number of losses from which on the newest are compared with those before."""

FIRST_LOSS_FACTOR: Final = 3.0
"""Where the first loss and the median of the first ones differ by this factor, the first is the start."""

LEARNED: Final = 0.7
"""Share of the start at which the recent median counts as learning."""

IMPROVING: Final = 0.97
"""Share of the median before at which the recent median counts as improving..."""

SIGNIFICANT: Final = 3.0
"""...where the difference is at least so many standard errors."""

DIVERGED: Final = 2.0
"""Multiple of the best window's median at which the recent median counts as diverging."""

SMALLEST_SCALE: Final = 1e-12
"""Lower bound of the scale that differences of losses are compared with."""

OUTCOMES: Final[tuple[Outcome, ...]] = get_args(Outcome)
LEARNING, STALLED, DIVERGING, UNDECIDED, UNKNOWN = range(len(OUTCOMES))


def outcome_of(losses: Floats) -> Outcome:
    """The outcome of a series of losses, ``"undecided"`` below two windows of finite values.

    Args:
        losses: float64 [n]; NaN where it was not recorded, infinite where it was not finite.
    """
    return LossTrend().add(losses).outcomes[-1] if losses.size else "unknown"


class LossTrend:
    """The trend of one history's losses, updated record by record in bounded memory."""

    def __init__(self) -> None:
        self._count = 0
        self._best = float("inf")
        self._start = np.empty(0)  # the first losses, FIRST of them
        self._last = np.full(2 * COMPARED, np.nan)
        self._last_finite = np.empty(0, bool)  # whether the last recorded losses were finite
        self._first = np.empty(0)  # the first losses, COMPARED of them
        self._finite = True

    def add(self, losses: Floats) -> "Losses":
        """Add the losses of one or more records.

        Returns:
            The trend after each of them.

        Args:
            losses: float64 [records]; NaN where it was not recorded, infinite where it was not finite.
        """
        finite = np.isfinite(losses)
        added = finite.cumsum()
        numbers = losses[finite]
        count = self._count + added
        last = _windows(np.concatenate([self._last, numbers]), added, 2 * COMPARED)
        recent = column_median(last[:, -WINDOW:].T)
        whole_windows = np.where(finite & (count % WINDOW == 0), recent, np.inf)
        best = np.minimum.accumulate(np.concatenate([[self._best], whole_windows]))[1:]
        self._start = np.concatenate([self._start, numbers])[:FIRST]
        first, early = _starts(self._start)[np.minimum(count, FIRST)].T
        codes = self._judged(first, recent, best, count, last, self._failing(losses, finite))
        self._count, self._best, self._last = int(count[-1]), float(best[-1]), last[-1].copy()
        return Losses(
            outcomes=tuple([OUTCOMES[code] for code in codes.tolist()]),
            first=first,
            early=early,
            best=best,
            gain=(first - recent) / np.maximum(np.abs(first), SMALLEST_SCALE),
            mean_gain=self._mean_gain(numbers, count, last),
            recent=recent,
            count=count,
            last=last,
            finite=self._are_finite(losses, finite),
            skill=np.full(losses.size, np.nan),
            epoch_gain=np.full(losses.size, np.nan),
            epoch_at_best=np.zeros(losses.size, bool),
            epoch_falls=np.zeros(losses.size, bool),
            constant=np.full(losses.size, np.nan),
        )

    def _mean_gain(self, numbers: Floats, count: Ints, last: Floats) -> Floats:
        """Share by which the mean of the last losses is below the mean of as many first ones, [records]."""
        self._first = np.concatenate([self._first, numbers])[:COMPARED]
        sums = np.concatenate([[0.0], self._first.cumsum()])
        sizes = np.minimum(count // 2, COMPARED)
        known = np.maximum(sizes, 1)
        begin = sums[np.minimum(sizes, self._first.size)] / known
        window = np.arange(last.shape[1]) >= last.shape[1] - known[:, None]
        end = np.where(window, np.nan_to_num(last), 0).sum(axis=1) / known
        gain = (begin - end) / np.maximum(np.abs(begin), SMALLEST_SCALE)
        return np.where(sizes > 0, gain, np.nan)

    def _are_finite(self, losses: Floats, finite: Mask) -> Mask:
        """Whether the newest recorded loss is finite, up to each record; True before the first loss."""
        recorded = ~np.isnan(losses)
        number = np.where(recorded, np.arange(1, losses.size + 1), 0)
        newest = np.maximum.accumulate(number)
        found = np.concatenate([[self._finite], finite])[newest]
        self._finite = bool(found[-1])
        return np.asarray(found)

    def _failing(self, losses: Floats, finite: Mask) -> Ints:
        """1 where none of the last recorded losses was finite, 0 where one was, -1 before there are any."""
        recorded = ~np.isnan(losses)
        last_finite = np.concatenate([self._last_finite, finite[recorded]])
        known = self._last_finite.size + recorded.cumsum()
        padded = np.concatenate([np.zeros(WINDOW, bool), last_finite])
        self._last_finite = last_finite[-WINDOW:].copy()
        return np.where(known == 0, -1, ~_windows(padded, known, WINDOW).any(axis=1))

    def _judged(
        self, first: Floats, recent: Floats, best: Floats, count: Ints, last: Floats, failing: Ints
    ) -> Ints:
        """The outcome after each record as an index into ``OUTCOMES``, int64 [records]."""
        # A loss may be negative or cross zero, so a gain is relative to the size of the start.
        learned = first - recent >= (1 - LEARNED) * np.maximum(np.abs(first), SMALLEST_SCALE)
        ready = (count >= 2 * WINDOW) & (failing != 1)
        # Only a loss below the start may count as learning because it improves.
        candidates = np.flatnonzero(ready & ~learned & (recent < first))
        if candidates.size:
            learned[candidates] = improves(last[candidates], count[candidates])
        diverging = recent - best >= (DIVERGED - 1) * np.maximum(np.abs(best), SMALLEST_SCALE)
        # A loss that jumps in the first steps has no window better than the start, and may fall again.
        jumped = recent - first >= (DIVERGED - 1) * np.maximum(np.abs(first), SMALLEST_SCALE)
        candidates = np.flatnonzero(ready & ~diverging & jumped)
        if candidates.size:
            diverging[candidates] = ~improves(last[candidates], count[candidates])
        judged = np.where(learned, LEARNING, np.where(diverging, DIVERGING, STALLED))
        early = np.where(failing < 0, UNKNOWN, UNDECIDED)
        return np.where(failing == 1, DIVERGING, np.where(ready, judged, early))


@dataclass(frozen=True)
class Losses:
    """The trend of the losses at each of some consecutive records; arrays of shape [records].

    Attributes:
        outcomes: the outcome.
        first: the loss at the start, see `_start`; NaN before there is a finite loss.
        early: median of the first losses, NaN likewise.
        best: median of the best whole window, infinite before the first is full.
        gain: share of its first value by which the loss has fallen; negative where it rose.
        mean_gain: the same for the means of the first and the last losses, at most ten each: medians ignore
            the few batches that dominate some losses.
        recent: median of the last five finite losses, NaN without one.
        count: number of finite losses, int64.
        last: the last 20 finite losses, NaN in front where there are fewer, [records, 20].
        finite: whether the newest recorded loss is finite.
        skill: 1 - loss / loss of the best constant prediction, see `health.loss.skill`; NaN where not known.
        epoch_gain: share of the first epoch's loss by which the loss has fallen; NaN below two epochs.
        epoch_at_best: whether the newest of two or more epochs is near the best one.
        epoch_falls: whether it is, and the last quarter of the epochs lowered the loss.
        constant: the loss of the best constant prediction, regularization included; NaN where not known.
    """

    outcomes: tuple[Outcome, ...]
    first: Floats
    early: Floats
    best: Floats
    gain: Floats
    mean_gain: Floats
    recent: Floats
    count: Ints
    last: Floats
    finite: Mask
    skill: Floats
    epoch_gain: Floats
    epoch_at_best: Mask
    epoch_falls: Mask
    constant: Floats

    @property
    def recent_minimum(self) -> Floats:
        """The minimum of the last five finite losses, NaN before there are any."""
        return np.asarray(np.fmin.reduce(self.last[:, -WINDOW:], axis=1))

    def improves(self) -> Mask:
        """Whether the last losses are significantly lower than those before them, [records]."""
        ready = self.count >= COMPARABLE
        found = np.zeros(ready.shape, bool)
        found[ready] = improves(self.last[ready], self.count[ready])
        return found

    @property
    def newest(self) -> "Losses":
        """The trend at the last record, [1]."""
        return self.at(len(self.outcomes) - 1)

    def at(self, record: int) -> "Losses":
        """The trend at one record, [1]."""
        one = slice(record, record + 1)
        return Losses(**{name: values[one] for name, values in vars(self).items()})


def improves(last: Floats, count: Ints) -> Mask:
    """Whether the median of the last losses is significantly lower than the median of those before, [n].

    Args:
        last: as in `Losses`, [n, 20].
        count: number of losses, at least `COMPARABLE`, [n].
    """
    found = np.empty(len(last), bool)
    sizes = np.minimum(count // 2, COMPARED)
    for size in np.unique(sizes).tolist():
        of_size = sizes == size
        found[of_size] = _improves(last[of_size, -2 * size :], size)
    return found


def _improves(last: Floats, size: int) -> Mask:
    before, recent = last[:, :size], last[:, size:]
    then, now = column_median(before.T), column_median(recent.T)
    residuals = np.concatenate([np.abs(before - then[:, None]), np.abs(recent - now[:, None])], axis=1)
    # For a normal variable the standard error of the median is 1.25 sigma / sqrt(n), and sigma is 1.4826 MAD.
    error = 1.25 * 1.4826 * column_median(residuals.T) * math.sqrt(2 / size)
    gained = then - now
    significant = gained >= SIGNIFICANT * error
    found: Mask = significant & (gained >= (1 - IMPROVING) * np.maximum(np.abs(then), SMALLEST_SCALE))
    return found


def _starts(losses: Floats) -> Floats:
    """The start and the median by the number of known first losses, from 0 on, [losses + 1, 2]."""
    starts = [(math.nan, math.nan)]
    for size in range(1, losses.size + 1):
        known = losses[:size].tolist()
        starts.append((_start(known), median(known)))
    return np.array(starts)


def _start(losses: list[float]) -> float:
    """The loss at the start: the median of the first losses, or the first where it differs by a factor."""
    middle = median(losses)
    if middle == 0 < losses[0]:  # the loss was zero after the first step
        return losses[0]
    if losses[0] <= 0 or middle <= 0:
        return middle
    return losses[0] if max(losses[0] / middle, middle / losses[0]) > FIRST_LOSS_FACTOR else middle


def _windows(values: npt.NDArray[Scalar], begins: Ints, length: int) -> npt.NDArray[Scalar]:
    """Windows of a sequence, [begins, length]."""
    windows: npt.NDArray[Scalar] = values[begins[:, None] + np.arange(length)]
    return windows
