"""Small tensors laid end to end and measured together.

An operation costs some microseconds to start and some milliseconds to trace, whatever it works on, and
most tensors of a network are small: biases, norms, the kernels of narrow layers. Laid end to end, a hundred
of them are measured by as many operations as one. Copying them costs little; a large tensor is not copied.
"""

import itertools
import math
from collections.abc import Sequence
from functools import partial
from typing import Any, Final

import numpy as np
import tensorflow as tf

from tb_gradhealth.capture.tensorflow.measuring.extremes import is_compiled
from tb_gradhealth.capture.tensorflow.measuring.magnitudes import histogram
from tb_gradhealth.capture.tensorflow.measuring.operands import as_float32
from tb_gradhealth.capture.tensorflow.measuring.segments import owners, segment_max, segment_sum
from tb_gradhealth.capture.tensorflow.measuring.statistics import combined, unless_doubtful

SMALL: Final = 4096
"""Elements up to which a tensor is packed: beyond, the copy costs more than the operations it saves."""

LARGEST: Final = 1 << 20
"""Elements in a pack; which tensor each belongs to is held in memory."""


def packed(shapes: Sequence[tuple[int, ...] | None]) -> list[int]:
    """Which of some tensors go into a pack, in its order: those of one shape lie side by side.

    Args:
        shapes: of the tensors; None for one that is not to be packed.
    """
    chosen: dict[tuple[int, ...], list[int]] = {}
    total = 0
    for index, shape in enumerate(shapes):
        size = 0 if shape is None else math.prod(shape)
        if shape is not None and 0 < size <= min(SMALL, LARGEST - total):
            chosen.setdefault(shape, []).append(index)
            total += size
    return [index for group in chosen.values() for index in group]


class Packing:
    """How n tensors of fixed shapes lie in one vector of m elements.

    Args:
        shapes: of each tensor, with at least one element; in the order of `packed`.
    """

    def __init__(self, shapes: Sequence[tuple[int, ...]]) -> None:
        self.shapes = tuple(shapes)
        self.sizes = tuple(math.prod(shape) for shape in shapes)
        self._owner = owners(self.sizes)

    def pack(self, tensors: Sequence[Any]) -> Any:
        """The tensors as one float32 [m]."""
        parts = []
        # Stacked, tensors of one shape cost an operation together instead of one each.
        for _, group in itertools.groupby(zip(self.shapes, tensors, strict=True), lambda pair: pair[0]):
            alike = [as_float32(tensor) for _, tensor in group]
            parts.append(tf.reshape(tf.stack(alike) if len(alike) > 1 else alike[0], [-1]))
        return tf.concat(parts, 0)

    def rms(self, values: Any) -> Any:
        """The RMS of every tensor in ``values`` [m], float32 [n]; not finite where an element is not."""
        return tf.sqrt(self._sum(tf.square(values)) / np.array(self.sizes, np.float32))

    def measure(self, values: Any) -> tuple[Any, Any]:
        """Of every tensor in ``values`` [m], the columns `statistics.MEASURED` and the packed magnitudes.

        Returns:
            float32 [n, 7] and float32 [n, 10].
        """
        zeros, magnitudes = histogram(values, self._owner, len(self.sizes))
        if is_compiled():
            return combined(self._careful(values), zeros), magnitudes
        low, high = -self._max(-values), self._max(values)
        mean = self._sum(values) / np.array(self.sizes, np.float32)
        careful = partial(self._careful, values)
        return unless_doubtful(self.rms(values), mean, low, high, zeros, careful), magnitudes

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

    def _sum(self, values: Any) -> Any:
        return segment_sum(values, self._owner, len(self.sizes))

    def _max(self, values: Any) -> Any:
        return segment_max(values, self._owner, len(self.sizes))

    def _spread(self, each: Any) -> Any:
        """One number for each tensor, [n], to one for each element, [m]."""
        return tf.gather(each, self._owner)
