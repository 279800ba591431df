"""How much of a training's time watching it may take: by looking more seldom, never by stopping."""

import math
import statistics
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

NEVER: Final = 1 << 20
"""As a pace's ``look``: only the steps of records are looked at, to learn what a step takes without."""

SETTLED: Final = 256
"""Steps of a training that are all watched before anything is measured, ..."""

SETTLED_SECONDS: Final = 2.0
"""... and seconds: a short one is worth no saving."""

BLOCK: Final = 4
"""Steps that count in each of the stretches that are watched and not watched in turn, ..."""

LEFT_OUT: Final = 1
"""... after so many that do not: what was begun before may end there."""

PAIRS: Final = 24
"""Stretches of each kind."""

KNOWN: Final = 32
"""Newest steps with a record that are remembered."""

AGAIN: Final = 4
"""After how many times as many steps the costs are measured anew."""

MOST: Final = 64
"""A step is looked at at least once in so many, and a record is made once in so many times the cadence."""


@dataclass(frozen=True)
class Pace:
    """How often to look.

    Attributes:
        look: one step in so many is looked at.
        record: one record in so many of the cadence is made.
    """

    look: int = 1
    record: int = 1


EVERY_STEP: Final = Pace()
"""Every step is looked at, and every record made."""


@dataclass(frozen=True)
class Costs:
    """Seconds.

    Attributes:
        step: of a step that is not looked at.
        look: more of one that is.
        record: more of one with a record, the writing included, and of the one before it.
    """

    step: float
    look: float
    record: float

    def share(self, pace: Pace, every: int) -> float:
        """What watching takes of the time that the training would take without."""
        return (self.look / pace.look + self.record / (every * pace.record)) / self.step


def pace_within(costs: Costs, share: float, every: int) -> Pace:
    """The most thorough pace that takes at most this share; what costs more is thinned first."""
    pace = EVERY_STEP
    while costs.share(pace, every) > share:
        cadence = every * pace.record
        looks = costs.look / pace.look > costs.record / cadence
        if looks and 2 * pace.look <= min(MOST, cadence):
            pace = Pace(2 * pace.look, pace.record)
        elif pace.record < MOST:
            pace = Pace(pace.look, 2 * pace.record)
        else:
            break
    return pace


class TimeBudget:
    """Measures what watching costs, on the host, and says how often to look.

    Whole steps are timed, from the end of one to the end of the next, with all that belongs to them. Some
    time after the start, stretches in which every step is watched and stretches in which none is alternate;
    the median of the differences between neighbours is what a look costs. It counts only as far as it is
    beyond its standard error, so noise thins nothing.

    Attributes:
        decisions: how often the costs were measured so far.
    """

    def __init__(self, share: float | None, every: int) -> None:
        """Nothing is known, so everything is looked at.

        Args:
            share: of the training's time that watching may take, None for as much as it needs.
            every: steps from one record to the next.

        Raises:
            ValueError: the share is not more than 0.
        """
        if share is not None and not share > 0:
            raise ValueError(
                f"overhead={share!r}: write a share of the time, 0.02 for 2 %, or None for no limit"
            )
        self._share = share
        self._every = every
        self._pace = EVERY_STEP
        self._steps = 0
        self._seconds = 0.0
        self._next = SETTLED
        self._block: list[float] = []
        self._left_out = 0
        self._blocks: list[float] = []
        self._measuring = False
        self.decisions = 0
        self._due: deque[float] = deque(maxlen=KNOWN)
        self._snapshot: deque[float] = deque(maxlen=KNOWN)

    @property
    def pace(self) -> Pace:
        """The pace now; while the costs are being measured, what it was before and will be after."""
        return self._pace

    def follow(self, seconds: float, steps: int, due: bool, before: bool) -> Pace | None:
        """Take in what the last steps took.

        Args:
            seconds: that they took together.
            steps: how many they were.
            due: whether a record was due in one of them.
            before: whether one is due in the next: the weights are kept then.

        Returns:
            The pace from now on, where it is another one.
        """
        if self._share is None:
            return None
        self._steps += steps
        self._seconds += seconds
        each = seconds / steps
        if due or before:
            (self._due if due else self._snapshot).append(each)
            return None
        if self._measuring:
            return self._measure(each)
        if self._steps < self._next or self._seconds < SETTLED_SECONDS:
            return None
        self._measuring, self._blocks = True, []
        return self._begin_block(watched=True)

    def _begin_block(self, watched: bool) -> Pace:
        self._block, self._left_out = [], LEFT_OUT
        return Pace(1 if watched else NEVER, self._pace.record)

    def _measure(self, seconds: float) -> Pace | None:
        if self._left_out:
            self._left_out -= 1
            return None
        self._block.append(seconds)
        if len(self._block) < BLOCK:
            return None
        self._blocks.append(statistics.median(self._block))
        if len(self._blocks) < 2 * PAIRS:
            return self._begin_block(watched=len(self._blocks) % 2 == 0)
        self._measuring, self._next = False, AGAIN * self._steps
        self.decisions += 1
        assert self._share is not None
        self._pace = pace_within(self.costs(), self._share, self._every)
        return self._pace

    def costs(self) -> Costs:
        """As they were measured last."""
        watched, unwatched = self._blocks[::2], self._blocks[1::2]
        step = statistics.median(unwatched)
        look = _beyond_doubt([one - other for one, other in zip(watched, unwatched, strict=True)])
        record = _beyond_doubt([each - step for each in self._due])
        record += _beyond_doubt([each - step for each in self._snapshot])
        return Costs(step, look, record)


def _beyond_doubt(differences: Sequence[float]) -> float:
    """Their median as far as it is beyond its standard error, 0 at least; 0 of too few."""
    if len(differences) < 4:
        return 0.0
    middle = statistics.median(differences)
    spread = statistics.median(abs(each - middle) for each in differences)
    # 1.48 x MAD is a normal distribution's deviation, and a median's is 1.25 times that of a mean.
    return max(0.0, middle - 1.25 * 1.48 * spread / math.sqrt(len(differences)))
