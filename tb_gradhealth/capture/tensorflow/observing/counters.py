"""The whole numbers of an observer, in one variable of the graph.

Every variable that a training step uses, even if only in a branch that is not taken, costs the step about a
microsecond.
"""

import enum
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import tensorflow as tf

from tb_gradhealth.capture.run_observer import SCHEDULED, TRIPPED
from tb_gradhealth.capture.tensorflow.graph import state

SLOTS: Final = (SCHEDULED, TRIPPED)


class Counter(enum.IntEnum):
    """Indices of the numbers; of those with one number for each slot of a record the first one."""

    STEPS = 0
    """Steps so far."""
    WATCHED = 1
    """Watched steps in the flight recorder so far."""
    RECORD = 2
    """By slot, the number of the step with the newest record, 0 before the first."""
    PENDING = 4
    """By slot, 1 if the host has not read the record yet."""
    COMPILED = 6
    """By slot, 1 if a step that XLA compiled has made the record."""
    WATCH_INTERVAL = 8
    """One step in so many is watched."""
    RECORD_INTERVAL = 9
    """One record of the cadence in so many is made."""
    NEXT_WATCHED = 10
    """The number of the next watched step."""
    SNAPSHOT = 11
    """The number of the step at whose end the weights were copied."""


SIZE: Final = max(Counter) + 1


class Counters:
    """The numbers; steps change them, and between two steps the host."""

    def __init__(self) -> None:
        numbers = np.zeros([SIZE], np.int64)
        numbers[[Counter.WATCH_INTERVAL, Counter.RECORD_INTERVAL]] = 1
        self._variable = state(numbers, "counters")

    def count_step(self) -> list[Any]:
        """Count a step; return all numbers, int64 scalars by index."""
        added = np.zeros([SIZE], np.int64)
        added[Counter.STEPS] = 1
        return list(tf.unstack(self._variable.assign_add(added), num=SIZE))

    def set(self, *numbers: tuple[Any, Any]) -> None:
        """Set numbers in the graph, given pairs of an index (int32) and a number (int64), or ints."""
        indices, values = zip(*numbers, strict=True)
        at, new = tf.convert_to_tensor(indices, tf.int32), tf.convert_to_tensor(values, tf.int64)
        self._variable.scatter_update(tf.IndexedSlices(new, at))

    def vector(self) -> Any:
        """All numbers in the graph, int64 [`SIZE`]."""
        return self._variable.read_value()

    def on_host(self) -> npt.NDArray[np.int64]:
        """All numbers, int64 [`SIZE`]; on the host."""
        return np.asarray(self._variable.numpy())

    def set_on_host(self, *numbers: tuple[int, int]) -> None:
        """Set numbers, given pairs of index and number; on the host, between two steps."""
        vector = self.on_host().copy()
        for index, number in numbers:
            vector[index] = number
        self._variable.assign(vector)
