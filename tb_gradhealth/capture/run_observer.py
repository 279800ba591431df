"""What watches a run inside its steps, as the host sees it, and how far the host has followed it."""

from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Generic, Protocol, TypeVar

from tb_gradhealth.capture.statistics.arrays import Floats, Ints, Mask
from tb_gradhealth.capture.writing.time_budget import EVERY_STEP, Pace
from tb_gradhealth.record import RowTable, Setting

DUE: Final = 0
TRIPPED: Final = 1
"""A record waits in one of two slots: that of the cadence, or that of the step that tripped."""


@dataclass(frozen=True)
class Collected:
    """What the host has read of an observer at one moment.

    Attributes:
        seen: steps so far.
        recorded: the steps, so counted, of the newest record of the cadence and of the newest one out of
            turn, 0 before the first, int64 [2].
        untaken: which of them nobody has read yet, bool [2].
        steps: of the flight recorder, float32 [steps, watched].
        numbers: which steps they are, int64 [steps].
        handed_over: what the steps with a record handed over, of both slots, in the adapter's own form.
    """

    seen: int
    recorded: Ints
    untaken: Mask
    steps: Floats
    numbers: Ints
    handed_over: Sequence[Any]


class RunObserver(Protocol):
    """The state of one set of tensors in a framework's memory, as the host sees it.

    Attributes:
        thins: whether steps can be left out.
    """

    thins: bool

    def count(self) -> int:
        """Steps so far."""

    def collect(self) -> Collected:
        """What the host can know now; records that are there count as taken from now on."""

    def leave(self, untaken: Mask) -> None:
        """Take back that these records, bool [2], were taken."""

    def record(self, collected: Collected, slot: int) -> Floats:
        """The matrix of a record, float32 [rows, columns]; in the order of their steps."""

    def settle(self, collected: Collected, before: int) -> None:
        """Learn from what was collected, after its records; ``before`` are the steps at the time before."""

    def steps_since(self, number: int) -> tuple[Floats, Ints]:
        """The flight recorder's steps after a number, float32 [steps, watched], and their numbers."""

    def set_pace(self, look: int, record: int) -> None:
        """From now on look at one step in ``look``, and make one record of the cadence in ``record``."""

    def table(self, stream: str, settings: Mapping[str, Setting]) -> RowTable:
        """The row table of these records."""


ObserverT = TypeVar("ObserverT", bound=RunObserver)


@dataclass
class Tracked(Generic[ObserverT]):
    """An observer, the table of its rows, and how far the host has followed it.

    Attributes:
        calls_before: steps that the recorder saw before this observer's first.
        seen: the observer's steps at the last look.
        steps_written: the step, so counted, up to which the flight recorder's steps are written.
        known: one of its steps whose number in the training is known.
        step: that number, None before the first.
        numbers: those of its last steps, as far as Python saw each of them and not only the first, traced.
        traced: whether it did not.
        tripped: the step, so counted, of the last record out of turn that was written.
        recorded: the step, so counted, of the newest record.
        settings: of the table, as they are where every step is looked at.
        pace: how often is looked.
    """

    observer: ObserverT
    table: RowTable
    calls_before: int
    seen: int = 0
    steps_written: int = 0
    known: int = 0
    step: int | None = None
    numbers: deque[int] = field(default_factory=deque)
    traced: bool = False
    tripped: int = 0
    recorded: int = 0
    settings: Mapping[str, Setting] = field(default_factory=dict)
    pace: Pace = EVERY_STEP

    def step_of(self, count: int) -> int:
        """The number in the training of the observer's step so counted."""
        ago = self.known - count
        if 0 <= ago < len(self.numbers):
            return self.numbers[-1 - ago]
        return (self.step or 0) - ago
