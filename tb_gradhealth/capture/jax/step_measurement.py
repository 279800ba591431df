"""Measures a step with a record: a vector of floats on the device, and what the host makes of it.

Small tensors are copied, large ones are reduced to their moments and a sample, and the first samples of
batches are copied. All sizes are known before the first step, so the vector always has the same layout.
"""

import math
from collections.abc import Collection, Mapping, Sequence
from typing import Final

import jax
import jax.numpy as jnp
import numpy as np

from tb_gradhealth.capture.jax.measuring.moments import extremes, moments
from tb_gradhealth.capture.jax.measuring.operands import flat, operand
from tb_gradhealth.capture.jax.measuring.samples import first_samples, sample_shape, spread_sample
from tb_gradhealth.capture.jax.measuring.units import COLUMNS
from tb_gradhealth.capture.jax.selecting.selection import BATCHES, Key, Selection
from tb_gradhealth.capture.statistics.arrays import Floats
from tb_gradhealth.capture.statistics.batch_sizes import elements_of_batch
from tb_gradhealth.capture.statistics.magnitudes import SAMPLE
from tb_gradhealth.capture.statistics.matrix import SMALL
from tb_gradhealth.capture.statistics.moments import EXTREMES, MOMENTS
from tb_gradhealth.capture.statistics.step_values import Pack, Reduced, StepValues
from tb_gradhealth.record.activation_functions import RELU_LIKE, unit_count

Tensors = Mapping[Key, jax.Array]
"""The tensors of a step; those of an update have the elements that are measured."""


class Group:
    """Tensors that are measured in the same way: gradients, weights and losses, or updates."""

    def __init__(self, selection: Selection, keys: Sequence[Key]) -> None:
        sizes = {
            key: selection.rows[selection.index[key]].sampled or _numbers(selection, key) for key in keys
        }
        self._rows = selection.index
        self.small = [key for key in keys if sizes[key] <= SMALL]
        self.large = [key for key in keys if sizes[key] > SMALL]
        self._sizes = [sizes[key] for key in self.small]
        self.size = sum(self._sizes) + len(self.large) * (len(MOMENTS) + SAMPLE)

    def payload(self, tensors: Tensors) -> jax.Array:
        """The values of the tensors, float32 [size]; zeros of those that are absent."""
        parts = [
            flat(tensors[key]) if key in tensors else jnp.zeros([size], jnp.float32)
            for key, size in zip(self.small, self._sizes, strict=True)
        ]
        table = jnp.zeros([len(self.large), len(MOMENTS)], jnp.float32)
        known = [place for place, key in enumerate(self.large) if key in tensors]
        if known:
            table = table.at[np.array(known)].set(moments([tensors[self.large[place]] for place in known]))
        samples = [
            spread_sample(flat(tensors[key]), SAMPLE) if key in tensors else jnp.zeros([SAMPLE], jnp.float32)
            for key in self.large
        ]
        return jnp.concatenate([jnp.zeros([0], jnp.float32), *parts, table.reshape(-1), *samples])

    def unpack(self, values: Floats, present: set[Key]) -> tuple[Pack | None, Reduced]:
        """What the host needs of the result of `payload`, without the absent tensors."""
        ends = np.cumsum(self._sizes, dtype=np.int64)
        parts = dict(zip(self.small, np.split(values[: sum(self._sizes)], ends[:-1]), strict=False))
        kept = [key for key in self.small if key in present]
        pack = None
        if kept:
            pack = Pack(
                [self._rows[key] for key in kept],
                [parts[key].size for key in kept],
                np.concatenate([parts[key] for key in kept]),
            )
        count = len(self.large)
        table, samples = np.split(values[sum(self._sizes) :], [count * len(MOMENTS)])
        known = [place for place, key in enumerate(self.large) if key in present]
        return pack, Reduced(
            [self._rows[self.large[place]] for place in known],
            table.reshape(count, len(MOMENTS))[known],
            list(samples.reshape(count, SAMPLE)[known]),
            {},
        )


