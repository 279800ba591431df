"""The two records that wait for the host: that of the cadence, and that of the step that tripped."""

from typing import Any

import numpy as np
import tensorflow as tf

from tb_gradhealth.capture.run_observer import DUE, TRIPPED
from tb_gradhealth.capture.tensorflow.graph import is_compiled, state


class RecordSlots:
    """Numbers and sizes of a record, in variables.

    How many numbers there are may vary with the batch. XLA wants to know it, so a compiled step has variables
    of its own, as large as they may get.
    """

    def __init__(self) -> None:
        self._any_size = _new_slots(0, None, 0)
        self._compiled: list[tuple[Any, Any]] = []
        self._is_compiled = state(np.zeros([2], np.bool_), "is_compiled")

    @property
    def forms(self) -> int:
        """How many sets of variables there are: `read` has to be traced anew for each."""
        return 1 + bool(self._compiled)

    def keep(self, due: Any, numbers: Any, sizes: Any) -> None:
        """Keep what `StepMeasurement.values` gave of a step, whether it is ``due`` or tripped."""
        compiled = is_compiled()
        if compiled and not self._compiled:
            self._compiled = _new_slots(numbers.shape[0], numbers.shape, sizes.shape[0])
        slots = self._compiled if compiled else self._any_size

        def assign(slot: int) -> bool:
            for variable, value in zip(slots[slot], (numbers, sizes), strict=True):
                variable.assign(value)
            return True

        tf.cond(due, lambda: assign(DUE), lambda: assign(TRIPPED))
        slot = tf.where(due, DUE, TRIPPED)[None]
        self._is_compiled.scatter_update(tf.IndexedSlices(tf.constant([compiled]), slot))

    def read(self, slot: int) -> tuple[Any, Any, Any]:
        """What `StepMeasurement.unpack` takes: numbers, float32 [n], sizes, int32 [m], if compiled."""
        numbers, sizes = (variable.read_value() for variable in self._any_size[slot])
        compiled = self._is_compiled[slot]
        if self._compiled:
            filled = self._compiled[slot]
            numbers, sizes = tf.cond(
                compiled,
                lambda: tuple(variable.read_value() for variable in filled),
                lambda: (numbers, sizes),
            )
        return numbers, sizes, compiled


def _new_slots(numbers: int, shape: Any, sizes: int) -> list[tuple[Any, Any]]:
    return [
        (
            state(np.zeros([numbers], np.float32), "numbers", [None] if shape is None else shape),
            state(np.zeros([sizes], np.int32), "sizes", [None] if shape is None else [sizes]),
        )
        for _ in (DUE, TRIPPED)
    ]
