"""The weights as they were one step ago: what a true update is measured against."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import tensorflow as tf

from tb_gradhealth.capture.tensorflow.graph import state
from tb_gradhealth.capture.tensorflow.measuring.packs import Split, Tensors
from tb_gradhealth.capture.tensorflow.measuring.sampling import sample
from tb_gradhealth.record import Row


class WeightSnapshot:
    """A copy of the measured weights, in memory throughout, written only when asked.

    Of a large tensor some elements are kept, where its row says so.
    """

    def __init__(self, rows: Sequence[Row], updates: Split) -> None:
        """Make room.

        Args:
            rows: of the selection.
            updates: which of them are updates, laid out like the weights.
        """
        self._sampled = [rows[index].sampled for index in updates.single]
        self._single = [
            state(tf.zeros([rows[i].sampled] if rows[i].sampled else rows[i].shape, rows[i].dtype), "before")
            for i in updates.single
        ]
        self._pack = None
        if updates.packing:
            self._pack = state(np.zeros([sum(updates.packing.sizes)], np.float32), "before")

    def keep(self, now: Tensors) -> bool:
        """Copy the weights."""
        for before, weight in zip(self._single, self._looked_at(now), strict=True):
            before.assign(weight)
        if self._pack is not None:
            self._pack.assign(now.pack)
        return True

    def updates(self, now: Tensors) -> Tensors:
        """The weights as they are minus what was kept."""
        single = [
            tf.cast(weight, _wide(weight.dtype)) - tf.cast(before, _wide(weight.dtype))
            for before, weight in zip(self._single, self._looked_at(now), strict=True)
        ]
        return Tensors(single, now.packing, None if self._pack is None else now.pack - self._pack)

    def _looked_at(self, now: Tensors) -> list[Any]:
        both = zip(now.single, self._sampled, strict=True)
        return [sample(weight, most) if most else weight for weight, most in both]


def _wide(dtype: Any) -> Any:
    return tf.float64 if dtype == tf.float64 else tf.float32
