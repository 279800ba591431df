"""Observes a step by a pure function from its tensors and the state to the new state."""

from collections.abc import Mapping
from dataclasses import replace

import jax
import jax.numpy as jnp

from tb_gradhealth.capture.jax.measuring.samples import first_samples, spread_sample
from tb_gradhealth.capture.jax.measuring.units import Units, is_full
from tb_gradhealth.capture.jax.observing.devices import Devices
from tb_gradhealth.capture.jax.observing.flight_recorder import is_beyond, next_to_watch, with_step
from tb_gradhealth.capture.jax.observing.step_statistics import step_statistics
from tb_gradhealth.capture.jax.selecting.selection import Key, Selection
from tb_gradhealth.capture.jax.state import State
from tb_gradhealth.capture.jax.step_measurement import StepMeasurement, Tensors
from tb_gradhealth.capture.run_observer import SCHEDULED, TRIPPED
from tb_gradhealth.capture.statistics.batch_sizes import ELEMENTS_EVERY_STEP
from tb_gradhealth.capture.statistics.trip_limits import NO_LIMIT

HALF = (jnp.float16, jnp.bfloat16)


class StepObservation:
    """Observes the steps of one selection.

    Attributes:
        measurement: measures a step with a record.
    """

    def __init__(self, selection: Selection, every: int, accumulation: int, devices: Devices) -> None:
        """Prepare for a selection.

        Args:
            selection: the rows.
            every: steps from one record to the next.
            accumulation: steps from one application of the gradients to the next.
            devices: that run the step.
        """
        self.measurement = StepMeasurement(selection)
        self._selection = selection
        self._every = every
        self._accumulation = accumulation
        self._devices = devices
        self._units = Units([selection.shapes[key][-1] for key in self.measurement.with_units])
        self._compiled = jax.jit(self._observe, static_argnames="are_updates")

    def init(self, buffer_size: int) -> State:
        """The state before the first step, with so many steps in the flight recorder."""
        rows = len(self._selection.watched)
        return State(
            step_count=jnp.zeros([], jnp.int32),
            pace=jnp.ones([2], jnp.int32),
            next_watched=jnp.zeros([], jnp.int32),
            watched_count=jnp.zeros([], jnp.int32),
            steps=jnp.zeros([buffer_size, rows], jnp.float32),
            numbers=jnp.zeros([buffer_size], jnp.int32),
            limits=jnp.full([rows], NO_LIMIT, jnp.float32),
            record_numbers=jnp.zeros([2], jnp.int32),
            pending=jnp.zeros([2], jnp.bool_),
            payloads=jnp.zeros([2, self.measurement.size], jnp.float32),
            unit_peaks=jnp.zeros([self._units.count], jnp.float32),
            unit_batches=jnp.zeros([], jnp.int32),
            update=jnp.zeros([self.measurement.updates.size if self._accumulates else 0], jnp.float32),
            update_number=jnp.zeros([], jnp.int32),
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
        number = state.step_count + 1
        every = self._every * state.pace[1]
        scheduled = (number - 1) % every == 0
        keeps_update = self._is_before_record(number, every) & bool(others)
        watched = (number >= state.next_watched) | scheduled | keeps_update | self._has_bad_loss(tensors)
        measured = self._with_functions(tensors)
        present = {*tensors, *others}

        def update() -> jax.Array:
            weights = {key: tensors["weight", key[1]] for key in others}
            found = {
                key: self._update(key, weights[key], other, are_updates) for key, other in others.items()
            }
            return self._devices.first(self.measurement.updates.payload(found))

        def watch(state: State) -> State:
            first = {
                key: first_samples(each, ELEMENTS_EVERY_STEP) if key[0] == "activation" else each
                for key, each in measured.items()
            }
            statistics = self._devices.largest(step_statistics(self._selection, first))
            tripped = is_beyond(statistics, state.limits) & ~scheduled & ~state.pending[TRIPPED]
            state = with_step(state, statistics, number)
            state = self._with_units(state, first)
            if self._accumulates:
                state = jax.lax.cond(
                    keeps_update,
                    lambda state: replace(state, update=update(), update_number=number),
                    lambda state: state,
                    state,
                )

            def record(state: State) -> State:
                known = self._knows_update(state, number) & bool(others)
                values = state.update if self._accumulates else update()
                state, columns = self._end_of_window(state, measured, scheduled)
                payload = self.measurement.payload(measured, present, values, known, columns)
                return _with_record(state, self._devices.first(payload), scheduled, number)

            state = jax.lax.cond(scheduled | tripped, record, lambda state: state, state)
            return replace(state, next_watched=next_to_watch(number, state.pace[0]))

        state = replace(state, step_count=number)
        observed: State = jax.lax.cond(watched, watch, lambda state: state, state)
        return observed

    @property
    def _accumulates(self) -> bool:
        return self._accumulation > 1

    def _has_bad_loss(self, tensors: Tensors) -> jax.Array:
        flags = [~jnp.isfinite(each) for key, each in tensors.items() if key[0] == "loss"]
        if not flags:
            return jnp.zeros([], jnp.bool_)
        return self._devices.largest(jnp.any(jnp.stack(flags)).astype(jnp.float32)) > 0

    def _with_functions(self, tensors: Tensors) -> dict[Key, jax.Array]:
        """The tensors, with the functions that follow layers applied to their outputs."""
        functions = self._selection.functions
        return {
            key: functions[key[1]](each) if key[0] == "activation" and key[1] in functions else each
            for key, each in tensors.items()
        }

    def _with_units(self, state: State, first: Tensors) -> State:
        """The state with the peaks of one more batch."""
        if not self._has_all_units(first):
            return state
        peaks = jnp.maximum(state.unit_peaks, self._unit_peaks(first))
        return replace(state, unit_peaks=peaks, unit_batches=state.unit_batches + 1)

    def _end_of_window(self, state: State, tensors: Tensors, scheduled: jax.Array) -> tuple[State, jax.Array]:
        """The state after the end of a full window, and the columns of the units, float32 [layers, 2]."""
        layers = len(self.measurement.with_units)
        if not self._has_all_units(tensors):
            return state, jnp.full([layers, 2], jnp.nan, jnp.float32)
        columns = self._units.columns(state.unit_peaks, state.unit_batches, self._unit_peaks(tensors))
        ends = scheduled & is_full(state.unit_batches)
        state = replace(
            state,
            unit_peaks=jnp.where(ends, 0, state.unit_peaks),
            unit_batches=jnp.where(ends, 0, state.unit_batches),
        )
        return state, jnp.where(ends, columns, jnp.nan)

    def _has_all_units(self, tensors: Tensors) -> bool:
        with_units = self.measurement.with_units
        return bool(with_units) and all(key in tensors for key in with_units)

    def _unit_peaks(self, tensors: Mapping[Key, jax.Array]) -> jax.Array:
        peaks = self._units.peaks([tensors[key] for key in self.measurement.with_units])
        return self._devices.largest(peaks)

    def _update(self, key: Key, weight: jax.Array, other: jax.Array, is_update: bool) -> jax.Array:
        """The measured elements of an update."""
        sampled = self._selection.rows[self._selection.index[key]].sampled
        if sampled:
            weight, other = (spread_sample(each.reshape(-1), sampled) for each in (weight, other))
        if is_update:
            return other
        if weight.dtype in HALF:
            return weight.astype(jnp.float32) - other.astype(jnp.float32)
        return weight - other

    def _knows_update(self, state: State, number: jax.Array) -> jax.Array:
        """Whether the update of a record in this step is known."""
        if not self._accumulates:
            return jnp.ones([], jnp.bool_)
        return (state.update_number > 0) & (state.update_number == self._last_update(number))

    def _last_update(self, number: jax.Array) -> jax.Array:
        """The last step up to ``number`` that applied an update; 0 if none did."""
        return number - number % self._accumulation

    def _is_before_record(self, number: jax.Array, every: jax.Array) -> jax.Array:
        """Whether a step applies the update that the next record shows, if gradients are accumulated."""
        if not self._accumulates:
            return jnp.zeros([], jnp.bool_)
        following = number + (1 - number) % every
        return self._last_update(following) == number


def _with_record(state: State, payload: jax.Array, scheduled: jax.Array, number: jax.Array) -> State:
    """The state with a record of a step, in its slot."""
    slot = jnp.where(scheduled, SCHEDULED, TRIPPED)
    return replace(
        state,
        payloads=state.payloads.at[slot].set(payload),
        record_numbers=state.record_numbers.at[slot].set(number),
        pending=state.pending.at[slot].set(True),
    )
