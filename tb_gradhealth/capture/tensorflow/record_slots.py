"""The slots of the two records that the host reads later: that of the cadence, and that of a trip."""

from typing import Any

import numpy as np
import tensorflow as tf

from tb_gradhealth.capture.run_observer import SCHEDULED, TRIPPED
from tb_gradhealth.capture.tensorflow.graph import is_compiled, state


class RecordSlots:
    """Variables for the payloads of two records.

    The number of floats may vary with the batch. XLA requires static sizes, so a compiled step has separate
    variables of the largest size.
    """

    def __init__(self) -> None:
        self._any_size = _new_slots(0, None, 0)
        self._compiled: list[tuple[Any, Any]] = []
        self._is_compiled = state(np.zeros([2], np.bool_), "is_compiled")

    @property
    def variants(self) -> int:
        """The number of sets of variables; `read` has to be traced again when it changes."""
        return 1 + bool(self._compiled)

    def write(self, scheduled: Any, floats: Any, sizes: Any) -> None:
        """Write the payload of a step to the slot of ``scheduled`` records or of tripped ones."""
        compiled = is_compiled()
        if compiled and not self._compiled:
            self._compiled = _new_slots(floats.shape[0], floats.shape, sizes.shape[0])
        slots = self._compiled if compiled else self._any_size

        def assign(slot: int) -> bool:
            for variable, value in zip(slots[slot], (floats, sizes), strict=True):
                variable.assign(value)
            return True

        tf.cond(scheduled, lambda: assign(SCHEDULED), lambda: assign(TRIPPED))
        slot = tf.where(scheduled, SCHEDULED, TRIPPED)[None]
        self._is_compiled.scatter_update(tf.IndexedSlices(tf.constant([compiled]), slot))

    def read(self, slot: int) -> tuple[Any, Any, Any]:
        """The arguments of `StepMeasurement.unpack`: floats, float32 [n], sizes, int32 [m], compiled."""
        floats, sizes = (variable.read_value() for variable in self._any_size[slot])
        compiled = self._is_compiled[slot]
        if self._compiled:
            variables = self._compiled[slot]
            floats, sizes = tf.cond(
                compiled,
                lambda: tuple(variable.read_value() for variable in variables),
                lambda: (floats, sizes),
            )
        return floats, sizes, compiled


def _new_slots(floats: int, shape: Any, sizes: int) -> list[tuple[Any, Any]]:
    return [
        (
            state(np.zeros([floats], np.float32), "floats", [None] if shape is None else shape),
            state(np.zeros([sizes], np.int32), "sizes", [None] if shape is None else [sizes]),
        )
        for _ in (SCHEDULED, TRIPPED)
    ]