class StepMeasurement:
    """Measures the tensors of one selection.

    Attributes:
        size: number of floats of a payload.
        updates: measures the updates.
        with_units: keys of the activations with ReLU-like units.
    """

    def __init__(self, selection: Selection) -> None:
        self._selection = selection
        self._keys = list(selection.index)
        self._groups = [
            Group(selection, selection.of_kinds("gradient", "weight", "loss")),
            Group(selection, selection.of_kinds("clipped")),
        ]
        self.updates = Group(selection, selection.of_kinds("update"))
        self._batches = selection.of_kinds(*BATCHES)
        self._elements = elements_of_batch(len(self._batches))
        self._shapes = [sample_shape(_real_shape(selection, key), self._elements) for key in self._batches]
        self._training = selection.of_kinds("training")
        self.with_units = [
            key
            for key in selection.of_kinds("activation")
            if unit_count(selection.rows[selection.index[key]], RELU_LIKE)
        ]
        self._sizes: Final = [
            len(self._keys),
            *(group.size for group in self._groups),
            self.updates.size,
            1,
            *(math.prod(shape) for shape in self._shapes),
            len(self._batches) * len(EXTREMES),
            len(self._training),
            len(self.with_units) * len(COLUMNS),
        ]
        self.size = sum(self._sizes)

    def payload(
        self,
        tensors: Tensors,
        present: Collection[Key],
        update: jax.Array,
        updates_known: jax.Array,
        units: jax.Array,
    ) -> jax.Array:
        """The values of a step, float32 [size].

        Args:
            tensors: of the step; activations after the function that follows them.
            present: keys of all tensors of the step, also of updates.
            update: the concatenated result of ``updates.payload``.
            updates_known: whether it is that of the step, bool scalar.
            units: the columns of the units, float32 [layers, 2].
        """
        flags = np.array([key in present for key in self._keys], np.float32)
        parts = [jnp.asarray(flags)]
        parts += [group.payload(tensors) for group in self._groups]
        parts += [update, jnp.asarray(updates_known, jnp.float32).reshape(1)]
        searched = jnp.zeros([len(self._batches), len(EXTREMES)], jnp.float32)
        known = [place for place, key in enumerate(self._batches) if key in tensors]
        if known:
            found = extremes([tensors[self._batches[place]] for place in known])
            searched = searched.at[np.array(known)].set(found)
        for key, shape in zip(self._batches, self._shapes, strict=True):
            if key in tensors:
                parts.append(first_samples(operand(tensors[key]), self._elements).reshape(-1))
            else:
                parts.append(jnp.zeros([math.prod(shape)], jnp.float32))
        parts.append(searched.reshape(-1))
        parts += [
            jnp.asarray(tensors[key], jnp.float32).reshape(1)
            if key in tensors
            else jnp.zeros([1], jnp.float32)
            for key in self._training
        ]
        parts.append(units.reshape(-1))
        return jnp.concatenate(parts)

    def unpack(self, payload: Floats) -> StepValues:
        """The values of a step on the host."""
        parts = np.split(payload, np.cumsum(self._sizes)[:-1])
        present = {key for key, flag in zip(self._keys, parts.pop(0), strict=True) if flag}
        index = self._selection.index
        found = [group.unpack(parts.pop(0), present) for group in self._groups]
        found.append(self.updates.unpack(parts.pop(0), present))
        updates_known = bool(parts.pop(0)[0])
        samples = [parts.pop(0).reshape(shape) for shape in self._shapes]
        searched, training, units = parts
        by_batch = searched.reshape(-1, len(EXTREMES))
        columns = units.reshape(-1, len(COLUMNS))
        batches = {
            index[key]: values for key, values in zip(self._batches, samples, strict=True) if key in present
        }
        with_units = [index[key] for key in self.with_units]
        return StepValues(
            packs=[pack for pack, _ in found if pack is not None],
            reduced=_joined([reduced for _, reduced in found]),
            batches=batches,
            batch_extremes={
                index[key]: row for key, row in zip(self._batches, by_batch, strict=True) if key in present
            },
            features=self._selection.features,
            training={
                index[key]: float(value)
                for key, value in zip(self._training, training, strict=True)
                if key in present
            },
            columns={name: (with_units, columns[:, place]) for place, name in enumerate(COLUMNS)},
            updates_known=updates_known,
        )


def _numbers(selection: Selection, key: Key) -> int:
    """The numbers that are measured of a tensor; a complex one has two for each element."""
    return math.prod(_real_shape(selection, key))


def _real_shape(selection: Selection, key: Key) -> tuple[int, ...]:
    shape = selection.shapes[key]
    is_complex = selection.rows[selection.index[key]].dtype.startswith("complex")
    return (*shape, 2) if is_complex else shape


def _joined(parts: Sequence[Reduced]) -> Reduced:
    return Reduced(
        [row for part in parts for row in part.rows],
        np.concatenate([part.moments for part in parts]),
        [sample for part in parts for sample in part.samples],
        {},
    )
