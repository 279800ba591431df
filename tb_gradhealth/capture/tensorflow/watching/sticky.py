"""What happened since the last record: the largest number of each tensor, its faulty steps, and when."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import tensorflow as tf

from tb_gradhealth.capture.tensorflow.watching.ring import Ring
from tb_gradhealth.record import COLUMNS, Row
from tb_gradhealth.record.columns import PEAK_MAX, PEAK_RMS

FACTS: Final = ("peak", "peak_ago", "bad_steps", "bad_ago")
"""The columns a fact gives; the peak is of the RMS for some kinds and of |x| for the others."""

BY_PEAK: Final = ("activation", "loss")
"""Kinds of rows whose sentinel looks at |x|; that of the others at the RMS."""


@dataclass(frozen=True)
class Facts:
    """What the sticky columns of a record are made of.

    Attributes:
        ring: the last steps, this one among them.
        order: the rows of the ring's columns.
        seen: this step's number, int64 scalar.
        since: that of the record before, int64 scalar.
        earlier: the record before that nobody read, NaN where somebody did: its facts are carried on; float32
            [rows, columns].
    """

    ring: Ring
    order: Sequence[int]
    seen: Any
    since: Any
    earlier: Any

    def columns(self, rows: Sequence[Row], measured: Mapping[str, Any]) -> dict[str, Any]:
        """The sticky columns of every row, float32 [rows] each; ``measured`` are this step's own columns."""
        by_peak = np.array([row.kind in BY_PEAK for row in rows])
        largest = tf.maximum(tf.abs(measured["minimum"]), tf.abs(measured["maximum"]))
        exact = tf.where(by_peak, largest, measured["rms"])
        whole = measured["nan_count"] + measured["inf_count"] == 0
        lines = self.ring.sticky(
            self.seen, self.since, tf.gather(exact, self.order), tf.gather(whole, self.order)
        )
        places = np.full([len(rows)], len(self.order))
        places[list(self.order)] = np.arange(len(self.order))
        lines = tf.gather(tf.concat([lines, tf.fill([1, len(FACTS)], float("nan"))], 0), places)
        peak, peak_ago, bad_steps, bad_ago = tf.unstack(self._carried(lines, by_peak), axis=1)
        return {
            **dict.fromkeys((PEAK_RMS[0], PEAK_MAX[0]), peak),
            **dict.fromkeys((PEAK_RMS[1], PEAK_MAX[1]), peak_ago),
            "bad_steps": bad_steps,
            "bad_ago": bad_ago,
        }

    def _carried(self, lines: Any, by_peak: Any) -> Any:
        """The facts of these steps with those of the unread record, float32 [rows, 4]."""
        gap = tf.cast(self.seen - self.since, tf.float32)
        carried = (*PEAK_RMS, *PEAK_MAX, "bad_steps", "bad_ago")
        places = [COLUMNS.index(name) for name in carried]
        before = dict(zip(carried, tf.unstack(tf.gather(self.earlier, places, axis=1), axis=1), strict=True))
        old_peak = tf.where(by_peak, before[PEAK_MAX[0]], before[PEAK_RMS[0]])
        old_peak_ago = tf.where(by_peak, before[PEAK_MAX[1]], before[PEAK_RMS[1]]) + gap
        old_bad, old_bad_ago = before["bad_steps"], before["bad_ago"] + gap
        peak, peak_ago, bad_steps, bad_ago = tf.unstack(lines, axis=1)
        larger, known_bad = (
            (old_peak > peak) | (tf.math.is_nan(peak) & ~tf.math.is_nan(old_peak)),
            old_bad > 0,
        )
        columns = [
            tf.where(larger, old_peak, peak),
            tf.where(larger, old_peak_ago, peak_ago),
            tf.where(known_bad, bad_steps + old_bad, bad_steps),
            tf.where(known_bad, old_bad_ago, bad_ago),
        ]
        return tf.stack(columns, axis=1)
