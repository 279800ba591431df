"""The part that lives inside the training step: tensors in, statistics held in variables.

Nothing here writes. Variables survive where summaries cannot go: XLA, a loop of several steps in one call,
other devices. The host reads them when a record is due.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np
import tensorflow as tf

from tb_gradhealth.capture.run_observer import DUE, TRIPPED, Collected
from tb_gradhealth.capture.statistics.arrays import Floats, Ints, Mask
from tb_gradhealth.capture.statistics.matrix import clear_rows, step_matrix
from tb_gradhealth.capture.statistics.since_record import SinceRecord
from tb_gradhealth.capture.statistics.trip_limits import NO_LIMIT, trip_limits
from tb_gradhealth.capture.tensorflow.graph import hidden_from_debuggers, is_compiled, run_rarely, state
from tb_gradhealth.capture.tensorflow.measuring.constant_prediction import ConstantPrediction
from tb_gradhealth.capture.tensorflow.measuring.operands import as_float32
from tb_gradhealth.capture.tensorflow.measuring.packs import Tensors
from tb_gradhealth.capture.tensorflow.observing.flight_recorder import FlightRecorder
from tb_gradhealth.capture.tensorflow.observing.skipped_steps import SkippedSteps
from tb_gradhealth.capture.tensorflow.record_slots import RecordSlots
from tb_gradhealth.capture.tensorflow.selecting.selection import CONSTANT_ACCURACY, CONSTANT_LOSS, Selection
from tb_gradhealth.capture.tensorflow.step_measurement import StepMeasurement
from tb_gradhealth.record import RowTable, Setting, layouts
from tb_gradhealth.record.activation_functions import WITH_UNITS, unit_count

EARLY: Final = ("loss", "activation", "gradient", "weight", "training")
"""Kinds of rows in the order in which a step knows their tensors, but for those that need no data."""

GOLDEN: Final = 2654435769
"""2^32 / golden ratio: its multiples modulo 2^32 lie evenly, however many there are."""

OUTPUTS: Final = (tf.float32, tf.float32, tf.int32, tf.float32, tf.int32)
"""Types of what is measured of layers' outputs: their numbers, and twice numbers and sizes for a record."""


