"""Counts the steps that a loss scaler skips: their gradients are not finite, and no weight changes."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import tensorflow as tf

from tb_gradhealth.capture.tensorflow.graph import state
from tb_gradhealth.capture.tensorflow.selecting.selection import SKIPPED
from tb_gradhealth.record import Row


class SkippedSteps:
    """Counts skipped steps since the start if the selection has a row for their number."""

    def __init__(self, rows: Sequence[Row], order: Sequence[int]) -> None:
        """Find the row.

        Args:
            rows: the rows of the selection.
            order: indices of the watched rows.
        """
        self._row = next((i for i, row in enumerate(rows) if (row.kind, row.tensor) == SKIPPED), None)
        self._is_gradient = np.array([rows[index].kind == "gradient" for index in order])
        self._count = state(np.float32(0), "skipped")

    @property
    def is_counting(self) -> bool:
        """Whether the selection has a row for the number."""
        return self._row is not None

    def add(self, statistics: Any, present: dict[int, Any]) -> tuple[Any, Any]:
        """Add one step's statistics, and set the number in ``present``, the step's tensors by row.

        Returns:
            The statistics, in which the gradients of a skipped step are 0; and whether the step was skipped,
            bool scalar, or None without a loss scale.
        """
        if self._row is None:
            return statistics, None
        skipped = tf.reduce_any(self._is_gradient & ~tf.math.is_finite(statistics))
        present[self._row] = self._count.assign_add(tf.cast(skipped, tf.float32))
        return tf.where(skipped & self._is_gradient, 0.0, statistics), skipped
