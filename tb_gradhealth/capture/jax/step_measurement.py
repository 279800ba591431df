"""Measures a step with a record: a vector of floats on the device, and what the host makes of it.

Small tensors are copied, large ones are reduced to their moments and a sample, and the first samples of
batches are copied. All sizes are known before the first step, so the vector always has the same layout.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import jax
import jax.numpy as jnp
import numpy as np

from tb_gradhealth.capture.jax.measuring.batches import Batches
from tb_gradhealth.capture.jax.measuring.tensor_group import Operands, TensorGroup
from tb_gradhealth.capture.jax.measuring.units import unit_columns
from tb_gradhealth.capture.jax.selecting.selection import Key, Selection
from tb_gradhealth.capture.statistics.arrays import Floats
from tb_gradhealth.capture.statistics.step_values import Reduced, StepValues

Tensors = Mapping[Key, jax.Array]
"""The tensors of a step."""


@dataclass(frozen=True)
class Window:
    """The units at a record.

    Attributes:
        peaks: the largest output of each ReLU-like unit in the window, float32 [units].
        batches: number of batches in the window, 0 if it does not end with the record, int32 scalar.
    """

    peaks: jax.Array
    batches: jax.Array


class StepMeasurement:
    """Measures the tensors of one selection.

    Attributes:
        size: number of floats of a payload.
        updates: measures the updates of accumulated gradients, apart from the other tensors.
    """

    def __init__(self, selection: Selection, accumulates: bool, with_units: Sequence[Key]) -> None:
        """Prepare for a selection.

        Args:
            selection: the rows.
            accumulates: whether updates are measured in other steps than records are made.
            with_units: keys of the activations with ReLU-like units, in the order of the units.
        """
        self._selection = selection
        self._keys = list(selection.index)
        updates = selection.of_kinds("update")
        together = selection.of_kinds("gradient", "weight", "loss", "clipped")
        self._tensors = TensorGroup(selection, together + ([] if accumulates else updates))
        self.updates = TensorGroup(selection, updates if accumulates else [])
        self._batches = Batches(selection, with_units)
        self._training = selection.of_kinds("training")
        self._with_units = [selection.index[key] for key in with_units]
        self._unit_sizes = [selection.shapes[key][-1] for key in with_units]
        self._sizes: Final = [
            len(self._keys),
            self._tensors.size,
            self.updates.size,
            1,
            self._batches.size,
            len(self._training),
            sum(self._unit_sizes),
            1,
        ]
        self.size = sum(self._sizes)

    def payload(
        self,
        tensors: Tensors,
        operands: Operands,
        present: Collection[Key],
        update: jax.Array,
        updates_known: jax.Array,
        window: Window,
        always: jax.Array,
    ) -> jax.Array:
        """The values of a step, float32 [size].

        Args:
            tensors: of the step.
            operands: what of them is reduced, and the updates, unless they are measured apart.
            present: keys of all tensors of the step, also of updates.
            update: the result of ``updates.payload`` if they are measured apart, else without elements.
            updates_known: whether the updates are those of the step, bool scalar.
            window: the units.
            always: true, see `in_turn`.
        """
        peaks = window.peaks
        if self._with_units:
            peaks = jnp.maximum(peaks, self._batches.searched_peaks(tensors))
        parts = [
            jnp.asarray(np.array([key in present for key in self._keys], np.float32)),
            self._tensors.payload(operands, always),
            update,
            jnp.asarray(updates_known, jnp.float32).reshape(1),
            self._batches.payload(tensors),
            *(jnp.asarray(tensors.get(key, 0), jnp.float32).reshape(1) for key in self._training),
            peaks,
            window.batches.astype(jnp.float32).reshape(1),
        ]
        return jnp.concatenate(parts)

    def unpack(self, payload: Floats) -> StepValues:
        """The values of a step on the host."""
        parts = np.split(payload, np.cumsum(self._sizes)[:-1])
        flags, tensors, updates, updates_known, batches, training, peaks, window = parts
        present = {key for key, flag in zip(self._keys, flags, strict=True) if flag}
        index = self._selection.index
        found = [self._tensors.unpack(tensors, present), self.updates.unpack(updates, present)]
        samples, extremes = self._batches.unpack(batches, present)
        columns = {}
        if self._with_units:
            by_name = unit_columns(peaks, float(window[0]), self._unit_sizes)
            columns = {name: (self._with_units, values) for name, values in by_name.items()}
        return StepValues(
            packs=[pack for pack, _ in found if pack is not None],
            reduced=_joined([reduced for _, reduced in found]),
            batches=samples,
            batch_extremes=extremes,
            features=self._selection.features,
            training={
                index[key]: float(value)
                for key, value in zip(self._training, training, strict=True)
                if key in present
            },
            columns=columns,
            updates_known=bool(updates_known[0]),
        )


def _joined(parts: Sequence[Reduced]) -> Reduced:
    return Reduced(
        [row for part in parts for row in part.rows],
        np.concatenate([part.moments for part in parts]),
        [sample for part in parts for sample in part.samples],
        {},
    )