class Observer:
    """The state of one set of tensors.

    Attributes:
        rows: what a record describes.
        seen: calls so far, int64 scalar.
        recorded: what ``seen`` was at the newest record of the cadence and at the newest one out of turn, 0
            before the first, int64 [2].
        untaken: which of them nobody has read yet, bool [2]. A step trips only when the last record out of
            turn was read.
        flight_recorder: the last steps that were looked at.
        thins: whether steps can be left out, see `set_pace`.
    """

    def __init__(self, selection: Selection, every: int, thins: bool = False) -> None:
        """State for these tensors.

        Args:
            selection: the tensors.
            every: steps from one record to the next.
            thins: whether it may come to steps that are not looked at. Not where every step has to be: a
                step that a loss scaler skips is to be counted, and replicas exchange their gradients.
        """
        self.rows = selection.rows
        self._every = every
        self._lag = selection.lag
        self._phase = selection.phase
        self._replicas = selection.spread is not None
        # Without their tensors, which belong to one step.
        self._targets = [each.of(range(len(each.tensors))) for each in selection.constant]
        self._numbers = {
            row.tensor: index
            for index, row in enumerate(self.rows)
            if row.kind == "training" and row.tensor in (CONSTANT_LOSS, CONSTANT_ACCURACY)
        }
        self._present = [index for index, value in enumerate(selection.values) if value is not None]
        kinds = {self.rows[index].kind: index for index in self._present}
        self._early = [kinds[kind] for kind in EARLY if kind in kinds][:1]
        with tf.init_scope(), hidden_from_debuggers():
            self._measurement = StepMeasurement(selection)
            self._step_numbers = self._measurement.step_numbers
            self.seen = state(np.int64(0), "seen")
            self.recorded = state(np.zeros([2], np.int64), "recorded")
            self.untaken = state(np.zeros([2], np.bool_), "untaken")
            self._slots = RecordSlots()
            self.flight_recorder = FlightRecorder(len(self._step_numbers.order), every)
            self._skipped = SkippedSteps(self.rows, self._step_numbers.order)
            self._constant = ConstantPrediction([targets.term for targets in selection.constant])
            self.thins = thins and not self._replicas and not self._skipped.counts
            if self.thins:
                self._pace = state(np.ones([2], np.int64), "pace")
                self._next = state(np.int64(0), "next")
                self._kept = state(np.int64(0), "kept")
        self._since = SinceRecord(self.rows, self._step_numbers.order)
        self._limits = np.full([len(self._step_numbers.order)], NO_LIMIT, np.float32)
        # By whether a compiler takes them: it needs other operations.
        self._functions: dict[bool, Any] = {}
        # By how many forms there are of what steps hand over.
        self._collects: dict[int, Any] = {}

    def count(self) -> int:
        """Steps so far, on the host."""
        return int(self.seen.numpy())

    def steps_since(self, number: int) -> tuple[Floats, Ints]:
        """The flight recorder's steps after a number, float32 [steps, watched], and their numbers."""
        return self.flight_recorder.since(number)

    def collect(self) -> Collected:
        """What the host can know now, in one call; records that are there count as taken from now on."""
        with hidden_from_debuggers():
            seen, recorded, untaken, steps, numbers, handed_over = self._collect()
        return Collected(
            seen=int(seen),
            recorded=recorded.numpy(),
            untaken=untaken.numpy(),
            steps=steps.numpy(),
            numbers=numbers.numpy(),
            handed_over=handed_over,
        )

    def record(self, collected: Collected, slot: int) -> Floats:
        """The matrix of a record, float32 [rows, columns]; records are to be asked for in their order."""
        number = int(collected.recorded[slot])
        handed_over = [part.numpy() for part in collected.handed_over[slot]]
        return self.matrix(handed_over, collected.steps, collected.numbers, number)

    def matrix(self, handed_over: Sequence[Any], steps: Floats, numbers: Ints, number: int) -> Floats:
        """The matrix of the record of step ``number``.

        Args:
            handed_over: what the step handed over, see `StepMeasurement.unpack`.
            steps: of the flight recorder, float32 [steps, watched].
            numbers: which steps they are, int64 [steps].
            number: of the record's step.
        """
        values = self._measurement.unpack(*handed_over)
        matrix = step_matrix(self.rows, values)
        self._since.fill(matrix, steps, numbers, number)
        if values.skipped:
            clear_rows(matrix, self.rows, ["gradient", "clipped"])  # an overflow there is no fault
        return matrix.astype(np.float32)

    def follow(self, steps: Floats, numbers: Ints, seen: int) -> Floats:
        """Take in the flight recorder's steps up to ``seen``; the limits from which steps trip now."""
        self._since.add(steps, numbers, seen)
        self._limits = trip_limits(steps, numbers, self._limits)
        return self._limits

    def settle(self, collected: Collected, before: int) -> None:
        """Learn from what was collected, after its records; ``before`` is `seen` of the time before."""
        if not self._step_numbers.order:
            return
        limits = self._limits
        if not np.array_equal(limits, self.follow(collected.steps, collected.numbers, collected.seen)):
            self.flight_recorder.limits.assign(self._limits)
        if collected.seen - before > len(collected.numbers):
            self.flight_recorder.hold(2 * (collected.seen - before))

    def _collect(self) -> Any:
        # A concrete function: to find the one that fits its arguments would take half of the call.
        forms = self._slots.forms
        if forms not in self._collects:
            self._collects[forms] = tf.function(self._collected, autograph=False).get_concrete_function()
        return self._collects[forms]()

    def set_pace(self, look: int, record: int) -> None:
        """From now on look at one step in ``look``, and make one record of the cadence in ``record``.

        Which of the ``look`` steps it is changes, so that data which come in rounds are all seen. The first
        loss that is not finite is looked at in any case.
        """
        with hidden_from_debuggers():
            self._pace.assign(np.array([look, record]))
            self._next.assign(0)

    def leave(self, untaken: Mask) -> None:
        """Take back that these records, bool [2], were taken."""
        self.untaken.assign(untaken)

    def table(self, stream: str, settings: Mapping[str, Setting]) -> RowTable:
        """The row table of these records."""
        units = any(unit_count(row, WITH_UNITS) for row in self.rows)
        return RowTable(
            self.rows,
            stream=stream,
            settings=settings,
            layouts=layouts(units=units, sparse=bool(self._measurement.sparse), replicas=self._replicas),
            watched=tuple(self._step_numbers.order),
        )

    def handed_over(self, slot: Any) -> Any:
        """In the graph, what `matrix` takes of the record in a slot, int32 scalar."""
        return tf.cond(tf.equal(slot, DUE), lambda: self._slots.read(DUE), lambda: self._slots.read(TRIPPED))

    def _collected(self) -> list[Any]:
        untaken = tf.identity(self.untaken)
        with tf.control_dependencies([untaken]):
            self.untaken.assign(np.zeros([2], np.bool_))
        handed_over = [self._slots.read(slot) for slot in (DUE, TRIPPED)]
        steps, numbers = self.flight_recorder.steps.read_value(), self.flight_recorder.numbers.read_value()
        return [self.seen.read_value(), self.recorded.read_value(), untaken, steps, numbers, handed_over]

    def __call__(self, selection: Selection) -> tuple[Any, Any]:
        """Take in one step's tensors; whether a record is due now, and whether one is out of turn."""
        values = [value for value in selection.values if value is not None]
        with tf.name_scope("gradhealth"), hidden_from_debuggers():
            constant = [targets.tensors for targets in selection.constant]
            due, tripped = self._function()(values, selection.spread, constant)
        return due, tripped

    def _function(self) -> Any:
        # One function: an eager loop starts it instead of a hundred operations, and a step that is traced
        # twice, as Keras does, finds it traced.
        compiled = is_compiled()
        if compiled not in self._functions:
            self._functions[compiled] = tf.function(self._observe, reduce_retracing=True, autograph=False)
        return self._functions[compiled]

    def _observe(self, values: list[Any], spread: Any, constant: list[list[Any]]) -> tuple[Any, Any]:
        present = dict(zip(self._present, values, strict=True))
        # A step whose data failed to come is not counted. The loss is known early, so that what hangs on the
        # count is done beside the backward pass and not after it.
        with tf.control_dependencies([present[index] for index in self._early]):
            seen = tf.identity(self.seen.assign_add(1))
        if self._measurement.sparse:  # what was touched in a step that is not looked at was touched, too
            self._measurement.touched.add([present[index] for index in self._measurement.sparse])
        if not self.thins:
            outputs = None if is_compiled() else self._measured_outputs(present, seen, self._every)
            return self._watch(present, outputs, spread, constant, seen, self._every)
        pace = self._pace.read_value()
        every = self._every * pace[1]
        look = (seen >= self._next) | self._has_bad_loss(present)
        outputs = None
        if not is_compiled():
            outputs = run_rarely(look, lambda: self._measured_outputs(present, seen, every), OUTPUTS)

        def watch() -> list[Any]:
            self._watch(present, outputs, spread, constant, seen, every)
            self._next.assign(self._following(seen, pace[0], every))
            return []

        run_rarely(look, watch)
        return look, tf.constant(False)

    def _measured_outputs(self, present: Mapping[int, Any], seen: Any, every: Any) -> list[Any]:
        """All that a step takes of layers' outputs, before the backward pass needs their memory.

        Their numbers, float32 [rows], and, few and from a search, what `StepMeasurement.values` takes of
        them; the latter is empty where nothing was searched.
        """
        outputs = self._measurement.outputs
        peaks = self._peaks(present)
        tripped = self._trips_early(present, peaks)
        search = self._is_due(seen, every) | (tripped & ~self.untaken[TRIPPED])
        few = outputs.few(present)
        return [peaks, *few, *run_rarely(search, lambda: outputs.searched(present, tripped), OUTPUTS[3:])]

    def _trips_early(self, present: Mapping[int, Any], peaks: Any) -> Any:
        """Whether a loss or an output trips a record, as far as the gradients do not matter, bool scalar."""
        order = self._step_numbers.order
        losses = [place for place, index in enumerate(order) if self.rows[index].kind == "loss"]
        numbers = [_rms(present[order[place]]) for place in losses]
        rows = [*losses, *range(self._step_numbers.by_rms, len(order))]
        if not rows:
            return tf.constant(False)
        return self.flight_recorder.beyond(
            tf.concat([tf.stack(numbers), peaks] if numbers else [peaks], 0), rows
        )

    def _peaks(self, present: Mapping[int, Any]) -> Any:
        """The outputs' numbers of a step; of their units the largest are remembered."""
        peaks, units = self._step_numbers.peaks(present)
        if self._measurement.outputs.with_units:
            self._measurement.outputs.units.add(units)
        return peaks

    def _is_due(self, seen: Any, every: Any) -> Any:
        return tf.equal((seen - 1) % every, 0)

    def _has_bad_loss(self, present: Mapping[int, Any]) -> Any:
        losses = [present[index] for index in self._present if self.rows[index].kind == "loss"]
        return tf.reduce_any([~tf.reduce_all(tf.math.is_finite(loss)) for loss in losses] or [False])

    def _following(self, seen: Any, look: Any, every: Any) -> Any:
        """The next step to look at: one of the next ``look`` by turns, a record's, or the one before that."""
        block = (seen - 1) // look + 1
        step = block * look + (block % (1 << 20) * GOLDEN % (1 << 32) * look) // (1 << 32) + 1
        due = seen - (seen - 1) % every + every
        following = tf.minimum(step, due)
        if self._measurement.has_updates:
            kept = due - 1 if self._lag == 1 else self._applied(due) - 1
            following = tf.where(kept > seen, tf.minimum(following, kept), following)
        return following

    def _watch(
        self,
        given: Mapping[int, Any],
        outputs: Sequence[Any] | None,
        spread: Any,
        constant: list[list[Any]],
        seen: Any,
        every: Any,
    ) -> tuple[Any, Any]:
        """Look at a step; ``every`` is the cadence of records now.

        ``outputs`` is what `_measured_outputs` gave. A compiler does without: it plans memory by itself, and
        has to know all sizes.
        """
        present = dict(given)
        if self._targets:
            both = zip(self._targets, constant, strict=True)
            self._constant.add([targets.of(tensors) for targets, tensors in both])
        tensors = self._measurement.tensors(present)
        peaks = self._peaks(present) if outputs is None else outputs[0]
        line, skipped = self._look(present, tensors, peaks)
        beyond = self.flight_recorder.add(line, seen) if self._step_numbers.order else tf.constant(False)
        since = (seen - 1) % every
        due = self._is_due(seen, every)
        tripped = beyond & ~due & ~self.untaken[TRIPPED]
        keep = self._is_before_an_update(seen, since, every)

        def measured() -> Any:
            if outputs is None:
                return self._measurement.outputs.searched(present, beyond, self._measurement.filled)
            few, searched = outputs[1:3], outputs[3:]
            return tf.cond(tf.size(searched[0]) > 0, lambda: searched, lambda: few)

        def thorough() -> list[Any]:
            tf.cond(
                due | tripped,
                lambda: self._record(present, tensors, measured(), spread, skipped, seen, due),
                lambda: False,
            )
            tf.cond(keep, lambda: self._measurement.keep(tensors), lambda: False)
            return []

        # Whether what is beyond its limit is to be told is asked inside: a usual step has no use for it.
        run_rarely(due | beyond | keep, thorough)
        if self.thins:  # so that a record which came closer meanwhile does not take older weights for it
            self._kept.assign(tf.where(keep, seen, self._kept))
        return due, tripped

    def _look(self, present: dict[int, Any], tensors: Sequence[Tensors], peaks: Any) -> tuple[Any, Any]:
        """What is done in every step: its numbers, and whether the step was skipped."""
        if not self._step_numbers.order:
            return tf.zeros([0]), None
        line = tf.concat([*(each.rms() for each in tensors if each.any), peaks], 0)
        return self._skipped.add(line, present)

    def _reached(self) -> dict[int, Any]:
        """What the best constant prediction reaches, by row."""
        told = {CONSTANT_LOSS: self._constant.loss, CONSTANT_ACCURACY: self._constant.accuracy}
        return {index: told[name]() for name, index in self._numbers.items()}

    def _is_before_an_update(self, seen: Any, since: Any, every: Any) -> Any:
        """Whether the weights are to be kept: the next call applies the update that the next record measures.

        Only that call pays for a copy. Where gradients are accumulated, not every call applies one. ``since``
        are the calls since the last record was due.
        """
        if not self._measurement.has_updates:
            return tf.constant(False)
        if self._lag == 1:
            return tf.equal(since, every - 1)
        return tf.equal(seen + 1, self._applied(seen - since + every))

    def _applied(self, seen: Any) -> Any:
        """The last call up to number ``seen`` that applied an update; 0 or less where none did."""
        if self._lag == 1:
            return seen
        return (seen + self._phase) // self._lag * self._lag - self._phase

    def _record(
        self,
        present: Mapping[int, Any],
        tensors: Sequence[Tensors],
        outputs: Any,
        spread: Any,
        skipped: Any,
        seen: Any,
        due: Any,
    ) -> bool:
        known = due & (self._applied(seen) > 1)
        if self.thins:
            known &= tf.equal(self._kept, self._applied(seen) - 1)
        present = {**present, **self._reached()}
        numbers, sizes = self._measurement.values(present, tensors, known, skipped, spread, outputs)
        self._slots.keep(due, numbers, sizes)
        slot = tf.where(due, DUE, TRIPPED)[None]
        self.recorded.scatter_update(tf.IndexedSlices(seen[None], slot))
        self.untaken.scatter_update(tf.IndexedSlices(tf.constant([True]), slot))
        return True


def _rms(loss: Any) -> Any:
    """The RMS of a loss, float32 scalar."""
    return tf.sqrt(tf.reduce_mean(tf.square(as_float32(loss))))
