"""Tracks the rows of embeddings that a gradient has touched since the start."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import tensorflow as tf

from tb_gradhealth.capture.tensorflow.graph import state


class TouchedRows:
    """A mark for each row of some tables, set when a sparse gradient contains the row."""

    def __init__(self, sizes: Sequence[int]) -> None:
        self._marks = [state(np.zeros([size], np.float32), "touched") for size in sizes]

    def add(self, gradients: Sequence[Any]) -> None:
        """Mark the rows of one step's sparse gradients, which are in the order of ``sizes``."""
        for marks, gradient in zip(self._marks, gradients, strict=True):
            ones = tf.ones_like(gradient.indices, tf.float32)
            marks.scatter_update(tf.IndexedSlices(ones, gradient.indices))

    def untouched(self) -> Any:
        """Share of the rows that were never touched, float32 [tables]."""
        return tf.stack([1 - tf.reduce_mean(marks) for marks in self._marks])
