"""Steps that a loss scaler skipped: their gradients were not finite, and no weight was touched."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import tensorflow as tf

from tb_gradhealth.capture.tensorflow.graph import state
from tb_gradhealth.capture.tensorflow.selecting.selection import SKIPPED
from tb_gradhealth.record import Row


class SkippedSteps:
    """Counts them since the start, where a selection has a row for the number."""

    def __init__(self, rows: Sequence[Row], order: Sequence[int]) -> None:
        """Find the row.

        Args:
            rows: of the selection.
            order: the rows that have a number in every step.
        """
        self._row = next((i for i, row in enumerate(rows) if (row.kind, row.tensor) == SKIPPED), None)
        self._in_line = np.array([rows[index].kind == "gradient" for index in order])
        self._count = state(np.float32(0), "skipped")

    @property
    def counts(self) -> bool:
        """Whether there is anything to count."""
        return self._row is not None

    def add(self, line: Any, present: dict[int, Any]) -> tuple[Any, Any]:
        """Take in one step's line, and put the number among its tensors.

        Returns:
            The line without the gradients of a step that was skipped, they are 0; and whether it was, bool
            scalar, or None where there is no loss scale.
        """
        if self._row is None:
            return line, None
        skipped = tf.reduce_any(self._in_line & ~tf.math.is_finite(line))
        present[self._row] = self._count.assign_add(tf.cast(skipped, tf.float32))
        return tf.where(skipped & self._in_line, 0.0, line), skipped
