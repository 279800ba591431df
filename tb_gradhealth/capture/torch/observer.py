"""The state of one set of rows: step statistics on the device, and records that are not written yet."""

from collections.abc import Mapping, Sequence

import numpy as np
import torch

from tb_gradhealth.capture.run_observer import Collected
from tb_gradhealth.capture.statistics.arrays import Floats, Ints, Mask
from tb_gradhealth.capture.statistics.matrix import clear_faults_of_absent, clear_rows, step_matrix
from tb_gradhealth.capture.statistics.since_record import SinceRecord
from tb_gradhealth.capture.statistics.step_values import StepValues
from tb_gradhealth.capture.statistics.trip_limits import NO_LIMIT, trip_limits
from tb_gradhealth.capture.statistics.watched_steps import next_watched
from tb_gradhealth.capture.torch.measuring.units import Units
from tb_gradhealth.capture.torch.observing.flight_recorder import FlightRecorder
from tb_gradhealth.capture.torch.selecting.selection import Key, Selection
from tb_gradhealth.capture.torch.step import Statistics
from tb_gradhealth.record import Kind, RowTable, Setting, layouts
from tb_gradhealth.record.activation_functions import RELU_LIKE, WITH_UNITS, unit_count


class Observer:
    """Implements `tb_gradhealth.capture.run_observer.RunObserver`.

    Attributes:
        selection: the rows.
        step_count: steps so far.
        pending: by slot, whether the host has not written the record yet, bool [2].
        flight_recorder: the newest watched steps.
        units: the silent units of the rows ``with_units``.
        with_units: keys of the activations whose units may be dead.
        can_thin: whether some steps need not be watched.
    """

    def __init__(self, selection: Selection, every: int, can_thin: bool, device: torch.device) -> None:
        """Create the state of a set of rows.

        Args:
            selection: the rows.
            every: steps from one record to the next.
            can_thin: whether some steps need not be watched.
            device: that keeps the step statistics.
        """
        self.selection = selection
        self.can_thin = can_thin
        self.step_count = 0
        self.pending = np.zeros([2], np.bool_)
        self._every = every
        self._device = device
        self._pace = (1, 1)
        self._next_watched = 0
        self._record_numbers = np.zeros([2], np.int64)
        self._payloads: list[StepValues | None] = [None, None]
        self._order = [selection.index[key] for key in selection.watched]
        self._sections = _sections(selection.watched)
        self._positions: dict[tuple[Key, ...], torch.Tensor] = {}
        self.flight_recorder = FlightRecorder(len(self._order), every, device)
        self._since_record = SinceRecord(selection.rows, self._order)
        self._limits = np.full([len(self._order)], NO_LIMIT, np.float32)
        self.with_units = [
            key
            for key in selection.of_kind("activation")
            if unit_count(selection.rows[selection.index[key]], RELU_LIKE)
        ]
        sizes = [selection.rows[selection.index[key]].shape[-1] for key in self.with_units]
        self.units = Units(sizes, device)
        self.unit_sizes = dict(zip(self.with_units, sizes, strict=True))

    def is_scheduled(self, number: int) -> bool:
        """Whether a step has a record of the cadence."""
        return (number - 1) % (self._every * self._pace[1]) == 0

    def is_watched(self, number: int) -> bool:
        """Whether a step is watched: one in each interval at a varying position, and those with a record."""
        if self._pace[0] == 1 or self.is_scheduled(number):
            return True
        return number >= self._next_watched

    def vector(self, kind: Kind, *parts: Statistics) -> torch.Tensor:
        """The step statistics of a kind in the order of the rows, float32 [rows]; 0 for absent tensors.

        Of a tensor that is in several parts, the last one counts.
        """
        begin, end = self._sections[kind]
        wanted = self.selection.watched[begin:end]
        if parts and parts[-1][0] == wanted:
            return parts[-1][1]
        result = torch.zeros([len(wanted) + 1], device=self._device)  # the last takes what has no row
        for keys, values in parts:
            if keys not in self._positions:
                positions = {key: position for position, key in enumerate(wanted)}
                indices = [positions.get(key, len(wanted)) for key in keys]
                self._positions[keys] = torch.tensor(indices, dtype=torch.int64, device=self._device)
            result.index_copy_(0, self._positions[keys], values)
        return result[:-1]

    def check(self, kind: Kind, statistics: torch.Tensor) -> None:
        """Check the result of `vector` for spikes and values that are not finite."""
        if statistics.numel():
            self.flight_recorder.check(statistics, *self._sections[kind])

    def add(self, statistics: Mapping[Kind, torch.Tensor] | None) -> None:
        """Count a step, and add its statistics if it was watched, by kind in the order of the rows."""
        self.step_count += 1
        if statistics is None:
            return
        parts = [statistics[kind] for kind in self._sections]
        if self._order:
            self.flight_recorder.add(torch.cat(parts), self.step_count)
        if self._pace[0] > 1:
            self._next_watched = next_watched(self.step_count, self._pace[0])

    def add_record(self, slot: int, values: StepValues) -> None:
        """Keep the values of the newest step until the host collects them."""
        self._payloads[slot] = values
        self._record_numbers[slot] = self.step_count
        self.pending[slot] = True

    def count(self) -> int:
        """The number of steps so far."""
        return self.step_count

    def collect(self) -> Collected:
        """Read the state; afterwards no record is pending."""
        pending, self.pending = self.pending, np.zeros([2], np.bool_)
        return Collected(
            step_count=self.step_count,
            record_numbers=self._record_numbers.copy(),
            pending=pending.copy(),
            steps=self.flight_recorder.read(),
            numbers=self.flight_recorder.numbers.copy(),
            payloads=list(self._payloads),
        )

    def restore_pending(self, pending: Mask) -> None:
        """Mark records, bool [2], as pending again."""
        self.pending = np.array(pending)

    def record(self, collected: Collected, slot: int) -> Floats:
        """The matrix of a record, float32 [rows, columns]; call it in the order of the records' steps."""
        values: StepValues = collected.payloads[slot]
        rows = self.selection.rows
        matrix = step_matrix(rows, values)
        number = int(collected.record_numbers[slot])
        clear_faults_of_absent(matrix, self._order, collected.steps[collected.numbers == number])
        self._since_record.fill(matrix, collected.steps, collected.numbers, number)
        if values.skipped:
            clear_rows(matrix, rows, ["gradient", "clipped"])  # their overflow is no fault
        return matrix.astype(np.float32)

    def adapt(self, collected: Collected, previous_count: int) -> None:
        """Update trip limits and buffer size after the records; ``previous_count`` is the last step count."""
        if not self._order:
            return
        self._since_record.add(collected.steps, collected.numbers, collected.step_count)
        limits = trip_limits(collected.steps, collected.numbers, self._limits)
        if not np.array_equal(limits, self._limits):
            self.flight_recorder.set_limits(limits)
        self._limits = limits
        steps = collected.step_count - previous_count
        if steps > len(collected.numbers):
            self.flight_recorder.grow(2 * steps)

    def steps_since(self, number: int) -> tuple[Floats, Ints]:
        """The flight recorder's steps after a number, float32 [steps, watched rows], and their numbers."""
        return self.flight_recorder.since(number)

    def set_pace(self, watch: int, record: int) -> None:
        """From now on watch one step in ``watch``, and make one record of the cadence in ``record``."""
        self._pace = watch, record
        self._next_watched = 0

    def table(self, stream: str, settings: Mapping[str, Setting]) -> RowTable:
        """The row table of the records."""
        rows = self.selection.rows
        units = any(unit_count(row, WITH_UNITS) for row in rows)
        return RowTable(
            rows,
            stream=stream,
            settings=settings,
            layouts=layouts(units=units, sparse=bool(self.selection.sparse), replicas=False),
            watched=tuple(self._order),
        )


def _sections(watched: Sequence[Key]) -> dict[Kind, tuple[int, int]]:
    """The range of the step statistics of each kind."""
    sections: dict[Kind, tuple[int, int]] = {}
    begin = 0
    kinds: tuple[Kind, ...] = ("gradient", "weight", "loss", "activation")
    for kind in kinds:
        end = begin + sum(key[0] == kind for key in watched)
        sections[kind] = begin, end
        begin = end
    return sections
