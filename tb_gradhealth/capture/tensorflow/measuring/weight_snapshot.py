"""A snapshot of the weights, from which the update of a step is computed."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import tensorflow as tf

from tb_gradhealth.capture.tensorflow.graph import state
from tb_gradhealth.capture.tensorflow.measuring.packs import Split, Tensors
from tb_gradhealth.capture.tensorflow.measuring.sampling import sample
from tb_gradhealth.record import Row


class WeightSnapshot:
    """A copy of the measured weights, taken one step before a record; of some large tensors a sample."""

    def __init__(self, rows: Sequence[Row], updates: Split) -> None:
        """Allocate the copy.

        Args:
            rows: the row table.
            updates: the rows that are updates, in the layout of the weights.
        """
        self._sampled = [rows[index].sampled for index in updates.single]
        self._single = [
            state(
                tf.zeros([rows[i].sampled] if rows[i].sampled else rows[i].shape, rows[i].dtype),
                "weight_snapshot",
            )
            for i in updates.single
        ]
        self._pack = None
        if updates.packing:
            self._pack = state(np.zeros([sum(updates.packing.sizes)], np.float32), "weight_snapshot")

    def keep(self, now: Tensors) -> bool:
        """Copy the weights."""
        for before, weight in zip(self._single, self._measured(now), strict=True):
            before.assign(weight)
        if self._pack is not None:
            self._pack.assign(now.pack)
        return True

    def updates(self, now: Tensors) -> Tensors:
        """The current weights minus the snapshot."""
        single = [
            tf.cast(weight, _wide(weight.dtype)) - tf.cast(before, _wide(weight.dtype))
            for before, weight in zip(self._single, self._measured(now), strict=True)
        ]
        return Tensors(single, now.packing, None if self._pack is None else now.pack - self._pack)

    def _measured(self, now: Tensors) -> list[Any]:
        both = zip(now.single, self._sampled, strict=True)
        return [sample(weight, elements) if elements else weight for weight, elements in both]


def _wide(dtype: Any) -> Any:
    return tf.float64 if dtype == tf.float64 else tf.float32
