"""The limit on the recorder's share of the training's time: steps are watched less often, never stopped."""

import math
import statistics
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

NEVER: Final = 1 << 20
"""As a pace's ``watch``: only the steps of records are watched, to measure steps that are not watched."""

WARM_UP_STEPS: Final = 256
"""Steps of a training that are all watched before the costs are measured, ..."""

WARM_UP_SECONDS: Final = 2.0
"""... and seconds: a shorter training is not thinned."""

BLOCK: Final = 4
"""Steps that count in each block of steps that are all watched or all not watched, ..."""

LEFT_OUT: Final = 1
"""... after this many that do not, in which work of the previous block may end."""

PAIRS: Final = 24
"""Blocks of each kind."""

RECENT_RECORDS: Final = 32
"""Newest steps with a record whose times are kept."""

REMEASURE_FACTOR: Final = 4
"""The costs are measured again after this many times as many steps."""

MAX_INTERVAL: Final = 64
"""At least one step in this many is watched, and one record of the cadence in this many is made."""


@dataclass(frozen=True)
class Pace:
    """How often steps are watched and records are made.

    Attributes:
        watch: one step in this many is watched.
        record: one record of the cadence in this many is made.
    """

    watch: int = 1
    record: int = 1


EVERY_STEP: Final = Pace()
"""Every step is watched, and every record of the cadence is made."""


@dataclass(frozen=True)
class Costs:
    """Measured times in seconds.

    Attributes:
        step: time of a step that is not watched.
        watch: additional time of a watched step.
        record: additional time of a step with a record, including the writing, and of the step before it.
    """

    step: float
    watch: float
    record: float

    def share(self, pace: Pace, every: int) -> float:
        """The time of recording at a pace, divided by the time of the training without it."""
        return (self.watch / pace.watch + self.record / (every * pace.record)) / self.step


def pace_within(costs: Costs, share: float, every: int) -> Pace:
    """The most thorough pace whose share is at most ``share``; the larger cost is thinned first."""
    pace = EVERY_STEP
    while costs.share(pace, every) > share:
        cadence = every * pace.record
        watching_costs_more = costs.watch / pace.watch > costs.record / cadence
        if watching_costs_more and 2 * pace.watch <= min(MAX_INTERVAL, cadence):
            pace = Pace(2 * pace.watch, pace.record)
        elif pace.record < MAX_INTERVAL:
            pace = Pace(pace.watch, 2 * pace.record)
        else:
            break
    return pace


class TimeBudget:
    """Measures the costs of recording on the host, and computes the pace.

    Whole steps are timed, from the end of one to the end of the next. Some time after the start, blocks of
    watched steps alternate with blocks of steps that are not watched. The median of the differences between
    neighbouring blocks is the cost of watching a step. It counts only as far as it exceeds its standard
    error, so noise thins nothing.

    Attributes:
        decisions: how often the costs have been measured.
    """

    def __init__(self, share: float | None, every: int) -> None:
        """Begin at the pace `EVERY_STEP`.

        Args:
            share: share of the training's time that recording may take, None for no limit.
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
        self._next_measurement = WARM_UP_STEPS
        self._block: list[float] = []
        self._left_out = 0
        self._blocks: list[float] = []
        self._measuring = False
        self.decisions = 0
        self._with_record: deque[float] = deque(maxlen=RECENT_RECORDS)
        self._before_record: deque[float] = deque(maxlen=RECENT_RECORDS)

    @property
    def pace(self) -> Pace:
        """The pace in force; it does not change while the costs are being measured."""
        return self._pace

    def add(self, seconds: float, steps: int, has_record: bool, before_record: bool) -> Pace | None:
        """Add the time of the last steps.

        Args:
            seconds: their time together.
            steps: their number.
            has_record: whether one of them has a record of the cadence.
            before_record: whether the next step has one: then the weights are copied in this one.

        Returns:
            The pace from now on if it changes, else None.
        """
        if self._share is None:
            return None
        self._steps += steps
        self._seconds += seconds
        per_step = seconds / steps
        if has_record or before_record:
            (self._with_record if has_record else self._before_record).append(per_step)
            return None
        if self._measuring:
            return self._measure(per_step)
        if self._steps < self._next_measurement or self._seconds < WARM_UP_SECONDS:
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
        self._measuring, self._next_measurement = False, REMEASURE_FACTOR * self._steps
        self.decisions += 1
        assert self._share is not None
        self._pace = pace_within(self.costs(), self._share, self._every)
        return self._pace

    def costs(self) -> Costs:
        """The costs by the last measurement."""
        watched, unwatched = self._blocks[::2], self._blocks[1::2]
        step = statistics.median(unwatched)
        watch = _significant_median([one - other for one, other in zip(watched, unwatched, strict=True)])
        record = _significant_median([each - step for each in self._with_record])
        record += _significant_median([each - step for each in self._before_record])
        return Costs(step, watch, record)


def _significant_median(differences: Sequence[float]) -> float:
    """The part of the median that exceeds its standard error, at least 0; 0 for fewer than 4 values."""
    if len(differences) < 4:
        return 0.0
    middle = statistics.median(differences)
    spread = statistics.median(abs(each - middle) for each in differences)
    # 1.48 x MAD is a normal distribution's deviation, and a median's is 1.25 times that of a mean.
    return max(0.0, middle - 1.25 * 1.48 * spread / math.sqrt(len(differences)))
