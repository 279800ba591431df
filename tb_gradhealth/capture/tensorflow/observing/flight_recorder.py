"""The flight recorder: the numbers of the last steps, and what trips a record out of turn."""

from collections.abc import Sequence
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import tensorflow as tf

from tb_gradhealth.capture.statistics.trip_limits import NO_LIMIT
from tb_gradhealth.capture.tensorflow.graph import state

SHORTEST: Final = 64
"""Steps that it holds at least."""

LONGEST: Final = 1 << 14
"""Steps up to which it grows where the host comes more seldom."""


class FlightRecorder:
    """The numbers of each of the last steps that were looked at; all of it lives in the graph.

    Attributes:
        steps: float32 [size, rows]; twice the cadence and at least `SHORTEST` of them.
        numbers: which steps they are, counted from 1; 0 where none is written, int64 [size].
        limits: the number from which each row trips, float32 [rows]; the host sets them.
    """

    def __init__(self, rows: int, every: int) -> None:
        size = max(2 * every, SHORTEST)
        self.steps = state(np.zeros([size, rows], np.float32), "steps", [None, rows])
        self.numbers = state(np.zeros([size], np.int64), "numbers", [None])
        self._size = state(np.int64(size), "size")
        self._looks = state(np.int64(0), "looks")
        self.limits = state(np.full([rows], NO_LIMIT, np.float32), "limits")

    def add(self, step: Any, seen: Any) -> Any:
        """Keep the numbers of step ``seen``; whether one of its numbers is NaN or beyond its limit."""
        slot = tf.reshape((self._looks.assign_add(1) - 1) % self._size, [1])
        self.steps.scatter_update(tf.IndexedSlices(step[None], slot))
        self.numbers.scatter_update(tf.IndexedSlices(seen[None], slot))
        return self.beyond(step)

    def beyond(self, numbers: Any, rows: Sequence[int] | None = None) -> Any:
        """Whether one of some numbers, of all rows or of these, is NaN or beyond its limit, bool scalar."""
        limits = self.limits if rows is None else tf.gather(self.limits, list(rows))
        return tf.reduce_any(tf.where(tf.math.is_nan(numbers), float("inf"), numbers) > limits)

    def newest(self, count: Any, seen: Any) -> Any:
        """The numbers of the last ``count`` steps up to number ``seen``, float32 [count, rows].

        Every step must have been looked at.
        """
        count = tf.minimum(count, self._size)
        return tf.gather(self.steps, tf.range(seen - count, seen) % self._size)

    def hold(self, size: int) -> None:
        """From now on hold so many steps at least, up to `LONGEST`; on the host."""
        longer = min(size, LONGEST)
        if longer <= int(self._size.numpy()):
            return
        numbers, steps = self.numbers.numpy(), self.steps.numpy()
        order = np.argsort(numbers)[np.count_nonzero(numbers == 0) :]
        empty = longer - order.size
        self.numbers.assign(np.pad(numbers[order], [0, empty]))
        self.steps.assign(np.pad(steps[order], [[0, empty], [0, 0]]))
        self._looks.assign(order.size)
        self._size.assign(longer)

    def since(self, number: int) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.int64]]:
        """The steps after number ``number``, as far as they are held, and their numbers, on the host."""
        numbers = self.numbers.numpy()
        order = np.argsort(numbers)
        order = order[numbers[order] > number]
        return np.asarray(self.steps.numpy()[order]), np.asarray(numbers[order])
