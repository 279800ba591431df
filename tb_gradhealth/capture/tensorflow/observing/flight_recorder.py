"""The flight recorder: the sentinel's numbers of the last steps, and what trips a record out of turn."""

from typing import Any, Final

import numpy as np
import numpy.typing as npt
import tensorflow as tf

from tb_gradhealth.capture.statistics.trip_limits import NO_LIMIT
from tb_gradhealth.capture.tensorflow.graph import state

SHORTEST: Final = 64
"""Steps that the ring holds at least."""

LONGEST: Final = 1 << 14
"""Steps up to which it grows where the host comes more seldom than once in a ring."""


class FlightRecorder:
    """One line of numbers for each of the last steps that were looked at; all of it lives in the graph.

    Attributes:
        lines: float32 [size, rows]; twice the cadence and at least `SHORTEST` of them.
        numbers: which step each line is of, counted from 1; 0 where none is written, int64 [size].
        limits: the number from which each row trips, float32 [rows]; the host sets them.
    """

    def __init__(self, rows: int, every: int) -> None:
        size = max(2 * every, SHORTEST)
        self.lines = state(np.zeros([size, rows], np.float32), "lines", [None, rows])
        self.numbers = state(np.zeros([size], np.int64), "numbers", [None])
        self._size = state(np.int64(size), "size")
        self._looks = state(np.int64(0), "looks")
        self.limits = state(np.full([rows], NO_LIMIT, np.float32), "limits")

    def add(self, line: Any, seen: Any) -> Any:
        """Keep the line of step number ``seen``; whether one of its numbers is NaN or beyond its limit."""
        place = tf.reshape((self._looks.assign_add(1) - 1) % self._size, [1])
        self.lines.scatter_update(tf.IndexedSlices(line[None], place))
        self.numbers.scatter_update(tf.IndexedSlices(seen[None], place))
        return tf.reduce_any(_nan_as_infinity(line) > self.limits)

    def newest(self, steps: Any, seen: Any) -> Any:
        """The lines of the last ``steps`` steps up to number ``seen``, float32 [steps, rows].

        Every step must have been looked at.
        """
        steps = tf.minimum(steps, self._size)
        return tf.gather(self.lines, tf.range(seen - steps, seen) % self._size)

    def hold(self, steps: int) -> None:
        """From now on hold so many lines at least, up to `LONGEST`; on the host."""
        size, longer = int(self._size.numpy()), min(steps, LONGEST)
        if longer <= size:
            return
        numbers, lines = self.numbers.numpy(), self.lines.numpy()
        order = np.argsort(numbers)[np.count_nonzero(numbers == 0) :]
        empty = longer - order.size
        self.numbers.assign(np.pad(numbers[order], [0, empty]))
        self.lines.assign(np.pad(lines[order], [[0, empty], [0, 0]]))
        self._looks.assign(order.size)
        self._size.assign(longer)

    def since(self, number: int) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.int64]]:
        """The lines after step number ``number``, as far as they are held, and their numbers, on the host."""
        numbers = self.numbers.numpy()
        order = np.argsort(numbers)
        order = order[numbers[order] > number]
        return np.asarray(self.lines.numpy()[order]), np.asarray(numbers[order])


def _nan_as_infinity(line: Any) -> Any:
    return tf.where(tf.math.is_nan(line), float("inf"), line)
