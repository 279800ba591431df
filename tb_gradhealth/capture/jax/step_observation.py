"""Observes a step by a pure function from its tensors and the state to the new state."""

import jax
import jax.numpy as jnp

from tb_gradhealth.capture.jax.measuring.operands import Operand
from tb_gradhealth.capture.jax.measuring.samples import spread_sample
from tb_gradhealth.capture.jax.measuring.units import is_full
from tb_gradhealth.capture.jax.observing.devices import Devices
from tb_gradhealth.capture.jax.observing.flight_recorder import is_beyond, next_to_watch
from tb_gradhealth.capture.jax.observing.step_statistics import StepStatistics
from tb_gradhealth.capture.jax.selecting.selection import Key, Selection
from tb_gradhealth.capture.jax.state import Counters, State
from tb_gradhealth.capture.jax.step_measurement import StepMeasurement, Tensors, Window
from tb_gradhealth.capture.run_observer import SCHEDULED, TRIPPED
from tb_gradhealth.capture.statistics.trip_limits import NO_LIMIT


class StepObservation:
    """Observes the steps of one selection.

    Attributes:
        measurement: measures a step with a record.
        order: keys of the watched tensors, in the order of the step statistics.
    """

    def __init__(self, selection: Selection, every: int, accumulation: int, devices: Devices) -> None:
        """Prepare for a selection.

        Args:
            selection: the rows.
            every: steps from one record to the next.
            accumulation: steps from one application of the gradients to the next.
            devices: that run the step.
        """
        self._statistics = StepStatistics(selection)
        self.order = self._statistics.order
        self.measurement = StepMeasurement(selection, accumulation > 1, self._statistics.with_units)
        self._selection = selection
        self._every = every
        self._accumulation = accumulation
        self._devices = devices
        self._compiled = jax.jit(self._observe, static_argnames="are_updates")

    def init(self, buffer_size: int) -> State:
        """The state before the first step, with so many steps in the flight recorder."""
        rows = len(self.order)
        return State(
            counters=Counters.first(),
            steps=jnp.zeros([buffer_size, rows], jnp.float32),
            numbers=jnp.zeros([buffer_size], jnp.int32),
            limits=jnp.full([rows], NO_LIMIT, jnp.float32),
            payloads=jnp.zeros([2, self.measurement.size], jnp.float32),
            unit_peaks=jnp.zeros([sum(self._statistics.unit_sizes)], jnp.float32),
            update=jnp.zeros([self.measurement.updates.size], jnp.float32),
        )

    def __call__(self, state: State, tensors: Tensors, others: Tensors, are_updates: bool) -> State:
        """Observe one step. In a step that is not compiled itself, this function is.

        Args:
            state: after the last step.
            tensors: of the step, without updates.
            others: what updates are computed from, by the updates' keys.
            are_updates: whether these are the updates themselves, else the weights before the step.
        """
        observed: State = self._compiled(state, dict(tensors), dict(others), are_updates=are_updates)
        return observed

    def _observe(self, state: State, tensors: Tensors, others: Tensors, are_updates: bool) -> State:
        before = Counters.of(state.counters)
        number = before.step_count + 1
        every = self._every * before.record_every
        scheduled = (number - 1) % every == 0
        keeps_update = self._is_before_record(number, every) & bool(others)
        watched = (number >= before.next_watched) | scheduled | keeps_update | self._has_bad_loss(tensors)
        slot = before.watched_count % len(state.numbers)
        counts_units = self._has_all_units(tensors)

        def watch() -> tuple[jax.Array, jax.Array]:
            statistics, peaks = (self._devices.largest(each) for each in self._statistics(tensors))
            return statistics, jnp.maximum(state.unit_peaks, peaks) if counts_units else state.unit_peaks

        # The larger arrays of the state stay outside of conditions, so that they are changed in place.
        statistics, peaks = jax.lax.cond(watched, watch, lambda: (state.steps[slot], state.unit_peaks))
        beyond = watched & is_beyond(statistics, state.limits)
        tripped = beyond & ~scheduled & (before.tripped_pending == 0)
        batches = before.unit_batches + (watched if counts_units else 0)
        updates = {
            key: self._update(key, tensors["weight", key[1]], other, are_updates)
            for key, other in others.items()
        }
        update, update_number = state.update, before.update_number
        if self._accumulates:

            def measured() -> jax.Array:
                return self._devices.first(self.measurement.updates.payload(updates, number > 0))

            update = jax.lax.cond(keeps_update, measured, lambda: update)
            update_number = jnp.where(keeps_update, number, update_number)
        known = jnp.asarray(bool(others))
        if self._accumulates:
            known &= (update_number > 0) & (update_number == self._last_update(number))
        ends = scheduled & is_full(batches)

        def record() -> jax.Array:
            operands = {**{key: (each,) for key, each in tensors.items()}, **updates}
            window = Window(peaks, jnp.where(scheduled, batches, 0))
            payload = self.measurement.payload(
                tensors, operands, {*tensors, *others}, update, known, window, number > 0
            )
            slot = jnp.where(scheduled, SCHEDULED, TRIPPED)
            return _with_row(state.payloads, self._devices.first(payload), slot)

        payloads = jax.lax.cond(scheduled | tripped, record, lambda: state.payloads)
        after = Counters(
            step_count=number,
            watch_every=before.watch_every,
            record_every=before.record_every,
            next_watched=jnp.where(watched, next_to_watch(number, before.watch_every), before.next_watched),
            watched_count=before.watched_count + watched,
            scheduled_number=jnp.where(scheduled, number, before.scheduled_number),
            tripped_number=jnp.where(tripped, number, before.tripped_number),
            scheduled_pending=before.scheduled_pending | scheduled,
            tripped_pending=before.tripped_pending | tripped,
            unit_batches=jnp.where(ends, 0, batches),
            update_number=update_number,
        )
        return State(
            counters=after.packed(),
            steps=_with_row(state.steps, statistics, slot),
            numbers=_with_row(state.numbers, jnp.where(watched, number, state.numbers[slot]), slot),
            limits=state.limits,
            payloads=payloads,
            unit_peaks=jnp.where(ends, 0, peaks),
            update=update,
        )

    @property
    def _accumulates(self) -> bool:
        return self._accumulation > 1

    def _has_bad_loss(self, tensors: Tensors) -> jax.Array:
        flags = [~jnp.isfinite(each) for key, each in tensors.items() if key[0] == "loss"]
        if not flags:
            return jnp.zeros([], jnp.bool_)
        return self._devices.largest(jnp.any(jnp.stack(flags)).astype(jnp.float32)) > 0

    def _has_all_units(self, tensors: Tensors) -> bool:
        with_units = self._statistics.with_units
        return bool(with_units) and all(key in tensors for key in with_units)

    def _update(self, key: Key, weight: jax.Array, other: jax.Array, is_update: bool) -> Operand:
        """The measured elements of an update."""
        sampled = self._selection.row(key).sampled
        if sampled:
            weight, other = (spread_sample(each.reshape(-1), sampled) for each in (weight, other))
        return (other,) if is_update else (weight, other)

    def _last_update(self, number: jax.Array) -> jax.Array:
        """The last step up to ``number`` that applied an update; 0 if none did."""
        return number - number % self._accumulation

    def _is_before_record(self, number: jax.Array, every: jax.Array) -> jax.Array:
        """Whether a step applies the update that the next record shows, if gradients are accumulated."""
        if not self._accumulates:
            return jnp.zeros([], jnp.bool_)
        following = number + (1 - number) % every
        return self._last_update(following) == number


def _with_row(array: jax.Array, row: jax.Array, index: jax.Array) -> jax.Array:
    """An array with another row; it is changed in place if nothing else uses it."""
    changed: jax.Array = jax.lax.dynamic_update_index_in_dim(array, row, index, 0)
    return changed
