"""The flight recorder: the step statistics of the newest steps, and the limits from which a step trips."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import tensorflow as tf

from tb_gradhealth.capture.statistics.trip_limits import NO_LIMIT
from tb_gradhealth.capture.statistics.watched_steps import MAX_SIZE, MIN_SIZE
from tb_gradhealth.capture.tensorflow.graph import state
from tb_gradhealth.capture.tensorflow.observing.counters import Counter, Counters


class FlightRecorder:
    """A ring buffer of the newest watched steps, in variables of the graph.

    Attributes:
        steps: step statistics, float32 [size, rows]; the size is twice the cadence and at least `MIN_SIZE`.
        numbers: their step numbers, counted from 1, int64 [size]; 0 marks an unused slot.
        limits: the trip limit of each row, float32 [rows]; the host sets them.
    """

    def __init__(self, rows: int, every: int, counters: Counters) -> None:
        size = max(2 * every, MIN_SIZE)
        self.steps = state(np.zeros([size, rows], np.float32), "steps", [None, rows])
        self.numbers = state(np.zeros([size], np.int64), "numbers", [None])
        self._counters = counters
        self.limits = state(np.full([rows], NO_LIMIT, np.float32), "limits")

    def add(self, statistics: Any, number: Any, watched: Any) -> Any:
        """Add the statistics of a step; return whether one of them is NaN or beyond its limit.

        Args:
            statistics: float32 [rows].
            number: number of the step, int64 scalar.
            watched: watched steps before it, int64 scalar.
        """
        slot = watched % self._size()
        self.steps.scatter_update(tf.IndexedSlices(statistics, slot))
        self.numbers.scatter_update(tf.IndexedSlices(number, slot))
        return self.beyond(statistics)

    def beyond(self, statistics: Any, rows: Sequence[int] | None = None) -> Any:
        """Whether a statistic (of all rows, or of ``rows``) is NaN or beyond its limit, bool scalar."""
        limits = self.limits if rows is None else tf.gather(self.limits, list(rows))
        return tf.reduce_any(tf.where(tf.math.is_nan(statistics), float("inf"), statistics) > limits)

    def newest(self, count: Any, number: Any) -> Any:
        """The statistics of the ``count`` steps up to ``number``, float32 [count, rows].

        It requires that every step is watched.
        """
        size = self._size()
        count = tf.minimum(count, size)
        return tf.gather(self.steps, tf.range(number - count, number) % size)

    def grow(self, size: int) -> None:
        """Grow the buffer to ``size`` steps, at most `MAX_SIZE`; on the host."""
        new_size = min(size, MAX_SIZE)
        numbers = self.numbers.numpy()
        if new_size <= numbers.size:
            return
        steps = self.steps.numpy()
        order = np.argsort(numbers)[np.count_nonzero(numbers == 0) :]
        empty = new_size - order.size
        self.numbers.assign(np.pad(numbers[order], [0, empty]))
        self.steps.assign(np.pad(steps[order], [[0, empty], [0, 0]]))
        self._counters.set_on_host((Counter.WATCHED, order.size))

    def since(self, number: int) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.int64]]:
        """The steps after ``number`` that are in the buffer, and their numbers; on the host."""
        numbers = self.numbers.numpy()
        order = np.argsort(numbers)
        order = order[numbers[order] > number]
        return np.asarray(self.steps.numpy()[order]), np.asarray(numbers[order])

    def _size(self) -> Any:
        """The size of the buffer in the graph, int64 scalar."""
        return tf.squeeze(tf.raw_ops.VariableShape(input=self.numbers.handle, out_type=tf.int64), 0)
