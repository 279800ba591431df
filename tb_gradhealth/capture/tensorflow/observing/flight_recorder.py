"""The flight recorder: the step statistics of the newest steps, and the limits from which a step trips."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import tensorflow as tf

from tb_gradhealth.capture.statistics.trip_limits import NO_LIMIT
from tb_gradhealth.capture.statistics.watched_steps import MAX_SIZE, MIN_SIZE
from tb_gradhealth.capture.tensorflow.graph import state


class FlightRecorder:
    """A ring buffer of the newest watched steps, in variables of the graph.

    Attributes:
        steps: step statistics, float32 [size, rows]; the size is twice the cadence and at least `MIN_SIZE`.
        numbers: their step numbers, counted from 1, int64 [size]; 0 marks an unused slot.
        limits: the trip limit of each row, float32 [rows]; the host sets them.
    """

    def __init__(self, rows: int, every: int) -> None:
        size = max(2 * every, MIN_SIZE)
        self.steps = state(np.zeros([size, rows], np.float32), "steps", [None, rows])
        self.numbers = state(np.zeros([size], np.int64), "numbers", [None])
        self._size = state(np.int64(size), "size")
        self._watched_count = state(np.int64(0), "watched_count")
        self.limits = state(np.full([rows], NO_LIMIT, np.float32), "limits")

    def add(self, statistics: Any, number: Any) -> Any:
        """Add the statistics of a step; return whether one of them is NaN or beyond its limit."""
        slot = tf.reshape((self._watched_count.assign_add(1) - 1) % self._size, [1])
        self.steps.scatter_update(tf.IndexedSlices(statistics[None], slot))
        self.numbers.scatter_update(tf.IndexedSlices(number[None], slot))
        return self.beyond(statistics)

    def beyond(self, statistics: Any, rows: Sequence[int] | None = None) -> Any:
        """Whether a statistic (of all rows, or of ``rows``) is NaN or beyond its limit, bool scalar."""
        limits = self.limits if rows is None else tf.gather(self.limits, list(rows))
        return tf.reduce_any(tf.where(tf.math.is_nan(statistics), float("inf"), statistics) > limits)

    def newest(self, count: Any, number: Any) -> Any:
        """The statistics of the ``count`` steps up to ``number``, float32 [count, rows].

        It requires that every step is watched.
        """
        count = tf.minimum(count, self._size)
        return tf.gather(self.steps, tf.range(number - count, number) % self._size)

    def grow(self, size: int) -> None:
        """Grow the buffer to ``size`` steps, at most `MAX_SIZE`; on the host."""
        new_size = min(size, MAX_SIZE)
        if new_size <= int(self._size.numpy()):
            return
        numbers, steps = self.numbers.numpy(), self.steps.numpy()
        order = np.argsort(numbers)[np.count_nonzero(numbers == 0) :]
        empty = new_size - order.size
        self.numbers.assign(np.pad(numbers[order], [0, empty]))
        self.steps.assign(np.pad(steps[order], [[0, empty], [0, 0]]))
        self._watched_count.assign(order.size)
        self._size.assign(new_size)

    def since(self, number: int) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.int64]]:
        """The steps after ``number`` that are in the buffer, and their numbers; on the host."""
        numbers = self.numbers.numpy()
        order = np.argsort(numbers)
        order = order[numbers[order] > number]
        return np.asarray(self.steps.numpy()[order]), np.asarray(numbers[order])
