"""The part of a recorder inside the training step: it takes tensors and keeps their statistics in variables.

Nothing here writes files. Variables work where summaries do not: under XLA, in a loop of several steps per
call, on other devices. The host reads them where a record is scheduled.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np
import tensorflow as tf

from tb_gradhealth.capture.run_observer import SCHEDULED, TRIPPED, Collected
from tb_gradhealth.capture.statistics.arrays import Floats, Ints, Mask
from tb_gradhealth.capture.statistics.matrix import clear_rows, step_matrix
from tb_gradhealth.capture.statistics.since_record import SinceRecord
from tb_gradhealth.capture.statistics.trip_limits import NO_LIMIT, trip_limits
from tb_gradhealth.capture.statistics.watched_steps import next_watched
from tb_gradhealth.capture.tensorflow.graph import hidden_from_debuggers, is_compiled, run_rarely
from tb_gradhealth.capture.tensorflow.measuring.constant_prediction import ConstantPrediction
from tb_gradhealth.capture.tensorflow.measuring.operands import as_float32
from tb_gradhealth.capture.tensorflow.measuring.packs import Tensors
from tb_gradhealth.capture.tensorflow.observing.counters import SLOTS, Counter, Counters
from tb_gradhealth.capture.tensorflow.observing.flight_recorder import FlightRecorder
from tb_gradhealth.capture.tensorflow.observing.skipped_steps import SkippedSteps
from tb_gradhealth.capture.tensorflow.record_slots import RecordSlots
from tb_gradhealth.capture.tensorflow.selecting.selection import CONSTANT_ACCURACY, CONSTANT_LOSS, Selection
from tb_gradhealth.capture.tensorflow.step_measurement import StepMeasurement
from tb_gradhealth.record import RowTable, Setting, layouts
from tb_gradhealth.record.activation_functions import WITH_UNITS, unit_count

EARLY_KINDS: Final = ("loss", "activation", "gradient", "weight", "training")
"""Kinds of rows in the order in which a step computes their tensors; those that need no data come last."""

DTYPES: Final = (tf.float32, tf.float32, tf.int32, tf.float32, tf.int32)
"""Dtypes of `Observer._measured_outputs`: step statistics, and twice the floats and sizes of a payload."""


class Observer:
    """The state of one set of tensors.

    Attributes:
        rows: the rows of a record.
        counters: its whole numbers, among them by slot whether the host has not read the record yet. A step
            trips only if no tripped record is pending.
        flight_recorder: the newest watched steps.
        can_thin: whether some steps need not be watched, see `set_pace`.
    """

    def __init__(self, selection: Selection, every: int, can_thin: bool = False) -> None:
        """Create the state of a set of tensors.

        Args:
            selection: the tensors.
            every: steps from one record to the next.
            can_thin: whether some steps need not be watched, unless the tensors require it: skipped steps of
                a loss scaler have to be counted, and replicas exchange their gradients.
        """
        self.rows = selection.rows
        self._every = every
        self._lag = selection.lag
        self._phase = selection.phase
        self._replicas = selection.spread is not None
        # Without their tensors, which belong to one step.
        self._targets = [each.with_tensors(range(len(each.tensors))) for each in selection.constant]
        self._constant_rows = {
            row.tensor: index
            for index, row in enumerate(self.rows)
            if row.kind == "training" and row.tensor in (CONSTANT_LOSS, CONSTANT_ACCURACY)
        }
        self._present = [index for index, value in enumerate(selection.values) if value is not None]
        kinds = {self.rows[index].kind: index for index in self._present}
        self._first_known = [kinds[kind] for kind in EARLY_KINDS if kind in kinds][:1]
        with tf.init_scope(), hidden_from_debuggers():
            self._measurement = StepMeasurement(selection)
            self._step_statistics = self._measurement.step_statistics
            self.counters = Counters()
            self._slots = RecordSlots()
            self.flight_recorder = FlightRecorder(len(self._step_statistics.order), every, self.counters)
            self._skipped = SkippedSteps(self.rows, self._step_statistics.order)
            self._constant = ConstantPrediction([targets.term for targets in selection.constant])
        self.can_thin = can_thin and not self._replicas and not self._skipped.is_counting
        self._since_record = SinceRecord(self.rows, self._step_statistics.order)
        self._limits = np.full([len(self._step_statistics.order)], NO_LIMIT, np.float32)
        # By whether XLA compiles them, which needs other operations.
        self._functions: dict[bool, Any] = {}
        # By the number of variants of the payload.
        self._collect_functions: dict[int, Any] = {}

    def count(self) -> int:
        """The number of steps so far; on the host."""
        return int(self.counters.on_host()[Counter.STEPS])

    def steps_since(self, number: int) -> tuple[Floats, Ints]:
        """The flight recorder's steps after a number, float32 [steps, watched rows], and their numbers."""
        return self.flight_recorder.since(number)

    def collect(self) -> Collected:
        """Read the state in one call; afterwards no record is pending."""
        with hidden_from_debuggers():
            vector, steps, numbers, *payloads = self._collect()
        counters = vector.numpy()
        compiled = _by_slot(counters, Counter.COMPILED)
        return Collected(
            step_count=int(counters[Counter.STEPS]),
            record_numbers=_by_slot(counters, Counter.RECORD),
            pending=_by_slot(counters, Counter.PENDING) > 0,
            steps=steps.numpy(),
            numbers=numbers.numpy(),
            payloads=list(zip(payloads, compiled, strict=True)),
        )

    def record(self, collected: Collected, slot: int) -> Floats:
        """The matrix of a record, float32 [rows, columns]; call it in the order of the records' steps."""
        number = int(collected.record_numbers[slot])
        payload, compiled = collected.payloads[slot]
        return self.matrix(payload.numpy(), compiled, collected.steps, collected.numbers, number)

    def matrix(self, payload: Floats, compiled: Any, steps: Floats, numbers: Ints, number: int) -> Floats:
        """The matrix of the record of step ``number``.

        Args:
            payload: as for `StepMeasurement.unpack`.
            compiled: likewise.
            steps: step statistics of the flight recorder, float32 [steps, watched rows].
            numbers: their step numbers, int64 [steps].
            number: number of the record's step.
        """
        values = self._measurement.unpack(payload, compiled)
        matrix = step_matrix(self.rows, values)
        self._since_record.fill(matrix, steps, numbers, number)
        if values.skipped:
            clear_rows(matrix, self.rows, ["gradient", "clipped"])  # their overflow is no fault
        return matrix.astype(np.float32)

    def update_limits(self, steps: Floats, numbers: Ints, number: int) -> Floats:
        """Add the flight recorder's steps up to ``number``; return the new trip limits, float32 [rows]."""
        self._since_record.add(steps, numbers, number)
        self._limits = trip_limits(steps, numbers, self._limits)
        return self._limits

    def adapt(self, collected: Collected, previous_count: int) -> None:
        """Update trip limits and buffer size after the records; ``previous_count`` is the last step count."""
        if not self._step_statistics.order:
            return
        limits = self._limits
        new = self.update_limits(collected.steps, collected.numbers, collected.step_count)
        if not np.array_equal(limits, new):
            self.flight_recorder.limits.assign(self._limits)
        steps = collected.step_count - previous_count
        if steps > len(collected.numbers):
            self.flight_recorder.grow(2 * steps)

    def _collect(self) -> Any:
        # A concrete function: a `tf.function` would take half of the call to find it.
        variants = self._slots.variants
        if variants not in self._collect_functions:
            function = tf.function(self._collected, autograph=False)
            self._collect_functions[variants] = function.get_concrete_function()
        return self._collect_functions[variants]()

    def set_pace(self, watch: int, record: int) -> None:
        """From now on watch one step in ``watch``, and make one record of the cadence in ``record``.

        The position of the watched step varies, so that every part of periodic data is watched. A step whose
        loss is not finite is watched in any case.
        """
        pace = (Counter.WATCH_INTERVAL, watch), (Counter.RECORD_INTERVAL, record), (Counter.NEXT_WATCHED, 0)
        with hidden_from_debuggers():
            self.counters.set_on_host(*pace)

    def restore_pending(self, pending: Mask) -> None:
        """Mark records, bool [2], as pending again."""
        self.counters.set_on_host(*((Counter.PENDING + slot, int(pending[slot])) for slot in SLOTS))

    def table(self, stream: str, settings: Mapping[str, Setting]) -> RowTable:
        """The row table of the records."""
        units = any(unit_count(row, WITH_UNITS) for row in self.rows)
        return RowTable(
            self.rows,
            stream=stream,
            settings=settings,
            layouts=layouts(units=units, sparse=bool(self._measurement.sparse), replicas=self._replicas),
            watched=tuple(self._step_statistics.order),
        )

    def record_in(self, slot: Any) -> tuple[Any, Any, Any]:
        """In the graph, the number of the record in a slot, int32 scalar, its payload and `COMPILED`."""
        vector = self.counters.vector()
        compiled = vector[Counter.COMPILED + slot]
        payload = tf.cond(
            tf.equal(slot, SCHEDULED),
            lambda: self._slots.read(SCHEDULED, compiled > 0),
            lambda: self._slots.read(TRIPPED, compiled > 0),
        )
        return vector[Counter.RECORD + slot], payload, compiled

    def _collected(self) -> list[Any]:
        counters = tf.identity(self.counters.vector())
        with tf.control_dependencies([counters]):
            self.counters.set(*((Counter.PENDING + slot, 0) for slot in SLOTS))
        payloads = [self._slots.read(slot, counters[Counter.COMPILED + slot] > 0) for slot in SLOTS]
        steps, numbers = self.flight_recorder.steps.read_value(), self.flight_recorder.numbers.read_value()
        return [counters, steps, numbers, *payloads]

    def __call__(self, selection: Selection) -> tuple[Any, Any]:
        """Observe one step; return whether it has a record of the cadence, and whether it tripped."""
        values = [value for value in selection.values if value is not None]
        with tf.name_scope("gradhealth"), hidden_from_debuggers():
            constant = [targets.tensors for targets in selection.constant]
            scheduled, tripped = self._function()(values, selection.spread, constant)
        return scheduled, tripped

    def _function(self) -> Any:
        # One function: an eager loop starts one operation instead of a hundred, and a step that Keras traces
        # twice reuses its trace.
        compiled = is_compiled()
        if compiled not in self._functions:
            self._functions[compiled] = tf.function(self._observe, reduce_retracing=True, autograph=False)
        return self._functions[compiled]

    def _observe(self, values: list[Any], spread: Any, constant: list[list[Any]]) -> tuple[Any, Any]:
        present = dict(zip(self._present, values, strict=True))
        # The dependency excludes steps whose data could not be read. On the loss it is satisfied early, so
        # that the operations that depend on the count run in parallel to the backward pass.
        with tf.control_dependencies([present[index] for index in self._first_known]):
            counters = self.counters.count_step()
        number = counters[Counter.STEPS]
        if self._measurement.sparse:  # also in steps that are not watched
            self._measurement.touched.add([present[index] for index in self._measurement.sparse])
        if not self.can_thin:
            outputs = None if is_compiled() else self._measured_outputs(present, counters, self._every)
            return self._watch_step(present, outputs, spread, constant, counters, self._every)
        every = self._every * counters[Counter.RECORD_INTERVAL]
        watched = (number >= counters[Counter.NEXT_WATCHED]) | self._has_bad_loss(present)
        outputs = None
        if not is_compiled():
            outputs = run_rarely(watched, lambda: self._measured_outputs(present, counters, every), DTYPES)

        def watch() -> list[Any]:
            self._watch_step(present, outputs, spread, constant, counters, every)
            return []

        run_rarely(watched, watch)
        return watched, tf.constant(False)

    def _measured_outputs(self, present: Mapping[int, Any], counters: Sequence[Any], every: Any) -> list[Any]:
        """All measurements of layers' outputs, made before the backward pass frees their memory.

        Their step statistics, float32 [rows], then the floats and sizes of `Outputs.watch` and those of
        `Outputs.search`, which are empty if no search was made.
        """
        outputs = self._measurement.outputs
        peaks_by_row, samples = outputs.watch(present)
        peaks = self._activation_peaks(peaks_by_row)
        tripped = self._trips_without_gradients(present, peaks)
        scheduled = self._is_scheduled(counters[Counter.STEPS], every)
        search = scheduled | (tripped & _has_read_trip(counters))
        searched = run_rarely(search, lambda: outputs.search(present, tripped), DTYPES[3:])
        return [peaks, *samples, *searched]

    def _trips_without_gradients(self, present: Mapping[int, Any], peaks: Any) -> Any:
        """Whether a loss or an activation trips, which is known before the gradients, bool scalar."""
        order = self._step_statistics.order
        losses = [position for position, index in enumerate(order) if self.rows[index].kind == "loss"]
        values = [_rms(present[order[position]]) for position in losses]
        rows = [*losses, *range(self._step_statistics.by_rms, len(order))]
        if not rows:
            return tf.constant(False)
        return self.flight_recorder.beyond(
            tf.concat([tf.stack(values), peaks] if values else [peaks], 0), rows
        )

    def _activation_peaks(self, peaks: Mapping[int, Any]) -> Any:
        """The step statistics of the activations; the peaks of their units are added to the window."""
        statistics, units = self._step_statistics.of_peaks(peaks)
        if self._measurement.outputs.with_units:
            self._measurement.outputs.units.add(units)
        return statistics

    def _is_scheduled(self, number: Any, every: Any) -> Any:
        return tf.equal((number - 1) % every, 0)

    def _has_bad_loss(self, present: Mapping[int, Any]) -> Any:
        losses = [present[index] for index in self._present if self.rows[index].kind == "loss"]
        return tf.reduce_any([~tf.reduce_all(tf.math.is_finite(loss)) for loss in losses] or [False])

    def _next_to_watch(self, number: Any, interval: Any, every: Any) -> Any:
        """The next watched step: one in each ``interval``, that of a record, or that of a weight snapshot."""
        step = next_watched(number, interval)
        scheduled = number - (number - 1) % every + every
        following = tf.minimum(step, scheduled)
        if self._measurement.has_updates:
            snapshot = scheduled - 1 if self._lag == 1 else self._last_update(scheduled) - 1
            following = tf.where(snapshot > number, tf.minimum(following, snapshot), following)
        return following

    def _watch_step(
        self,
        values: Mapping[int, Any],
        outputs: Sequence[Any] | None,
        spread: Any,
        constant: list[list[Any]],
        counters: Sequence[Any],
        every: Any,
    ) -> tuple[Any, Any]:
        """Watch a step; ``every`` is the cadence of records in force.

        ``counters`` are the numbers at the begin of the step, which is counted already.

        ``outputs`` is the result of `_measured_outputs`, None under XLA, which plans memory by itself and
        requires static sizes.
        """
        present, number = dict(values), counters[Counter.STEPS]
        changed = [(Counter.WATCHED, counters[Counter.WATCHED] + 1)]
        if self._targets:
            both = zip(self._targets, constant, strict=True)
            self._constant.add([targets.with_tensors(tensors) for targets, tensors in both])
        tensors = self._measurement.tensors(present)
        if outputs is None:
            peaks = self._activation_peaks(self._measurement.outputs.peaks(present))
        else:
            peaks = outputs[0]
        statistics, skipped = self._statistics(present, tensors, peaks)
        beyond = tf.constant(False)
        if self._step_statistics.order:
            beyond = self.flight_recorder.add(statistics, number, counters[Counter.WATCHED])
        since = (number - 1) % every
        scheduled = self._is_scheduled(number, every)
        tripped = beyond & ~scheduled & _has_read_trip(counters)
        snapshot = self._is_before_measured_update(number, since, every)

        def measured() -> Any:
            if outputs is None:
                return self._measurement.outputs.search(present, beyond, self._measurement.padded)
            samples, searched = outputs[1:3], outputs[3:]
            return tf.cond(tf.size(searched[0]) > 0, lambda: searched, lambda: samples)

        def thorough() -> list[Any]:
            tf.cond(
                scheduled | tripped,
                lambda: self._record_step(present, tensors, measured(), spread, skipped, counters, scheduled),
                lambda: False,
            )
            tf.cond(snapshot, lambda: self._measurement.keep_weights(tensors), lambda: False)
            return []

        # The condition is `beyond`, not `tripped`: a usual step then needs fewer operations.
        run_rarely(scheduled | beyond | snapshot, thorough)
        # If the cadence changes, a record must not use an older snapshot.
        changed.append((Counter.SNAPSHOT, tf.where(snapshot, number, counters[Counter.SNAPSHOT])))
        if self.can_thin:
            interval = counters[Counter.WATCH_INTERVAL]
            changed.append((Counter.NEXT_WATCHED, self._next_to_watch(number, interval, every)))
        self.counters.set(*changed)
        return scheduled, tripped

    def _statistics(self, present: dict[int, Any], tensors: Sequence[Tensors], peaks: Any) -> tuple[Any, Any]:
        """The step statistics, and whether the step was skipped."""
        if not self._step_statistics.order:
            return tf.zeros([0]), None
        statistics = tf.concat([*(each.rms() for each in tensors if each.any), peaks], 0)
        return self._skipped.add(statistics, present)

    def _constant_values(self) -> dict[int, Any]:
        """The loss and accuracy of the best constant prediction, by row."""
        values = {CONSTANT_LOSS: self._constant.loss, CONSTANT_ACCURACY: self._constant.accuracy}
        return {index: values[name]() for name, index in self._constant_rows.items()}

    def _is_before_measured_update(self, number: Any, since: Any, every: Any) -> Any:
        """Whether the next step applies the update that the next record measures.

        The weights are copied in such steps only. If gradients are accumulated, not every step applies an
        update. ``since`` is the number of steps since the last scheduled record.
        """
        if not self._measurement.has_updates:
            return tf.constant(False)
        if self._lag == 1:
            return tf.equal(since, every - 1)
        return tf.equal(number + 1, self._last_update(number - since + every))

    def _last_update(self, number: Any) -> Any:
        """The last step up to ``number`` that applied an update; 0 or less if none did."""
        if self._lag == 1:
            return number
        return (number + self._phase) // self._lag * self._lag - self._phase

    def _record_step(
        self,
        present: Mapping[int, Any],
        tensors: Sequence[Tensors],
        outputs: Any,
        spread: Any,
        skipped: Any,
        counters: Sequence[Any],
        scheduled: Any,
    ) -> bool:
        number = counters[Counter.STEPS]
        before_update = self._last_update(number) - 1
        has_snapshot = scheduled & (before_update > 0) & tf.equal(counters[Counter.SNAPSHOT], before_update)
        present = {**present, **self._constant_values()}
        payload = self._measurement.payload(present, tensors, has_snapshot, skipped, spread, outputs)
        self._slots.write(scheduled, payload)
        slot = tf.where(scheduled, SCHEDULED, TRIPPED)
        self.counters.set(
            (Counter.RECORD + slot, number),
            (Counter.PENDING + slot, 1),
            (Counter.COMPILED + slot, int(is_compiled())),
        )
        return True


def _rms(loss: Any) -> Any:
    """The RMS of a loss, float32 scalar."""
    return tf.sqrt(tf.reduce_mean(tf.square(as_float32(loss))))


def _has_read_trip(counters: Sequence[Any]) -> Any:
    """Whether the host has read the newest tripped record, bool scalar."""
    return tf.equal(counters[Counter.PENDING + TRIPPED], 0)


def _by_slot(counters: Ints, first: Counter) -> Ints:
    """The numbers of the slots, int64 [2]."""
    return counters[first : first + len(SLOTS)]
