"""The slots of the two records that the host reads later: that of the cadence, and that of a trip."""

from typing import Any

import numpy as np
import tensorflow as tf

from tb_gradhealth.capture.run_observer import SCHEDULED, TRIPPED
from tb_gradhealth.capture.tensorflow.graph import is_compiled, state


class RecordSlots:
    """Variables for the payloads of two records.

    The size of a payload may vary with the batch. XLA requires static sizes, so a compiled step has separate
    variables of the largest size.
    """

    def __init__(self) -> None:
        self._any_size = _new_slots(0, [None])
        self._compiled: list[Any] = []

    @property
    def variants(self) -> int:
        """The number of sets of variables; `read` has to be traced again when it changes."""
        return 1 + bool(self._compiled)

    def write(self, scheduled: Any, payload: Any) -> None:
        """Write the payload of a step to the slot of ``scheduled`` records or of tripped ones."""
        compiled = is_compiled()
        if compiled and not self._compiled:
            self._compiled = _new_slots(payload.shape[0], payload.shape)
        slots = self._compiled if compiled else self._any_size

        def assign(slot: int) -> bool:
            slots[slot].assign(payload)
            return True

        tf.cond(scheduled, lambda: assign(SCHEDULED), lambda: assign(TRIPPED))

    def read(self, slot: int, compiled: Any) -> Any:
        """The payload in a slot, float32 [n]; ``compiled`` is whether a compiled step made it."""
        payload = self._any_size[slot].read_value()
        if not self._compiled:
            return payload
        return tf.cond(compiled, self._compiled[slot].read_value, lambda: payload)


def _new_slots(size: int, shape: Any) -> list[Any]:
    return [state(np.zeros([size], np.float32), "payload", shape) for _ in (SCHEDULED, TRIPPED)]
