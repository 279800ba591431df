"""Steps that a loss scaler skipped: their gradients were not finite, and no weight was touched."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import tensorflow as tf

from tb_gradhealth.capture.tensorflow.selection import SKIPPED
from tb_gradhealth.capture.tensorflow.state import state
from tb_gradhealth.record import Row


class Skipped:
    """Counts them since the start, where a selection has a row for the number."""

    def __init__(self, rows: Sequence[Row], order: Sequence[int]) -> None:
        """Find the row.

        Args:
            rows: of the selection.
            order: the rows of the sentinel's line.
        """
        self._row = next((i for i, row in enumerate(rows) if (row.kind, row.tensor) == SKIPPED), None)
        self._gradients = [place for place, index in enumerate(order) if rows[index].kind == "gradient"]
        self._count = state(np.float32(0), "skipped")

    def add(self, line: Any, present: dict[int, Any]) -> None:
        """Take in one step's line, and put the number among its tensors."""
        if self._row is not None:
            skipped = ~tf.reduce_all(tf.math.is_finite(tf.gather(line, self._gradients)))
            present[self._row] = self._count.assign_add(tf.cast(skipped, tf.float32))
