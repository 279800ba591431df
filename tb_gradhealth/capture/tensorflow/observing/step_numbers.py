"""The look at every tensor in every step: one number each, as cheap as it can be had.

A gradient, a weight and the loss give their RMS, by one read. An activation gives its largest |x| among the
batch's first samples: reading all of it would cost a small convolutional network some percent of its step.
What only other samples hold shows in the loss and the gradients, which are everybody's, and these
make the step be measured in full (see `flight_recorder.FlightRecorder`).
"""

from collections.abc import Mapping, Sequence
from typing import Any

import tensorflow as tf

from tb_gradhealth.capture.tensorflow.graph import highest
from tb_gradhealth.capture.tensorflow.measuring.sampling import ELEMENTS_EVERY_STEP, first_samples
from tb_gradhealth.capture.tensorflow.measuring.segments import owners, segment_highest
from tb_gradhealth.capture.tensorflow.measuring.units import unit_peaks
from tb_gradhealth.record import Row
from tb_gradhealth.record.activation_functions import POSITIVE


class StepNumbers:
    """Which rows are looked at, and how.

    Attributes:
        order: the rows, those that give their RMS first, then those of `peaks`.
        by_rms: how many of them give their RMS.
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
        self.by_rms = len(by_rms)
        self.order = [*by_rms, *self._units, *self._others]

    def peaks(self, values: Mapping[int, Any]) -> tuple[Any, Any]:
        """The largest |x| of each row that has no RMS, float32 [rows], NaN where an element is.

        Also the largest output of each unit of the rows ``with_units``, row by row, float32 [units].

        Args:
            values: the step's tensors by row.
        """
        units = tf.zeros([0])
        largest = []
        if self._units:
            units = tf.concat(
                [unit_peaks(first_samples(values[i], ELEMENTS_EVERY_STEP)) for i in self._units], 0
            )
            largest.append(segment_highest(units, self._owner, len(self._units)))
        if self._others:
            largest.append(tf.stack([self._peak(index, values[index]) for index in self._others]))
        peaks = tf.concat(largest, 0) if largest else tf.zeros([0])
        # The largest of no elements, as of an expert's output where no token was sent to it.
        return tf.where(tf.equal(peaks, -float("inf")), 0.0, peaks), units

    def _peak(self, index: int, value: Any) -> Any:
        seen = first_samples(value, ELEMENTS_EVERY_STEP)
        positive = self._rows[index].activation in POSITIVE
        return tf.cast(highest(seen if positive else tf.abs(seen)), tf.float32)
