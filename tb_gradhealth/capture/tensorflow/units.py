"""Units of ReLU-like layers that stay silent: the last axis of an activation, channels or neurons."""

from collections.abc import Sequence
from functools import partial
from typing import Any, Final

import numpy as np
import tensorflow as tf

from tb_gradhealth.capture.tensorflow.state import state

BATCHES: Final = 10
"""A unit silent for fewer batches than this is not called dead."""


class Units:
    """Whether each unit was non-zero anywhere, on any sample and position, since a window began.

    A window ends with the first record that finds it `BATCHES` batches long; until then the dead
    fraction is NaN.
    """

    def __init__(self, sizes: Sequence[int]) -> None:
        self._active = [state(np.zeros([size], np.float32), "active") for size in sizes]
        self._batches = state(np.float32(0), "batches")

    def add(self, activations: Sequence[Any]) -> None:
        """Take in one batch: the activations, non-negative, in the order of ``sizes``."""
        for active, values in zip(self._active, activations, strict=True):
            # Once every unit of the layer was heard, which is soon, there is nothing left to look for.
            tf.cond(tf.reduce_any(active == 0), partial(_listen, active, values), lambda: False)
        self._batches.assign_add(1.0)

    def columns(self) -> Any:
        """Dead fraction and length of the window in batches, float32 [len(sizes), 2]; ends a full window."""
        full = self._batches >= BATCHES
        dead = tf.stack([1 - tf.reduce_mean(active) for active in self._active])
        columns = tf.stack([dead, tf.fill(tf.shape(dead), self._batches.read_value())], axis=1)
        columns = tf.where(full, columns, float("nan"))
        for active in self._active:
            active.assign(tf.where(full, 0.0, active))
        self._batches.assign(tf.where(full, 0.0, self._batches))
        return columns


def _listen(active: Any, values: Any) -> bool:
    peaks = tf.reduce_max(values, axis=list(range(values.shape.rank - 1)))
    # NaN != 0 is true: a unit that is NaN is not dead.
    active.assign(tf.maximum(active, tf.cast(peaks != 0, tf.float32)))
    return True
