"""The weights as they were one step ago: what a true update is measured against."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import tensorflow as tf

from tb_gradhealth.capture.tensorflow.measuring.operands import operand
from tb_gradhealth.capture.tensorflow.measuring.state import state
from tb_gradhealth.capture.tensorflow.measuring.tensors import Split, Tensors
from tb_gradhealth.record import Row


class Before:
    """One copy of the measured weights, in memory throughout, written only when asked."""

    def __init__(self, rows: Sequence[Row], weights: Split) -> None:
        self._split = weights
        self._single = [state(tf.zeros(rows[i].shape, rows[i].dtype), "before") for i in weights.single]
        self._packed = None
        if weights.packing:
            self._packed = state(np.zeros([sum(weights.packing.sizes)], np.float32), "before")

    def keep(self, now: Mapping[int, Any]) -> bool:
        """Copy the weights, given by row."""
        for before, index in zip(self._single, self._split.single, strict=True):
            before.assign(now[index])
        if self._packed is not None:
            self._packed.assign(self._split.pack(now))
        return True

    def updates(self, now: Mapping[int, Any]) -> Tensors:
        """The weights as they are, given by row, minus what was kept."""
        single = [
            operand(tf.cast(now[index], _wide(now[index].dtype)) - tf.cast(before, _wide(now[index].dtype)))
            for before, index in zip(self._single, self._split.single, strict=True)
        ]
        packed = None if self._packed is None else self._split.pack(now) - self._packed
        return Tensors(single, self._split.packing, packed)


def _wide(dtype: Any) -> Any:
    return tf.float64 if dtype == tf.float64 else tf.float32
