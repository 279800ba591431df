"""Small tensors laid end to end and measured together.

An operation costs some microseconds to start and some milliseconds to trace, whatever it works on, and
most tensors of a network are small: biases, norms, the kernels of narrow layers. Laid end to end, a hundred
of them are measured by as many operations as one. Copying them costs little; a large tensor is not copied.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
import tensorflow as tf

from tb_gradhealth.capture.tensorflow.measuring.magnitudes import histogram
from tb_gradhealth.capture.tensorflow.measuring.operands import as_float32
from tb_gradhealth.capture.tensorflow.measuring.segments import segment_max, segment_sum
from tb_gradhealth.capture.tensorflow.measuring.statistics import unless_doubtful


class Packing:
    """How n tensors of fixed sizes lie in one vector of m elements.

    Args:
        sizes: elements of each tensor, at least 1.
    """

    def __init__(self, sizes: Sequence[int]) -> None:
        self.sizes = tuple(sizes)
        self._owner = np.repeat(np.arange(len(self.sizes), dtype=np.int32), self.sizes)

    def pack(self, tensors: Sequence[Any]) -> Any:
        """The tensors as one float32 [m]."""
        flat = [tf.reshape(x, [size]) for x, size in zip(tensors, self.sizes, strict=True)]
        return tf.concat([as_float32(x) for x in flat], 0)

    def measure(self, values: Any) -> Any:
        """The columns `statistics.MEASURED` of every tensor in ``values`` [m], float32 [n, 7]."""
        sizes = np.array(self.sizes, np.float32)
        rms = tf.sqrt(self._sum(tf.square(values)) / sizes)
        low, high = -self._max(-values), self._max(values)
        zeros = self._sum(tf.cast(values == 0, tf.float32)) / sizes
        return unless_doubtful(
            rms, self._sum(values) / sizes, low, high, zeros, lambda: self._careful(values)
        )

    def _careful(self, values: Any) -> Any:
        """What `statistics.careful_statistics` gives: moments are of x / max|x|, so that squares fit."""
        sizes = np.array(self.sizes, np.float32)
        finite = tf.math.is_finite(values)
        known = self._sum(tf.cast(finite, tf.float32))
        numbers = tf.where(finite, values, 0.0)
        low = -self._max(-tf.where(finite, values, float("inf")))
        high = self._max(tf.where(finite, values, float("-inf")))
        peak = tf.maximum(high, -low)
        scaled = numbers / self._spread(tf.where(peak > 0, peak, 1.0))
        rms = peak * tf.sqrt(self._sum(tf.square(scaled)) / known)
        mean = peak * (self._sum(scaled) / known)
        nans = self._sum(tf.cast(tf.math.is_nan(values), tf.float32))
        moments = [tf.where(known > 0, x, float("nan")) for x in (rms, mean, low, high)]
        return tf.stack([*moments, nans, sizes - known - nans], axis=1)

    def packed_magnitudes(self, values: Any) -> Any:
        """The packed magnitude histogram of every tensor, float32 [n, 10]."""
        return histogram(values, self._owner, len(self.sizes))

    def _sum(self, values: Any) -> Any:
        return segment_sum(values, self._owner, len(self.sizes))

    def _max(self, values: Any) -> Any:
        return segment_max(values, self._owner, len(self.sizes))

    def _spread(self, each: Any) -> Any:
        """One number for each tensor, [n], to one for each element, [m]."""
        return tf.gather(each, self._owner)
