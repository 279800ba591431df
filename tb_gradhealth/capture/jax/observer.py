"""The host's side of a recording: reads the state where a record is scheduled, and changes it afterwards."""

from collections.abc import Mapping
from dataclasses import fields, replace
from typing import Any, Final

import jax
import jax.numpy as jnp
import numpy as np
import numpy.typing as npt

from tb_gradhealth.capture.jax.state import Counters, State
from tb_gradhealth.capture.jax.watch import Watch
from tb_gradhealth.capture.run_observer import Collected
from tb_gradhealth.capture.statistics.arrays import Floats, Ints, Mask
from tb_gradhealth.capture.statistics.matrix import clear_faults_of_absent, step_matrix
from tb_gradhealth.capture.statistics.since_record import SinceRecord
from tb_gradhealth.capture.statistics.trip_limits import NO_LIMIT, trip_limits
from tb_gradhealth.record import Row, RowTable, Setting, layouts
from tb_gradhealth.record.activation_functions import WITH_UNITS, unit_count

NO_GRADIENT: Final = "gradient is None"
NOT_GIVEN: Final = "Watch.observe did not receive it"


class Observer:
    """Implements `tb_gradhealth.capture.run_observer.RunObserver` over a state.

    Attributes:
        state: the newest state; the host's changes are in it.
        can_thin: whether some steps need not be watched.
    """

    def __init__(self, watch: Watch, state: State, can_thin: bool) -> None:
        """Begin with the state after the first steps."""
        self.state = state
        self.can_thin = can_thin
        self._measurement = watch.observation.measurement
        selection = watch.selection
        self._rows = tuple(_with_reason(row, (row.kind, row.tensor) in watch.seen) for row in selection.rows)
        watched = [selection.index[key] for key in watch.observation.order]
        # A tensor that is never given has a step statistic, which is not written.
        self._kept = np.array([not self._rows[index].not_measured for index in watched], bool)
        self._order = [index for index, kept in zip(watched, self._kept, strict=True) if kept]
        self._since_record = SinceRecord(self._rows, self._order)
        self._limits = np.full([len(self._order)], NO_LIMIT, np.float32)
        self._last: Collected | None = None

    def count(self) -> int:
        """The number of steps so far."""
        return self._last.step_count if self._is_gone() and self._last else int(self._counters().step_count)

    def collect(self) -> Collected:
        """Read the state; afterwards no record is pending."""
        if self._is_gone():
            # A step that took the state, and did not return: what it has added is lost.
            assert self._last is not None
            return replace(self._last, pending=np.zeros([2], np.bool_))
        state = self.state
        counters = self._counters()
        pending = np.array([counters.scheduled_pending, counters.tripped_pending], np.bool_)
        collected = Collected(
            step_count=int(counters.step_count),
            record_numbers=np.array([counters.scheduled_number, counters.tripped_number], np.int64),
            pending=pending,
            steps=self._read(state.steps)[:, self._kept],
            numbers=self._read(state.numbers).astype(np.int64),
            payloads=list(self._read(state.payloads)) if pending.any() else [],
        )
        if pending.any():
            self._change_counters(scheduled_pending=0, tripped_pending=0)
        self._last = collected
        return collected

    def restore_pending(self, pending: Mask) -> None:
        """Mark records, bool [2], as pending again."""
        if not self._is_gone():
            scheduled, tripped = map(int, pending)
            self._change_counters(scheduled_pending=scheduled, tripped_pending=tripped)

    def record(self, collected: Collected, slot: int) -> Floats:
        """The matrix of a record, float32 [rows, columns]; call it in the order of the records' steps."""
        matrix = step_matrix(self._rows, self._measurement.unpack(np.asarray(collected.payloads[slot])))
        number = int(collected.record_numbers[slot])
        clear_faults_of_absent(matrix, self._order, collected.steps[collected.numbers == number])
        self._since_record.fill(matrix, collected.steps, collected.numbers, number)
        return matrix.astype(np.float32)

    def adapt(self, collected: Collected, previous_count: int) -> None:
        """Update the trip limits after the records."""
        if not self._order or self._is_gone():
            return
        self._since_record.add(collected.steps, collected.numbers, collected.step_count)
        limits = trip_limits(collected.steps, collected.numbers, self._limits)
        if not np.array_equal(limits, self._limits):
            every = np.full(self._kept.shape, NO_LIMIT, np.float32)
            every[self._kept] = limits
            self._change(limits=every)
        self._limits = limits

    def steps_since(self, number: int) -> tuple[Floats, Ints]:
        """The flight recorder's steps after a number, float32 [steps, watched rows], and their numbers."""
        collected = self._last or self.collect()
        order = np.argsort(collected.numbers)
        order = order[collected.numbers[order] > number]
        return np.asarray(collected.steps[order]), np.asarray(collected.numbers[order])

    def set_pace(self, watch: int, record: int) -> None:
        """From now on watch one step in ``watch``, and make one record of the cadence in ``record``."""
        self._change_counters(watch_every=watch, record_every=record, next_watched=0)

    def table(self, stream: str, settings: Mapping[str, Setting]) -> RowTable:
        """The row table of the records."""
        units = any(unit_count(row, WITH_UNITS) for row in self._rows)
        return RowTable(
            self._rows,
            stream=stream,
            settings=settings,
            layouts=layouts(units=units, sparse=False, replicas=False),
            watched=tuple(self._order),
        )

    def _read(self, array: jax.Array) -> npt.NDArray[Any]:
        """A copy of an array of the state; of several devices that of the first."""
        if len(array.sharding.device_set) > 1:
            array = array.addressable_data(0)
        is_stacked = self.state.counters.ndim > 1  # as in `jax.pmap`, with an axis of devices
        return np.array(np.asarray(array)[0] if is_stacked else array)

    def _counters(self) -> Counters:
        return Counters(*self._read(self.state.counters))

    def _is_gone(self) -> bool:
        return any(leaf.is_deleted() for leaf in jax.tree_util.tree_leaves(self.state))

    def _change_counters(self, **values: int) -> None:
        counters = self._read(self.state.counters)
        for place, each in enumerate(fields(Counters)):
            counters[place] = values.get(each.name, counters[place])
        self._change(counters=counters)

    def _change(self, **values: npt.NDArray[Any]) -> None:
        """Replace some arrays of the state by values from the host; no step is compiled again."""
        changed = {name: _placed(value, getattr(self.state, name)) for name, value in values.items()}
        self.state = replace(self.state, **changed)


def _with_reason(row: Row, given: bool) -> Row:
    if given or row.not_measured:
        return row
    reason = NO_GRADIENT if row.kind == "gradient" else NOT_GIVEN
    return replace(row, not_measured=reason)


def _placed(value: npt.NDArray[Any], like: jax.Array) -> jax.Array:
    """A value of the host in the place of an array: an other placement would compile the step again."""
    value = np.broadcast_to(value, like.shape)
    return jax.device_put(value, like.sharding) if like.committed else jnp.array(value)
