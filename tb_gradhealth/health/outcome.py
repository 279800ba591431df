"""Whether the loss gets better: the gate that weighs findings by what they did to the training.

Gradients vanish legitimately once a loss has converged, and sparse units are fine in a network that
learns. So a loss that improves lowers a finding to information, one that does not raises it; without
a loss a finding keeps the severity of its rule.
"""

import math
from collections import deque
from dataclasses import dataclass
from statistics import median
from typing import Final, Literal

import numpy as np

from tb_gradhealth.health.arrays import Floats, Ints

Outcome = Literal["learning", "stalled", "diverging", "undecided", "unknown"]
"""``"unknown"`` where no loss is recorded, ``"undecided"`` where it does not say (yet) what becomes of it."""

WINDOW: Final = 5
"""Losses in a stretch; that of a single batch is too noisy to compare."""

FIRST: Final = 3
"""Losses whose median is where the training began."""

COMPARED: Final = 10
"""Losses on each side when the recent past is compared with the past before it, as far as there are."""

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


def outcome_of(losses: Floats) -> Outcome:
    """Judge a loss, ``"undecided"`` below two windows of finite values.

    Args:
        losses: float64 [n]; NaN where it was not recorded, infinite where it was not finite.
    """
    trend = LossTrend()
    outcome: Outcome = "unknown"
    for loss in losses.tolist():
        outcome = trend.observe(loss)
    return outcome


class LossTrend:
    """The losses of one history, judged as they come, in bounded memory.

    Attributes:
        first: where the training began, see `_beginning`; NaN before there is a finite loss.
        recent: median of the last stretch, NaN likewise.
        best: median of the best whole stretch, infinite before the first is full.
        count: finite losses seen.
        outcome: what they come to.
    """

    def __init__(self) -> None:
        self.first = float("nan")
        self.recent = float("nan")
        self.best = float("inf")
        self.count = 0
        self.outcome: Outcome = "unknown"
        self._beginning: list[float] = []
        self._last: deque[float] = deque(maxlen=2 * COMPARED)
        self._seen: deque[bool] = deque(maxlen=WINDOW)  # whether the last recorded losses were finite

    @property
    def early(self) -> float:
        """Median of the first losses, NaN before there are any."""
        return median(self._beginning) if self._beginning else float("nan")

    @property
    def gain(self) -> float:
        """Share of its first value that the loss has lost; negative where it rose."""
        return (self.first - self.recent) / max(abs(self.first), 1e-12)

    @property
    def improves(self) -> bool:
        """Whether the last losses are lower than those before them, beyond chance."""
        return self.count >= 2 * WINDOW and improves(list(self._last))

    def observe(self, loss: float) -> Outcome:
        """Add a loss, NaN if it was not recorded and infinite if not finite, and judge."""
        if not np.isnan(loss):
            self._seen.append(bool(np.isfinite(loss)))
        if np.isfinite(loss):
            self._add(loss)
        self.outcome = self._judge()
        return self.outcome

    def follow(self, losses: Floats) -> "Losses":
        """Add the losses of some records and judge after each; what was known then."""
        known = [*self._last]
        known = [float("nan")] * (2 * COMPARED - len(known)) + known
        outcomes, told = [], []
        for loss in losses.tolist():
            outcomes.append(self.observe(loss))
            told.append((self.first, self.early, self.best, self.gain, self.count))
        first, early, best, gain, count = np.array(told, np.float64).T
        finite = losses[np.isfinite(losses)]
        begins = np.cumsum(np.isfinite(losses))
        last = np.array([*known, *finite])[begins[:, None] + np.arange(2 * COMPARED)]
        return Losses(tuple(outcomes), first, early, best, gain, count.astype(np.int64), last)

    def _add(self, loss: float) -> None:
        self.count += 1
        self._last.append(loss)
        if self.count <= FIRST:
            self._beginning.append(loss)
            self.first = _beginning(self._beginning)
        self.recent = median(list(self._last)[-WINDOW:])
        if self.count % WINDOW == 0:
            self.best = min(self.best, self.recent)

    def _judge(self) -> Outcome:
        if self._seen and not any(self._seen):
            return "diverging"
        if self.count < 2 * WINDOW:
            return "undecided" if self._seen else "unknown"
        # A loss may be negative or cross zero, so a gain is measured on the scale of where it began.
        if self.first - self.recent >= (1 - LEARNED) * max(abs(self.first), 1e-12):
            return "learning"
        # What comes down from above where it began makes good its own losses.
        if self.recent < self.first and improves(list(self._last)):
            return "learning"
        if self.recent - self.best >= (DIVERGED - 1) * max(abs(self.best), 1e-12):
            return "diverging"
        return "stalled"


@dataclass(frozen=True)
class Losses:
    """What `LossTrend` knew at each of some consecutive records; arrays of shape [records].

    Attributes:
        outcomes: what the losses came to.
        first: as in `LossTrend`.
        early: likewise.
        best: likewise.
        gain: likewise.
        count: likewise, int64.
        last: the last 20 finite losses, NaN in front where there are fewer, [records, 20].
    """

    outcomes: tuple[Outcome, ...]
    first: Floats
    early: Floats
    best: Floats
    gain: Floats
    count: Ints
    last: Floats

    @property
    def least(self) -> Floats:
        """The least of the last five finite losses, NaN before there are any."""
        return np.asarray(np.fmin.reduce(self.last[:, -WINDOW:], axis=1))

    def improves(self, record: int) -> bool:
        """As in `LossTrend`, at one of the records."""
        count = int(self.count[record])
        return count >= 2 * WINDOW and improves(self.last[record, -count:].tolist())

    def at(self, record: int) -> "Losses":
        """One of the records by itself."""
        one = slice(record, record + 1)
        return Losses(**{name: values[one] for name, values in vars(self).items()})


def _beginning(losses: list[float]) -> float:
    """Where the training began: one loss is too noisy to say, unless those after it are another matter."""
    middle = median(losses)
    if losses[0] <= 0 or middle <= 0:
        return middle
    return losses[0] if max(losses[0] / middle, middle / losses[0]) > THROWN else middle


def improves(losses: list[float]) -> bool:
    """Whether the median of the last losses is lower than that of those before, beyond chance."""
    size = min(COMPARED, len(losses) // 2)
    before, recent = losses[-2 * size : -size], losses[-size:]
    then, now = median(before), median(recent)
    residuals = [abs(loss - then) for loss in before] + [abs(loss - now) for loss in recent]
    # Of a normal variable the median's standard error is 1.25 sigma / sqrt(n), sigma is 1.4826 MAD.
    error = 1.25 * 1.4826 * median(residuals) * math.sqrt(2 / size)
    return then - now >= (1 - IMPROVING) * max(abs(then), 1e-12) and then - now >= SIGNIFICANT * error
