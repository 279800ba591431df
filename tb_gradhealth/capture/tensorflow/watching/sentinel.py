"""The look at every tensor in every step: one number each, as cheap as it can be had.

A gradient, a weight and the loss give their RMS, by one read. An activation gives its largest |x| among the
batch's first samples: reading all of it would cost a small convolutional network some percent of its step.
What only other samples hold shows in the loss and the gradients, which are everybody's, and these
make the step be measured in full (see `ring.Ring`).
"""

import itertools
from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np
import tensorflow as tf

from tb_gradhealth.capture.tensorflow.measuring.extremes import highest
from tb_gradhealth.capture.tensorflow.measuring.operands import as_float32, count
from tb_gradhealth.capture.tensorflow.measuring.packs import Packing, packed
from tb_gradhealth.capture.tensorflow.measuring.sampling import first_samples
from tb_gradhealth.capture.tensorflow.measuring.units import unit_peaks
from tb_gradhealth.capture.tensorflow.network.structure import POSITIVE
from tb_gradhealth.record import Row

LOOKED_AT: Final = 1 << 14
"""Elements of an activation that are looked at in each step, at least one sample."""


class Sentinel:
    """Which rows are looked at, and how.

    Attributes:
        order: the rows in the order in which `line` gives their numbers.
    """

    def __init__(self, rows: Sequence[Row], indices: Sequence[int], with_units: Sequence[int]) -> None:
        self._rows = rows
        self._with_units = with_units
        self._by_peak = [index for index in indices if rows[index].kind == "activation"]
        weights = [index for index in indices if rows[index].kind == "weight"]
        others = [index for index in indices if rows[index].kind not in ("activation", "weight")]
        # Apart: a step knows its gradients before its weights, and nothing is to wait.
        self._by_rms = [group for group in (others, weights) if group]
        self.order = [*itertools.chain(*self._by_rms), *self._by_peak]

    def line(self, values: Mapping[int, Any]) -> tuple[Any, list[Any]]:
        """One number a row, float32 [rows], NaN or infinite where the tensor is not finite.

        Also the largest output of each unit, float32 [units], for every row in ``with_units``.
        """
        peaks: dict[int, Any] = {}
        parts = [rms_of([values[index] for index in group]) for group in self._by_rms]
        if self._by_peak:
            largest = tf.stack([self._peak(index, values[index], peaks) for index in self._by_peak])
            # The largest of no elements, as of an expert's output where no token was sent to it.
            parts.append(tf.where(tf.equal(largest, -float("inf")), 0.0, largest))
        return tf.concat(parts, 0), [peaks[index] for index in self._with_units]

    def _peak(self, index: int, value: Any, peaks: dict[int, Any]) -> Any:
        seen = first_samples(value, LOOKED_AT)
        if index in self._with_units:
            peaks[index] = unit_peaks(seen)
            return highest(peaks[index])
        positive = self._rows[index].activation in POSITIVE
        return tf.cast(highest(seen if positive else tf.abs(seen)), tf.float32)


def rms_of(tensors: Sequence[Any]) -> Any:
    """The RMS of each tensor or `tf.IndexedSlices`, float32 [tensors]."""
    # A sparse gradient's slices stand for the sums of those with one index: good enough for a look.
    values = [as_float32(x.values if isinstance(x, tf.IndexedSlices) else x) for x in tensors]
    sizes = [x.shape.num_elements() for x in values]
    small = packed(sizes)
    single = sorted({*range(len(values))} - {*small})
    parts = []
    if small:
        packing = Packing([sizes[index] for index in small])
        parts.append(packing.rms(packing.pack([values[index] for index in small])))
    if single:
        squares = tf.stack([tf.nn.l2_loss(values[index]) for index in single])
        counts = tf.stack([count(values[index]) for index in single])
        parts.append(tf.sqrt(2 * squares / tf.maximum(counts, 1)))
    return tf.gather(tf.concat(parts, 0), np.argsort([*small, *single]))
