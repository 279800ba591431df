"""The part that lives inside the training step: tensors in, statistics held in variables.

Nothing here writes. Variables survive where summaries cannot go: XLA, a loop of several steps in one call,
other devices. The host reads them when a record is due.
"""

from collections.abc import Mapping
from typing import Any, Final

import numpy as np
import tensorflow as tf

from tb_gradhealth.capture.tensorflow.before import Before
from tb_gradhealth.capture.tensorflow.selection import Selection
from tb_gradhealth.capture.tensorflow.state import state
from tb_gradhealth.capture.tensorflow.statistics import MOMENTS, Watch, seldom
from tb_gradhealth.capture.tensorflow.sticky import STICKY, Sticky
from tb_gradhealth.capture.tensorflow.tensors import Split, Tensors
from tb_gradhealth.capture.tensorflow.units import Units
from tb_gradhealth.record import COLUMNS
from tb_gradhealth.record.columns import MAGNITUDES
from tb_gradhealth.record.magnitudes import PACKED

STICKY_COLUMNS: Final = [COLUMNS.index(name) for name in STICKY]
MEASURED: Final = (*MOMENTS, "dead_fraction", "window", *STICKY, *MAGNITUDES)
"""The columns in the order in which they are measured."""

ORDER: Final = [MEASURED.index(name) if name in MEASURED else len(MEASURED) for name in COLUMNS]


class Observer:
    """The state of one set of tensors.

    Attributes:
        seen: calls so far, int64 scalar.
        recorded: what ``seen`` was at the newest record, 0 before the first.
        taken: whether the newest record was read; the facts of one that was not go into the next.
        matrix: the newest record, float32 [rows, columns].
        watched: the rows that are watched in every step: all measured ones but updates.
        sticky: what happened since the newest record, see `Sticky`.
    """

    def __init__(self, selection: Selection, every: int) -> None:
        self.rows = selection.rows
        self._every = every
        present = [i for i, value in enumerate(selection.values) if value is not None]
        watched = [i for i in present if self.rows[i].kind != "update"]
        updated = [i for i in present if self.rows[i].kind == "update"]
        self._present = present
        self._tensors = Split(self.rows, selection.values, watched)
        self._weights = Split(self.rows, selection.values, updated)
        self.watched = self._tensors.order
        self._with_units = [i for i in watched if selection.units[i]]
        with tf.init_scope():
            self.seen = state(np.int64(0), "seen")
            self.recorded = state(np.int64(0), "recorded")
            self.taken = state(np.bool_(True), "taken")
            self.matrix = state(np.full([len(self.rows), len(COLUMNS)], np.nan, np.float32), "matrix")
            self.sticky = Sticky(len(self.watched))
            self._units = Units([selection.units[i] for i in self._with_units])
            self._before = Before(self.rows, self._weights)
        # One function: an eager loop starts it instead of a hundred operations, and a step that is traced
        # twice, as Keras does, finds it traced.
        self._function = tf.function(self._observe, reduce_retracing=True, autograph=False)

    def __call__(self, selection: Selection) -> Any:
        """Take in one step's tensors; whether a record is due now, bool scalar."""
        values = [value for value in selection.values if value is not None]
        with tf.name_scope("gradhealth"):
            return self._function(values)

    def _observe(self, values: list[Any]) -> Any:
        present = dict(zip(self._present, values, strict=True))
        seen = tf.identity(self.seen.assign_add(1))
        due = tf.equal((seen - 1) % self._every, 0)
        tensors = self._tensors.tensors(present) if self.watched else None
        noticed = tensors.watch() if tensors else None
        if noticed:
            self.sticky.add(noticed, tf.cast(seen - self.recorded, tf.float32))
            self._units.add([present[i] for i in self._with_units])
        seldom(due, lambda: self._record(tensors, noticed, present, seen), lambda: False)
        if self._weights.order:
            # Only the step before a recorded one keeps a copy, so that the others pay nothing.
            seldom(tf.equal(seen % self._every, 0), lambda: self._before.keep(present), lambda: False)
        return due

    def _record(
        self, tensors: Tensors | None, noticed: Watch | None, present: Mapping[int, Any], seen: Any
    ) -> bool:
        parts = []
        if tensors and noticed:
            parts.append(self._watched_rows(tensors, noticed, seen))
        if self._weights.order:
            parts.append(self._update_rows(present, seen))
        parts.append(tf.fill([1, len(MEASURED)], float("nan")))  # for the rows that are not measured
        measured = [*self.watched, *self._weights.order]
        order = np.full([len(self.rows)], len(measured))
        order[measured] = np.arange(len(measured))
        rows = tf.pad(tf.concat(parts, 0), [[0, 0], [0, 1]], constant_values=float("nan"))
        self.matrix.assign(tf.gather(tf.gather(rows, order), ORDER, axis=1))
        self.sticky.clear()
        self.recorded.assign(seen)
        self.taken.assign(False)
        return True

    def _watched_rows(self, tensors: Tensors, noticed: Watch, seen: Any) -> Any:
        """All rows but the updates', float32 [watched, columns]."""
        measured = tensors.moments(noticed)
        earlier = tf.gather(tf.gather(self.matrix, STICKY_COLUMNS, axis=1), self.watched)
        unread = tf.where(self.taken, float("nan"), earlier)
        known = self.sticky.columns(seen - self.recorded, measured[:, 0], unread)
        return tf.concat([measured, self._dead_columns(), known, tensors.packed_magnitudes()], axis=1)

    def _update_rows(self, present: Mapping[int, Any], seen: Any) -> Any:
        """The rows of updates, float32 [updates, columns]; NaN while no earlier weights are known."""
        updates = self._before.updates(present)
        measured = updates.moments(updates.watch())
        between = tf.fill([len(self._weights.order), len(MEASURED) - len(MOMENTS) - PACKED], float("nan"))
        rows = tf.concat([measured, between, updates.packed_magnitudes()], axis=1)
        return tf.where(seen > 1, rows, float("nan"))

    def _dead_columns(self) -> Any:
        """Dead fraction and window, float32 [watched, 2]; NaN for rows whose units are not watched."""
        nothing = tf.fill([1, 2], float("nan"))
        dead = tf.concat([self._units.columns(), nothing], 0) if self._with_units else nothing
        order = {index: place for place, index in enumerate(self._with_units)}
        return tf.gather(dead, [order.get(index, len(order)) for index in self.watched])
