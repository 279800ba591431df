"""The interface between a recorder and the observers that measure a run inside its steps.

An observer counts its steps from 1: this count is a step's *number*. The number that the training has for it,
which records carry, is its *training step*.
"""

from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Generic, Protocol, TypeVar

from tb_gradhealth.capture.statistics.arrays import Floats, Ints, Mask
from tb_gradhealth.capture.writing.time_budget import EVERY_STEP, Pace
from tb_gradhealth.record import RowTable, Setting

SCHEDULED: Final = 0
TRIPPED: Final = 1
"""An observer has two slots for records: one of the cadence, and one of a step that tripped."""


@dataclass(frozen=True)
class Collected:
    """The state of an observer that the host has read at one moment.

    Attributes:
        step_count: steps so far.
        record_numbers: by slot, the number of the step with the newest record, 0 before the first, int64 [2].
        pending: by slot, whether the host has not read the record yet, bool [2].
        steps: step statistics of the flight recorder, float32 [steps, watched rows].
        numbers: their step numbers, int64 [steps]; 0 marks an unused slot.
        payloads: by slot, the values of the step with the record, in the adapter's own form.
    """

    step_count: int
    record_numbers: Ints
    pending: Mask
    steps: Floats
    numbers: Ints
    payloads: Sequence[Any]


class RunObserver(Protocol):
    """The state of one set of tensors in a framework's memory, as the host uses it.

    Attributes:
        can_thin: whether some steps need not be watched.
    """

    can_thin: bool

    def count(self) -> int:
        """The number of steps so far."""

    def collect(self) -> Collected:
        """Read the state; afterwards no record is pending."""

    def restore_pending(self, pending: Mask) -> None:
        """Mark records, bool [2], as pending again."""

    def record(self, collected: Collected, slot: int) -> Floats:
        """The matrix of a record, float32 [rows, columns]; call it in the order of the records' steps."""

    def adapt(self, collected: Collected, previous_count: int) -> None:
        """Update trip limits and buffer size after the records; ``previous_count`` is the last step count."""

    def steps_since(self, number: int) -> tuple[Floats, Ints]:
        """The flight recorder's steps after a number, float32 [steps, watched rows], and their numbers."""

    def set_pace(self, watch: int, record: int) -> None:
        """From now on watch one step in ``watch``, and make one record of the cadence in ``record``."""

    def table(self, stream: str, settings: Mapping[str, Setting]) -> RowTable:
        """The row table of the records."""


ObserverT = TypeVar("ObserverT", bound=RunObserver)


@dataclass
class Tracked(Generic[ObserverT]):
    """An observer, its row table, and what the host has read of it.

    Attributes:
        observer: the observer.
        table: its row table.
        steps_before: steps that the recorder observed before this observer's first.
        step_count: the observer's step count at the last collection.
        steps_written: the number up to which the flight recorder's steps are written.
        known_number: number of a step whose training step is known.
        known_step: that training step, None before the first.
        training_steps: training steps of the newest steps, if Python runs in each step.
        is_traced: whether it does not, since the step runs as a traced function.
        last_trip: the step count at the last tripped record that was written.
        last_record: number of the step with the newest record.
        settings: settings of the row table while every step is watched.
        pace: the pace in force.
    """

    observer: ObserverT
    table: RowTable
    steps_before: int
    step_count: int = 0
    steps_written: int = 0
    known_number: int = 0
    known_step: int | None = None
    training_steps: deque[int] = field(default_factory=deque)
    is_traced: bool = False
    last_trip: int = 0
    last_record: int = 0
    settings: Mapping[str, Setting] = field(default_factory=dict)
    pace: Pace = EVERY_STEP

    def training_step(self, number: int) -> int:
        """The training step of the step with a number."""
        ago = self.known_number - number
        if 0 <= ago < len(self.training_steps):
            return self.training_steps[-1 - ago]
        return (self.known_step or 0) - ago
