"""The two records that wait for the host: that of the cadence, and that of the step that tripped."""

from typing import Any, Final

import numpy as np
import tensorflow as tf

from tb_gradhealth.capture.tensorflow.measuring.extremes import is_compiled
from tb_gradhealth.capture.tensorflow.measuring.state import state

DUE: Final = 0
TRIPPED: Final = 1
"""A record is kept in one of two places: that of the cadence, or that of the step that tripped."""


class HandedOver:
    """Numbers and sizes of a record, in variables.

    How many numbers there are may vary with the batch. XLA wants to know it, so a compiled step has variables
    of its own, as large as they may get.
    """

    def __init__(self) -> None:
        self._any_size = _places(0, None, 0)
        self._compiled: list[tuple[Any, Any]] = []
        self._is_compiled = state(np.zeros([2], np.bool_), "is_compiled")

    @property
    def forms(self) -> int:
        """How many sets of variables there are: `read` has to be traced anew for each."""
        return 1 + bool(self._compiled)

    def keep(self, due: Any, numbers: Any, sizes: Any) -> None:
        """Keep what `Transfer.values` gave of a step, whether it is ``due`` or tripped."""
        compiled = is_compiled()
        if compiled and not self._compiled:
            self._compiled = _places(numbers.shape[0], numbers.shape, sizes.shape[0])
        places = self._compiled if compiled else self._any_size

        def assign(place: int) -> bool:
            for variable, value in zip(places[place], (numbers, sizes), strict=True):
                variable.assign(value)
            return True

        tf.cond(due, lambda: assign(DUE), lambda: assign(TRIPPED))
        place = tf.where(due, DUE, TRIPPED)[None]
        self._is_compiled.scatter_update(tf.IndexedSlices(tf.constant([compiled]), place))

    def read(self, place: int) -> tuple[Any, Any, Any]:
        """What `Transfer.unpack` takes: numbers, float32 [n], sizes, int32 [m], whether they are compiled."""
        numbers, sizes = (variable.read_value() for variable in self._any_size[place])
        compiled = self._is_compiled[place]
        if self._compiled:
            filled = self._compiled[place]
            numbers, sizes = tf.cond(
                compiled,
                lambda: tuple(variable.read_value() for variable in filled),
                lambda: (numbers, sizes),
            )
        return numbers, sizes, compiled


def _places(numbers: int, shape: Any, sizes: int) -> list[tuple[Any, Any]]:
    return [
        (
            state(np.zeros([numbers], np.float32), "numbers", [None] if shape is None else shape),
            state(np.zeros([sizes], np.int32), "sizes", [None] if shape is None else [sizes]),
        )
        for _ in (DUE, TRIPPED)
    ]
