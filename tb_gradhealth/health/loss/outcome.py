"""Whether the loss gets better: the gate that weighs findings by what they did to the training.

Gradients vanish legitimately once a loss has converged, and sparse units are fine in a network that
learns. So a loss that improves lowers a finding to information, one that does not raises it; without
a loss a finding keeps the severity of its rule.
"""

import math
from dataclasses import dataclass
from statistics import median
from typing import Final, Literal, get_args

import numpy as np
import numpy.typing as npt

from tb_gradhealth.health.arrays import Floats, Ints, Mask, Scalar, column_median

Outcome = Literal["learning", "stalled", "diverging", "undecided", "unknown"]
"""``"unknown"`` where no loss is recorded, ``"undecided"`` where it does not say (yet) what becomes of it."""

WINDOW: Final = 5
"""Losses in a stretch; that of a single batch is too noisy to compare."""

FIRST: Final = 3
"""Losses whose median is where the training began."""

COMPARED: Final = 10
"""Losses on each side when the recent past is compared with the past before it, as far as there are."""

COMPARABLE: Final = 8
"""Losses from which on the recent past is compared with the past before it at all."""

THROWN: Final = 3.0
"""Where the very first loss and those after it differ by such a factor, the training began at the first."""

LEARNED: Final = 0.7
"""The recent median is this share of the first ones: the training has got somewhere."""

IMPROVING: Final = 0.97
"""The recent median is this share of the one before: the training still gets somewhere..."""

SIGNIFICANT: Final = 3.0
"""...unless the difference is below so many standard errors, and may be chance."""

DIVERGED: Final = 2.0
"""The recent median is this many times the best stretch."""

LEAST: Final = 1e-12
"""The smallest scale a loss is measured on."""

OUTCOMES: Final[tuple[Outcome, ...]] = get_args(Outcome)
LEARNING, STALLED, DIVERGING, UNDECIDED, UNKNOWN = range(len(OUTCOMES))


def outcome_of(losses: Floats) -> Outcome:
    """Judge a loss, ``"undecided"`` below two windows of finite values.

    Args:
        losses: float64 [n]; NaN where it was not recorded, infinite where it was not finite.
    """
    return LossTrend().follow(losses).outcomes[-1] if losses.size else "unknown"


