"""Measures layers' outputs, inputs and targets before the backward pass frees their memory.

A tensor's memory is freed when the last operation that takes it has run. Outputs are most of a step's
memory, and the backward pass frees them one by one, so no operation here may take one later. Each watched
step therefore copies the first samples of a batch before it is known whether a gradient trips. Where a record
is scheduled, or the outputs or the loss trip, it copies more samples and searches all of them.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import tensorflow as tf

from tb_gradhealth.capture.statistics.batch_sizes import ELEMENTS_EVERY_STEP, elements_of_batch
from tb_gradhealth.capture.statistics.moments import EXTREMES
from tb_gradhealth.capture.tensorflow.graph import shared_function
from tb_gradhealth.capture.tensorflow.measuring.moments import extremes
from tb_gradhealth.capture.tensorflow.measuring.operands import as_float32
from tb_gradhealth.capture.tensorflow.measuring.sampling import first_samples, max_first_elements
from tb_gradhealth.capture.tensorflow.measuring.units import Units
from tb_gradhealth.record import Row

Pad = Callable[[str, Any, int], Any]
"""Pads a named vector to its largest size where XLA requires a static one."""


class Outputs:
    """Measures the rows whose tensors hold a batch.

    Attributes:
        rows: their indices in the row table.
        with_units: those of them whose units are observed.
        units: the silent units.
    """

    def __init__(
        self, rows: Sequence[Row], indices: Sequence[int], ranks: Sequence[int], with_units: Sequence[int]
    ) -> None:
        """Create the state.

        Args:
            rows: the rows of the row table.
            indices: indices of the rows whose tensors hold a batch.
            ranks: ranks of their tensors.
            with_units: indices of the rows whose units are observed.
        """
        self.rows, self.with_units = list(indices), list(with_units)
        self._ranks = list(ranks)
        self._elements = elements_of_batch(len(indices))
        self._head_size = 2 * len(with_units) + len(EXTREMES) * len(indices)
        self.units = Units([rows[index].shape[-1] for index in with_units])

    def samples(self, values: Mapping[int, Any]) -> list[Any]:
        """Floats and sizes as of `search`, with the samples of a watched step and without a search."""
        return self._payload(
            [tf.fill([self._head_size], float("nan"))], values, ELEMENTS_EVERY_STEP, _unpadded
        )

    def search(self, values: Mapping[int, Any], suspicious: Any, pad: Pad | None = None) -> list[Any]:
        """Floats, float32 [n], and sizes, int32 [m], for `unpack`; ends a full window of the units.

        Args:
            values: the step's tensors by row.
            suspicious: whether the step tripped, bool scalar: then the extremes of all samples are computed.
            pad: pads the vectors where XLA requires static sizes.
        """
        whole = [values[index] for index in self.rows]
        head = [tf.zeros([0])]
        if self.with_units:
            head.append(tf.reshape(self.units.columns([values[index] for index in self.with_units]), [-1]))
        if whole:
            nothing = tf.fill([len(EXTREMES) * len(whole)], float("nan"))
            head.append(tf.cond(suspicious, lambda: _extremes(whole), lambda: nothing))
        return self._payload(head, values, self._elements, pad or _unpadded)

    def _payload(
        self, head: Sequence[Any], values: Mapping[int, Any], max_elements: int, pad: Pad
    ) -> list[Any]:
        floats, sizes = list(head), [tf.zeros([0], tf.int32)]
        for index in self.rows:
            flat, shape = shared_function(_first_values, [values[index]], max_elements)
            floats.append(pad(f"batch {index}", flat, max_first_elements(values[index], max_elements)))
            sizes.append(shape)
        return [tf.concat(floats, 0), tf.concat(sizes, 0)]

    def unpack(
        self, take: Callable[[int], Any], take_sizes: Callable[[int], Any], padded_sizes: Mapping[str, int]
    ) -> tuple[dict[str, tuple[Sequence[int], Any]], dict[int, Any], dict[int, Any]]:
        """The columns of units, the first samples and the extremes, by row; on the host.

        Args:
            take: returns the given number of next floats.
            take_sizes: returns the given number of next sizes.
            padded_sizes: sizes that vectors were padded to, by name.
        """
        columns: dict[str, tuple[Sequence[int], Any]] = {}
        if self.with_units:
            silent = take(2 * len(self.with_units)).reshape(-1, 2)
            columns = {
                "dead_fraction": (self.with_units, silent[:, 0]),
                "window": (self.with_units, silent[:, 1]),
            }
        found = take(len(EXTREMES) * len(self.rows)).reshape(-1, len(EXTREMES))
        # The last extreme is a count, which is NaN only if nothing was searched.
        searched = {i: each for i, each in zip(self.rows, found, strict=True) if not np.isnan(each[-1])}
        batches = {}
        for index, rank in zip(self.rows, self._ranks, strict=True):
            shape = tuple(take_sizes(rank))
            batches[index] = _as_batch(take(padded_sizes.get(f"batch {index}", math.prod(shape))), shape)
        return columns, batches, searched


def _as_batch(values: Any, shape: tuple[int, ...]) -> Any:
    """The samples in their shape, as many as fit the padded size."""
    each = math.prod(shape[1:])
    samples = min(values.size // each, shape[0]) if shape and each else 0
    if not shape or samples:
        return values[: samples * each].reshape(samples, *shape[1:]) if shape else values.reshape(())
    return values[: min(values.size, math.prod(shape))]


def _first_values(value: Any, max_elements: int) -> tuple[Any, Any]:
    """The flattened first samples of the batch, float32 [n], and their shape, int32 [rank]."""
    part = first_samples(value, max_elements)
    return tf.reshape(as_float32(part), [-1]), tf.shape(part)


def _extremes(batches: Sequence[Any]) -> Any:
    """The columns `EXTREMES` of all samples, float32 [batches * 4]."""
    return tf.concat([shared_function(extremes, [value]) for value in batches], 0)


def _unpadded(name: str, flat: Any, max_elements: int) -> Any:
    return flat
