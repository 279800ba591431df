"""Measures layers' outputs, inputs and targets: their first samples are copied, larger batches searched."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from tb_gradhealth.capture.jax.measuring.moments import extremes
from tb_gradhealth.capture.jax.measuring.operands import joined, operand
from tb_gradhealth.capture.jax.measuring.samples import first_samples, sample_shape
from tb_gradhealth.capture.jax.measuring.units import unit_peaks
from tb_gradhealth.capture.jax.selecting.flow import Function
from tb_gradhealth.capture.jax.selecting.selection import BATCHES, Key, Selection
from tb_gradhealth.capture.statistics.arrays import Floats
from tb_gradhealth.capture.statistics.batch_sizes import ELEMENTS_EVERY_STEP, elements_of_batch
from tb_gradhealth.capture.statistics.moments import EXTREMES

Tensors = Mapping[Key, jax.Array]


class Batches:
    """The batches of a selection.

    Attributes:
        size: number of floats of a payload.
    """

    def __init__(self, selection: Selection, with_units: Sequence[Key]) -> None:
        """Prepare for a selection.

        Args:
            selection: the rows.
            with_units: keys of the activations with ReLU-like units, in the order of the units.
        """
        self._selection = selection
        self._with_units = with_units
        self._keys = selection.of_kinds(*BATCHES)
        self._elements = elements_of_batch(len(self._keys))
        self._shapes = [sample_shape(selection.real_shape(key), self._elements) for key in self._keys]
        self._searched = [key for key in self._keys if selection.numbers(key) > self._elements]
        self._sizes = [math.prod(shape) for shape in self._shapes]
        self.size = sum(self._sizes) + len(self._searched) * len(EXTREMES)

    def payload(self, tensors: Tensors) -> jax.Array:
        """The first samples of each batch, and the extremes of larger ones, float32 [size]."""
        parts = [jnp.zeros([0], jnp.float32), *(self._samples(run, tensors) for run in self._runs(tensors))]
        for key in self._searched:
            if key in tensors:
                parts.append(extremes(operand(self._applied(key, tensors[key]))))
            else:
                parts.append(jnp.zeros([len(EXTREMES)], jnp.float32))
        return jnp.concatenate(parts)

    def searched_peaks(self, tensors: Tensors) -> jax.Array:
        """The largest output of each unit in the whole of larger batches, else 0, float32 [units]."""
        parts = []
        for key in self._with_units:
            shape = self._selection.shapes[key]
            if key in tensors and math.prod(shape) > ELEMENTS_EVERY_STEP:
                # A ReLU of the largest output is the largest output of the ReLU.
                parts.append(self._applied(key, unit_peaks(tensors[key])))
            else:
                parts.append(jnp.zeros(shape[-1:], jnp.float32))
        return jnp.concatenate(parts)

    def unpack(self, values: Floats, present: set[Key]) -> tuple[dict[int, Floats], dict[int, Floats]]:
        """The samples and the extremes by row, of the batches that are present, from `payload`."""
        index = self._selection.index
        samples, table = np.split(values, [sum(self._sizes)])
        parts = np.split(samples, np.cumsum(self._sizes)[:-1]) if self._sizes else []
        by_key = {
            key: part.reshape(shape) for key, part, shape in zip(self._keys, parts, self._shapes, strict=True)
        }
        rows = dict(zip(self._searched, table.reshape(-1, len(EXTREMES)), strict=True))
        return (
            {index[key]: values for key, values in by_key.items() if key in present},
            {index[key]: row for key, row in rows.items() if key in present},
        )

    def _runs(self, tensors: Tensors) -> list[list[Key]]:
        """The batches in their order; neighbours that the same operations measure are together."""
        runs: list[list[Key]] = []
        shared: Any = None
        for key in self._keys:
            kind = self._shared(key, tensors)
            if not runs or kind != shared or kind is None:
                runs.append([])
            runs[-1].append(key)
            shared = kind
        return runs

    def _shared(self, key: Key, tensors: Tensors) -> Any:
        if key not in tensors or jnp.iscomplexobj(tensors[key]):
            return None
        return tensors[key].dtype, self._function(key)

    def _samples(self, run: Sequence[Key], tensors: Tensors) -> jax.Array:
        """The first samples of some batches, float32 [elements]; zeros of an absent one."""
        if run[0] not in tensors:
            return jnp.zeros([self._sizes[self._keys.index(run[0])]], jnp.float32)
        if len(run) == 1:
            return first_samples(operand(self._applied(run[0], tensors[run[0]])), self._elements).reshape(-1)
        parts = [first_samples(tensors[key], self._elements).reshape(-1) for key in run]
        return operand(self._applied(run[0], joined(parts)))

    def _function(self, key: Key) -> Function | None:
        return self._selection.functions.get(key[1]) if key[0] == "activation" else None

    def _applied(self, key: Key, values: jax.Array) -> jax.Array:
        """Values after the function that follows a layer."""
        function = self._function(key)
        return values if function is None else function(values)
