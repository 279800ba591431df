"""Step statistics: one number per watched row, as cheap as possible.

For a gradient, a weight and the loss it is the RMS, which takes one read. For an activation it is the largest
|x| in the first samples of the batch: reading all of it would cost a small convolutional network some percent
of its step. A fault in other samples affects the loss and the gradients, and these then trip a full record
(see `flight_recorder.FlightRecorder`).
"""

from collections.abc import Mapping, Sequence
from typing import Any

import tensorflow as tf

from tb_gradhealth.capture.statistics.batch_sizes import ELEMENTS_EVERY_STEP
from tb_gradhealth.capture.tensorflow.graph import highest
from tb_gradhealth.capture.tensorflow.measuring.sampling import first_samples
from tb_gradhealth.capture.tensorflow.measuring.segments import owners, segment_highest
from tb_gradhealth.capture.tensorflow.measuring.units import unit_peaks
from tb_gradhealth.record import Row
from tb_gradhealth.record.activation_functions import POSITIVE


class StepStatistics:
    """The watched rows, and the statistics of those whose statistic is no RMS.

    Attributes:
        order: indices of the watched rows: first those with an RMS, then those of `peaks`.
        by_rms: number of the rows with an RMS.
    """

    def __init__(
        self,
        rows: Sequence[Row],
        by_rms: Sequence[int],
        by_peak: Sequence[int],
        with_units: Sequence[int],
    ) -> None:
        """Define the order of the rows.

        Args:
            rows: the rows of the selection.
            by_rms: indices of the rows with an RMS.
            by_peak: indices of the rows with a largest |x|.
            with_units: those of ``by_peak`` that also have the largest output of each unit.
        """
        self._rows = rows
        self._units = list(with_units)
        units = set(with_units)
        self._others = [index for index in by_peak if index not in units]
        self._owner = owners([rows[index].shape[-1] for index in self._units]) if self._units else None
        self.by_rms = len(by_rms)
        self.order = [*by_rms, *self._units, *self._others]

    def peaks(self, values: Mapping[int, Any]) -> tuple[Any, Any]:
        """The largest |x| of each row of ``by_peak``, float32 [rows]; NaN if an element is NaN.

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
        # The maximum of an empty tensor, such as the output of an expert that received no token.
        return tf.where(tf.equal(peaks, -float("inf")), 0.0, peaks), units

    def _peak(self, index: int, value: Any) -> Any:
        samples = first_samples(value, ELEMENTS_EVERY_STEP)
        positive = self._rows[index].activation in POSITIVE
        return tf.cast(highest(samples if positive else tf.abs(samples)), tf.float32)
