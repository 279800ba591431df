"""The weights as they were one step ago: what a true update is measured against."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import tensorflow as tf

from tb_gradhealth.capture.tensorflow.measuring.state import state
from tb_gradhealth.capture.tensorflow.measuring.tensors import Split, Tensors
from tb_gradhealth.record import Row


class Before:
    """One copy of the measured weights, in memory throughout, written only when asked."""

    def __init__(self, rows: Sequence[Row], weights: Split) -> None:
        self._single = [state(tf.zeros(rows[i].shape, rows[i].dtype), "before") for i in weights.single]
        self._pack = None
        if weights.packing:
            self._pack = state(np.zeros([sum(weights.packing.sizes)], np.float32), "before")

    def keep(self, now: Tensors) -> bool:
        """Copy the weights."""
        for before, weight in zip(self._single, now.single, strict=True):
            before.assign(weight)
        if self._pack is not None:
            self._pack.assign(now.pack)
        return True

    def updates(self, now: Tensors) -> Tensors:
        """The weights as they are minus what was kept."""
        single = [
            tf.cast(weight, _wide(weight.dtype)) - tf.cast(before, _wide(weight.dtype))
            for before, weight in zip(self._single, now.single, strict=True)
        ]
        return Tensors(single, now.packing, None if self._pack is None else now.pack - self._pack)


def _wide(dtype: Any) -> Any:
    return tf.float64 if dtype == tf.float64 else tf.float32
