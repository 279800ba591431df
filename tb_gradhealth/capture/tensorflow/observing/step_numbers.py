"""The look at every tensor in every step: one number each, as cheap as it can be had.

A gradient, a weight and the loss give their RMS, by one read. An activation gives its largest |x| among the
batch's first samples: reading all of it would cost a small convolutional network some percent of its step.
What only other samples hold shows in the loss and the gradients, which are everybody's, and these
make the step be measured in full (see `flight_recorder.FlightRecorder`).
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final

import tensorflow as tf

from tb_gradhealth.capture.tensorflow.graph import highest
from tb_gradhealth.capture.tensorflow.measuring.sampling import first_samples
from tb_gradhealth.capture.tensorflow.measuring.segments import owners, segment_highest
from tb_gradhealth.capture.tensorflow.measuring.units import unit_peaks
from tb_gradhealth.record import Row
from tb_gradhealth.record.activation_functions import POSITIVE

LOOKED_AT: Final = 1 << 14
"""Elements of an activation that are looked at in each step, at least one sample."""


class StepNumbers:
    """Which rows are looked at, and how.

    Attributes:
        order: the rows in the order in which `numbers` gives their numbers.
    """

    def __init__(
        self,
        rows: Sequence[Row],
        by_rms: Sequence[int],
        by_peak: Sequence[int],
        with_units: Sequence[int],
    ) -> None:
        """Say what there is.

        Args:
            rows: of the selection.
            by_rms: those that give their RMS.
            by_peak: those that give their largest |x|.
            with_units: of these, those that give the largest output of each unit.
        """
        self._rows = rows
        self._units = list(with_units)
        units = set(with_units)
        self._others = [index for index in by_peak if index not in units]
        self._owner = owners([rows[index].shape[-1] for index in self._units]) if self._units else None
        self.order = [*by_rms, *self._units, *self._others]

    def numbers(self, rms: Sequence[Any], values: Mapping[int, Any]) -> tuple[Any, Any]:
        """One number a row, float32 [rows], NaN or infinite where the tensor is not finite.

        Also the largest output of each unit of the rows ``with_units``, row by row, float32 [units].

        Args:
            rms: of the rows ``by_rms``, in parts.
            values: the step's tensors by row.
        """
        parts = list(rms)
        units = tf.zeros([0])
        largest = []
        if self._units:
            units = tf.concat([unit_peaks(first_samples(values[i], LOOKED_AT)) for i in self._units], 0)
            largest.append(segment_highest(units, self._owner, len(self._units)))
        if self._others:
            largest.append(tf.stack([self._peak(index, values[index]) for index in self._others]))
        if largest:
            peaks = tf.concat(largest, 0)
            # The largest of no elements, as of an expert's output where no token was sent to it.
            parts.append(tf.where(tf.equal(peaks, -float("inf")), 0.0, peaks))
        return tf.concat(parts, 0), units

    def _peak(self, index: int, value: Any) -> Any:
        seen = first_samples(value, LOOKED_AT)
        positive = self._rows[index].activation in POSITIVE
        return tf.cast(highest(seen if positive else tf.abs(seen)), tf.float32)
