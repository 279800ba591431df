"""Measures layers' outputs, inputs and targets before the backward pass frees their memory.

A tensor's memory is freed when the last operation that takes it has run. Outputs are most of a step's
memory, and the backward pass frees them one by one, so no operation here may take one later. Each watched
step therefore copies the first samples of a batch before it is known whether a gradient trips. Where a record
is scheduled, or the outputs or the loss trip, it copies more samples and searches all of them.

One function per output computes all that a watched step needs. Written into the step's graph, these
operations were a third of what a transformer of 12 blocks added to it.
"""

import enum
import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import tensorflow as tf

from tb_gradhealth.capture.statistics.batch_sizes import ELEMENTS_EVERY_STEP, elements_of_batch
from tb_gradhealth.capture.statistics.moments import EXTREMES
from tb_gradhealth.capture.tensorflow.graph import highest, shared_function
from tb_gradhealth.capture.tensorflow.measuring.moments import extremes
from tb_gradhealth.capture.tensorflow.measuring.operands import as_float32
from tb_gradhealth.capture.tensorflow.measuring.sampling import first_samples, max_first_elements
from tb_gradhealth.capture.tensorflow.measuring.units import Units, unit_peaks
from tb_gradhealth.record import Row
from tb_gradhealth.record.activation_functions import POSITIVE

Pad = Callable[[str, Any, int], Any]
"""Pads a named vector to its largest size where XLA requires a static one."""


class Peak(enum.Enum):
    """What a watched step computes of the first samples of an output."""

    NONE = enum.auto()
    """Nothing: an input or a target."""
    ABSOLUTE = enum.auto()
    """The largest |x|, float32 [1]."""
    POSITIVE = enum.auto()
    """The same of an output that is never negative."""
    UNITS = enum.auto()
    """The largest output of each unit, float32 [units]."""


class Outputs:
    """Measures the rows whose tensors hold a batch.

    Attributes:
        rows: their indices in the row table.
        with_units: those of them whose units are observed.
        sizes: number of sizes in a payload.
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
        self.sizes = sum(ranks)
        self._elements = elements_of_batch(len(indices))
        self._peaks = {index: _peak_of(rows[index], index in with_units) for index in indices}
        self._head_size = 2 * len(with_units) + len(EXTREMES) * len(indices)
        self.units = Units([rows[index].shape[-1] for index in with_units])

    def watch(self, values: Mapping[int, Any]) -> tuple[dict[int, Any], list[Any]]:
        """The peaks of the activations, by row, each float32 [units] or [1].

        Also the floats and sizes as of `search`, with the samples of a watched step and without a search.
        """
        watched = [
            shared_function(_watched, [values[index]], ELEMENTS_EVERY_STEP, peak)
            for index, peak in self._peaks.items()
        ]
        peaks, samples, shapes = map(list, zip(*watched, strict=True)) if watched else ([], [], [])
        nothing = tf.fill([self._head_size], float("nan"))
        floats, sizes = tf.concat([nothing, *samples], 0), tf.concat([tf.zeros([0], tf.int32), *shapes], 0)
        return dict(zip(self.rows, peaks, strict=True)), [floats, sizes]

    def peaks(self, values: Mapping[int, Any]) -> dict[int, Any]:
        """The peaks of `watch`."""
        return {
            index: _peak(first_samples(values[index], ELEMENTS_EVERY_STEP), peak)
            for index, peak in self._peaks.items()
        }

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
        sizes = [tf.zeros([0], tf.int32)]
        for index, value in zip(self.rows, whole, strict=True):
            flat, shape = shared_function(_first_values, [value], self._elements)
            if pad is not None:
                flat = pad(f"batch {index}", flat, max_first_elements(value, self._elements))
            head.append(flat)
            sizes.append(shape)
        return [tf.concat(head, 0), tf.concat(sizes, 0)]

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


def _peak_of(row: Row, has_units: bool) -> Peak:
    if row.kind != "activation":
        return Peak.NONE
    if has_units:
        return Peak.UNITS
    return Peak.POSITIVE if row.activation in POSITIVE else Peak.ABSOLUTE


def _watched(value: Any, max_elements: int, peak: Peak) -> tuple[Any, Any, Any]:
    """The peak of the first samples of the batch, and `_first_values`."""
    samples = first_samples(value, max_elements)
    return _peak(samples, peak), *_flat(samples)


def _peak(samples: Any, peak: Peak) -> Any:
    """The peak of an output's samples, float32 [units] or [1]; NaN if an element is NaN."""
    if peak is Peak.NONE:
        return tf.zeros([0])
    if peak is Peak.UNITS:
        return unit_peaks(samples)
    return tf.cast(highest(samples if peak is Peak.POSITIVE else tf.abs(samples)), tf.float32)[None]


def _first_values(value: Any, max_elements: int) -> tuple[Any, Any]:
    """The flattened first samples of the batch, float32 [n], and their shape, int32 [rank]."""
    return _flat(first_samples(value, max_elements))


def _flat(samples: Any) -> tuple[Any, Any]:
    return tf.reshape(as_float32(samples), [-1]), tf.shape(samples)


def _extremes(batches: Sequence[Any]) -> Any:
    """The columns `EXTREMES` of all samples, float32 [batches * 4]."""
    return tf.concat([shared_function(extremes, [value]) for value in batches], 0)
