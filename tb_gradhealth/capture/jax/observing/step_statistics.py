"""Step statistics: one number for each watched tensor, in every watched step.

Small tensors of one size, and the first samples of outputs of one shape, are joined and reduced by one
operation. Large tensors are read where they are.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final

import jax
import jax.numpy as jnp
import numpy as np

from tb_gradhealth.capture.jax.measuring.operands import joined, operand, packed
from tb_gradhealth.capture.jax.measuring.samples import first_samples, sample_shape
from tb_gradhealth.capture.jax.selecting.selection import Key, Selection
from tb_gradhealth.capture.statistics.batch_sizes import ELEMENTS_EVERY_STEP
from tb_gradhealth.capture.statistics.matrix import SMALL
from tb_gradhealth.capture.statistics.since_record import BY_PEAK
from tb_gradhealth.record.activation_functions import RELU_LIKE, unit_count

ABSENT: Final = 0.0
"""The statistic of a tensor that is absent in a step, such as a gradient that is None."""

Tensors = Mapping[Key, jax.Array]


class StepStatistics:
    """Computes the step statistics of a selection, and the largest output of each ReLU-like unit.

    Attributes:
        order: keys of the watched tensors, in the order of the statistics.
        with_units: keys of the activations with ReLU-like units, in the order of their units.
        unit_sizes: the number of units of each.
    """

    def __init__(self, selection: Selection) -> None:
        """Group the tensors of a selection."""
        self._selection = selection
        by_rms = [key for key in selection.watched if key[0] not in BY_PEAK]
        self._large = [key for key in by_rms if selection.numbers(key) > SMALL]
        self._small = _grouped({key: selection.numbers(key) for key in by_rms if key not in self._large})
        self._losses = [key for key in selection.watched if key[0] == "loss"]
        activations = [key for key in selection.watched if key[0] == "activation"]
        self._outputs = _grouped({key: self._layout(key) for key in activations})
        self.with_units = [key for group in self._outputs if self._has_units(group) for key in group]
        self.unit_sizes = [selection.shapes[key][-1] for key in self.with_units]
        groups = [self._large, *self._small, self._losses, *self._outputs]
        self.order: Final = tuple(key for group in groups for key in group)

    def __call__(self, tensors: Tensors) -> tuple[jax.Array, jax.Array]:
        """The statistics of a step: the RMS of gradients and weights, the largest |x| of the others.

        It is not finite if an element is not, or if the square of one overflows.

        Args:
            tensors: of the step; absent ones have the statistic `ABSENT`.

        Returns:
            The statistics, float32 [watched rows], and the largest output of each unit, float32 [units].
        """
        values = [jnp.zeros([0], jnp.float32)]
        units = [jnp.zeros([0], jnp.float32)]
        large = [self._large_rms(key, tensors) for key in self._large]
        values += [jnp.stack(large)] if large else []
        values += [self._small_rms(group, tensors) for group in self._small]
        if self._losses:
            losses = [
                operand(tensors[key]) if key in tensors else jnp.float32(ABSENT) for key in self._losses
            ]
            values.append(jnp.abs(jnp.stack(losses)))
        for group in self._outputs:
            statistics, peaks = self._of_outputs(group, tensors)
            values.append(statistics)
            units.append(peaks)
        return jnp.concatenate(values), jnp.concatenate(units)

    def _large_rms(self, key: Key, tensors: Tensors) -> jax.Array:
        if key not in tensors:
            return jnp.zeros([], jnp.float32)
        values = operand(tensors[key])
        root: jax.Array = jnp.sqrt(jnp.sum(jnp.square(values)) / values.size)
        return root

    def _small_rms(self, group: Sequence[Key], tensors: Tensors) -> jax.Array:
        present = [key for key in group if key in tensors]
        if not present:
            return jnp.full([len(group)], ABSENT, jnp.float32)
        rows = packed([(tensors[key],) for key in present]).reshape(len(present), -1)
        return _placed(jnp.sqrt(jnp.mean(jnp.square(rows), axis=1)), present, group)

    def _of_outputs(self, group: Sequence[Key], tensors: Tensors) -> tuple[jax.Array, jax.Array]:
        """The statistics of outputs of one shape, float32 [outputs], and their units' peaks, float32 [units].

        They are those of the first samples, after the function that follows the layers.
        """
        with_units = self._has_units(group)
        units = len(group) * self._selection.shapes[group[0]][-1] if with_units else 0
        present = [key for key in group if key in tensors]
        if not present:
            return jnp.full([len(group)], ABSENT, jnp.float32), jnp.zeros([units], jnp.float32)
        together = joined([first_samples(tensors[key], ELEMENTS_EVERY_STEP)[None] for key in present])
        function = self._selection.functions.get(group[0][1])
        sizes = jnp.abs(operand(together if function is None else function(together)))
        peaks = jnp.zeros([len(group), 0], jnp.float32)
        if with_units:
            sizes = jnp.max(sizes, axis=tuple(range(1, sizes.ndim - 1)))
            peaks = _placed(sizes, present, group)
        statistics = jnp.max(sizes, axis=tuple(range(1, sizes.ndim)))
        return _placed(statistics, present, group), peaks.reshape(-1)

    def _layout(self, key: Key) -> Any:
        row = self._selection.row(key)
        shape = sample_shape(self._selection.shapes[key], ELEMENTS_EVERY_STEP)
        function = self._selection.functions.get(key[1])
        return shape, row.dtype, function, bool(unit_count(row, RELU_LIKE))

    def _has_units(self, group: Sequence[Key]) -> bool:
        return bool(unit_count(self._selection.row(group[0]), RELU_LIKE))


def _placed(rows: jax.Array, present: Sequence[Key], group: Sequence[Key]) -> jax.Array:
    """The rows of the tensors that are present, among those of their whole group."""
    if len(present) == len(group):
        return rows
    places = np.array([group.index(key) for key in present])
    return jnp.full([len(group), *rows.shape[1:]], ABSENT, rows.dtype).at[places].set(rows)


def _grouped(shared: Mapping[Key, Any]) -> list[list[Key]]:
    """Keys that share something, together."""
    groups: dict[Any, list[Key]] = {}
    for key, value in shared.items():
        groups.setdefault(value, []).append(key)
    return list(groups.values())