class LossTrend:
    """The losses of one history, judged as they come, in bounded memory."""

    def __init__(self) -> None:
        self._count = 0
        self._best = float("inf")
        self._beginning = np.empty(0)
        self._last = np.full(2 * COMPARED, np.nan)
        self._seen = np.empty(0, bool)  # whether the last recorded losses were finite
        self._first = np.empty(0)
        self._finite = True

    def follow(self, losses: Floats) -> "Losses":
        """Add the losses of some records, one at least, and judge after each; what was known then.

        Args:
            losses: float64 [records]; NaN where it was not recorded, infinite where it was not finite.
        """
        finite = np.isfinite(losses)
        added = finite.cumsum()
        numbers = losses[finite]
        count = self._count + added
        last = _windows(np.concatenate([self._last, numbers]), added, 2 * COMPARED)
        recent = column_median(last[:, -WINDOW:].T)
        whole = np.where(finite & (count % WINDOW == 0), recent, np.inf)
        best = np.minimum.accumulate(np.concatenate([[self._best], whole]))[1:]
        self._beginning = np.concatenate([self._beginning, numbers])[:FIRST]
        first, early = _beginnings(self._beginning)[np.minimum(count, FIRST)].T
        codes = self._judged(first, recent, best, count, last, self._failing(losses, finite))
        self._count, self._best, self._last = int(count[-1]), float(best[-1]), last[-1].copy()
        return Losses(
            outcomes=tuple([OUTCOMES[code] for code in codes.tolist()]),
            first=first,
            early=early,
            best=best,
            gain=(first - recent) / np.maximum(np.abs(first), LEAST),
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
        """Share by which the mean of the last losses is below that of as many first ones, [records]."""
        self._first = np.concatenate([self._first, numbers])[:COMPARED]
        sums = np.concatenate([[0.0], self._first.cumsum()])
        sizes = np.minimum(count // 2, COMPARED)
        known = np.maximum(sizes, 1)
        begin = sums[np.minimum(sizes, self._first.size)] / known
        window = np.arange(last.shape[1]) >= last.shape[1] - known[:, None]
        end = np.where(window, np.nan_to_num(last), 0).sum(axis=1) / known
        gain = (begin - end) / np.maximum(np.abs(begin), LEAST)
        return np.where(sizes > 0, gain, np.nan)

    def _are_finite(self, losses: Floats, finite: Mask) -> Mask:
        """Whether the newest recorded loss is finite, up to each record; so before there is any."""
        recorded = ~np.isnan(losses)
        number = np.where(recorded, np.arange(1, losses.size + 1), 0)
        newest = np.maximum.accumulate(number)
        found = np.concatenate([[self._finite], finite])[newest]
        self._finite = bool(found[-1])
        return np.asarray(found)

    def _failing(self, losses: Floats, finite: Mask) -> Ints:
        """1 where none of the last recorded losses was finite, 0 where one was, -1 before there are any."""
        recorded = ~np.isnan(losses)
        seen = np.concatenate([self._seen, finite[recorded]])
        known = self._seen.size + recorded.cumsum()
        padded = np.concatenate([np.zeros(WINDOW, bool), seen])
        self._seen = seen[-WINDOW:].copy()
        return np.where(known == 0, -1, ~_windows(padded, known, WINDOW).any(axis=1))

    def _judged(
        self, first: Floats, recent: Floats, best: Floats, count: Ints, last: Floats, failing: Ints
    ) -> Ints:
        """The outcome after each record as its place in ``OUTCOMES``."""
        # A loss may be negative or cross zero, so a gain is measured on the scale of where it began.
        learned = first - recent >= (1 - LEARNED) * np.maximum(np.abs(first), LEAST)
        ready = (count >= 2 * WINDOW) & (failing != 1)
        # What comes down from above where it began makes good its own losses.
        candidates = np.flatnonzero(ready & ~learned & (recent < first))
        if candidates.size:
            learned[candidates] = improves(last[candidates], count[candidates])
        diverging = recent - best >= (DIVERGED - 1) * np.maximum(np.abs(best), LEAST)
        # What the first steps throw up has no better stretch than the start, and may come down again.
        thrown = recent - first >= (DIVERGED - 1) * np.maximum(np.abs(first), LEAST)
        candidates = np.flatnonzero(ready & ~diverging & thrown)
        if candidates.size:
            diverging[candidates] = ~improves(last[candidates], count[candidates])
        judged = np.where(learned, LEARNING, np.where(diverging, DIVERGING, STALLED))
        early = np.where(failing < 0, UNKNOWN, UNDECIDED)
        return np.where(failing == 1, DIVERGING, np.where(ready, judged, early))


@dataclass(frozen=True)
class Losses:
    """What `LossTrend` knew at each of some consecutive records; arrays of shape [records].

    Attributes:
        outcomes: what the losses came to.
        first: where the training began, see `_beginning`; NaN before there is a finite loss.
        early: median of the first losses, NaN likewise.
        best: median of the best whole stretch, infinite before the first is full.
        gain: share of its first value that the loss has lost; negative where it rose.
        mean_gain: the same of the means of the first and the last losses, ten each at most: what medians miss
            of a loss whose weight lies in a few batches.
        recent: median of the last five finite losses, NaN without one.
        count: finite losses seen, int64.
        last: the last 20 finite losses, NaN in front where there are fewer, [records, 20].
        finite: whether the newest recorded loss is finite.
        skill: 1 - loss / loss of the best constant prediction, see `health.skill`; NaN where not known.
        epoch_gain: share of the first epoch's loss that was lost since; NaN below two epochs.
        epoch_at_best: whether the newest of two or more epochs is near the best one.
        epoch_falls: whether it is so, and the last quarter of the epochs lowered it.
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
    def least(self) -> Floats:
        """The least of the last five finite losses, NaN before there are any."""
        return np.asarray(np.fmin.reduce(self.last[:, -WINDOW:], axis=1))

    def improves(self) -> Mask:
        """Where the last losses are lower than those before them, beyond chance, [records]."""
        ready = self.count >= COMPARABLE
        found = np.zeros(ready.shape, bool)
        found[ready] = improves(self.last[ready], self.count[ready])
        return found

    @property
    def newest(self) -> "Losses":
        """The last of the records by itself."""
        return self.at(len(self.outcomes) - 1)

    def at(self, record: int) -> "Losses":
        """One of the records by itself."""
        one = slice(record, record + 1)
        return Losses(**{name: values[one] for name, values in vars(self).items()})


def improves(last: Floats, count: Ints) -> Mask:
    """Whether the median of the last losses is lower than that of those before, beyond chance.

    Args:
        last: as in `Losses`, [n, 20].
        count: how many losses there were, `COMPARABLE` at least, [n].
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
    # Of a normal variable the median's standard error is 1.25 sigma / sqrt(n), sigma is 1.4826 MAD.
    error = 1.25 * 1.4826 * column_median(residuals.T) * math.sqrt(2 / size)
    gained = then - now
    certain = gained >= SIGNIFICANT * error
    found: Mask = certain & (gained >= (1 - IMPROVING) * np.maximum(np.abs(then), LEAST))
    return found


def _beginnings(losses: Floats) -> Floats:
    """Where the training began and the median, by how many of its first losses are known, [known + 1, 2]."""
    known = [(math.nan, math.nan)]
    for size in range(1, losses.size + 1):
        beginning = losses[:size].tolist()
        known.append((_beginning(beginning), median(beginning)))
    return np.array(known)


def _beginning(losses: list[float]) -> float:
    """Where the training began: one loss is too noisy to say, unless those after it are another matter."""
    middle = median(losses)
    if middle == 0 < losses[0]:  # it began somewhere, and had nothing left to lose at once
        return losses[0]
    if losses[0] <= 0 or middle <= 0:
        return middle
    return losses[0] if max(losses[0] / middle, middle / losses[0]) > THROWN else middle


def _windows(line: npt.NDArray[Scalar], begins: Ints, length: int) -> npt.NDArray[Scalar]:
    """Stretches of a line, [begins, length]."""
    windows: npt.NDArray[Scalar] = line[begins[:, None] + np.arange(length)]
    return windows
