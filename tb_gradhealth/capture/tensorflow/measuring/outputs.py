"""Layers' outputs, inputs and targets, measured before the backward pass needs their memory.

A tensor's memory is freed when the last operation that takes it has run. Outputs are most of a step's
memory, and the backward pass frees them one by one, so no operation here may take one later. What a record
needs of them is therefore copied in each step that is looked at, before it is known whether a gradient trips
a record: a few samples; and more of them, with a search of all, where a record is due or the outputs or the
loss trip one.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import tensorflow as tf

from tb_gradhealth.capture.statistics.moments import EXTREMES
from tb_gradhealth.capture.tensorflow.graph import shared_function
from tb_gradhealth.capture.tensorflow.measuring.moments import extremes
from tb_gradhealth.capture.tensorflow.measuring.operands import as_float32
from tb_gradhealth.capture.tensorflow.measuring.sampling import (
    ELEMENTS_EVERY_STEP,
    elements_of_batch,
    first_samples,
    most_elements,
)
from tb_gradhealth.capture.tensorflow.measuring.units import Units
from tb_gradhealth.record import Row

Fill = Callable[[str, Any, int], Any]
"""Fills a vector of a name up to its largest size, where a compiler has to know it."""


class Outputs:
    """What is measured of the rows whose tensors hold a batch.

    Attributes:
        rows: their indices in the row table.
        with_units: those whose units are observed for being silent.
        units: which units were silent.
    """

    def __init__(
        self, rows: Sequence[Row], indices: Sequence[int], ranks: Sequence[int], with_units: Sequence[int]
    ) -> None:
        """Make room.

        Args:
            rows: the row table.
            indices: of the rows whose tensors hold a batch.
            ranks: of their tensors.
            with_units: of the rows whose units are observed.
        """
        self.rows, self.with_units = list(indices), list(with_units)
        self._ranks = list(ranks)
        self._elements = elements_of_batch(len(indices))
        self._headed = 2 * len(with_units) + len(EXTREMES) * len(indices)
        self.units = Units([rows[index].shape[-1] for index in with_units])

    def few(self, values: Mapping[int, Any]) -> list[Any]:
        """What `searched` gives, with as many samples as every step takes and without a search."""
        return self._joined([tf.fill([self._headed], float("nan"))], values, ELEMENTS_EVERY_STEP, _as_it_is)

    def searched(self, values: Mapping[int, Any], suspicious: Any, fill: Fill | None = None) -> list[Any]:
        """Numbers, float32 [n], and sizes, int32 [m], for `unpack`; ends a full window of the units.

        Args:
            values: the step's tensors by row.
            suspicious: whether something is wrong with the step, bool scalar: then all samples are searched.
            fill: where sizes have to be known while tracing.
        """
        whole = [values[index] for index in self.rows]
        head = [tf.zeros([0])]
        if self.with_units:
            head.append(tf.reshape(self.units.columns([values[index] for index in self.with_units]), [-1]))
        if whole:
            nothing = tf.fill([len(EXTREMES) * len(whole)], float("nan"))
            head.append(tf.cond(suspicious, lambda: _extremes(whole), lambda: nothing))
        return self._joined(head, values, self._elements, fill or _as_it_is)

    def _joined(self, head: Sequence[Any], values: Mapping[int, Any], most: int, fill: Fill) -> list[Any]:
        numbers, sizes = list(head), [tf.zeros([0], tf.int32)]
        for index in self.rows:
            flat, shape = shared_function(_first_values, [values[index]], most)
            numbers.append(fill(f"batch {index}", flat, most_elements(values[index], most)))
            sizes.append(shape)
        return [tf.concat(numbers, 0), tf.concat(sizes, 0)]

    def unpack(
        self, take: Callable[[int], Any], take_sizes: Callable[[int], Any], room: Mapping[str, int]
    ) -> tuple[dict[str, tuple[Sequence[int], Any]], dict[int, Any], dict[int, Any]]:
        """What the host makes of the numbers and sizes: columns of units, first samples, extremes, by row.

        Args:
            take: gives so many of the numbers that come next.
            take_sizes: likewise of the sizes.
            room: sizes that vectors were filled up to, by name.
        """
        columns: dict[str, tuple[Sequence[int], Any]] = {}
        if self.with_units:
            silent = take(2 * len(self.with_units)).reshape(-1, 2)
            columns = {
                "dead_fraction": (self.with_units, silent[:, 0]),
                "window": (self.with_units, silent[:, 1]),
            }
        found = take(len(EXTREMES) * len(self.rows)).reshape(-1, len(EXTREMES))
        # A count is a number where anything was searched.
        searched = {i: each for i, each in zip(self.rows, found, strict=True) if not np.isnan(each[-1])}
        batches = {}
        for index, rank in zip(self.rows, self._ranks, strict=True):
            shape = tuple(take_sizes(rank))
            batches[index] = _as_batch(take(room.get(f"batch {index}", math.prod(shape))), shape)
        return columns, batches, searched


def _as_batch(values: Any, shape: tuple[int, ...]) -> Any:
    """The samples in their shape; as many as there was room for."""
    each = math.prod(shape[1:])
    samples = min(values.size // each, shape[0]) if shape and each else 0
    if not shape or samples:
        return values[: samples * each].reshape(samples, *shape[1:]) if shape else values.reshape(())
    return values[: min(values.size, math.prod(shape))]


def _first_values(value: Any, most: int) -> tuple[Any, Any]:
    """The batch's first samples end to end, float32 [n], and their shape, int32 [rank]."""
    part = first_samples(value, most)
    return tf.reshape(as_float32(part), [-1]), tf.shape(part)


def _extremes(batches: Sequence[Any]) -> Any:
    """The columns `EXTREMES` of all samples, float32 [batches * 4]."""
    return tf.concat([shared_function(extremes, [value]) for value in batches], 0)


def _as_it_is(name: str, flat: Any, most: int) -> Any:
    return flat
