"""Measures gradients, weights, losses and updates: small ones are copied, large ones reduced and sampled."""

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any, Final

import jax
import jax.numpy as jnp
import numpy as np

from tb_gradhealth.capture.jax.measuring.in_turn import in_turn
from tb_gradhealth.capture.jax.measuring.moments import in_chunks, moments
from tb_gradhealth.capture.jax.measuring.operands import Operand, absent, packed, stacked
from tb_gradhealth.capture.jax.measuring.samples import spread_sample
from tb_gradhealth.capture.jax.selecting.selection import Key, Selection
from tb_gradhealth.capture.statistics.arrays import Floats
from tb_gradhealth.capture.statistics.magnitudes import SAMPLE
from tb_gradhealth.capture.statistics.matrix import SMALL
from tb_gradhealth.capture.statistics.moments import MOMENTS
from tb_gradhealth.capture.statistics.step_values import Pack, Reduced
from tb_gradhealth.record import Kind

WIDTH: Final = len(MOMENTS) + SAMPLE
"""Floats of a large tensor: its moments and a sample."""

Operands = Mapping[Key, Operand]


class TensorGroup:
    """Tensors that are measured in the same step.

    Attributes:
        size: number of floats of a payload.
    """

    def __init__(self, selection: Selection, keys: Sequence[Key]) -> None:
        self._selection = selection
        self._small = sorted(
            (key for key in keys if selection.numbers(key) <= SMALL), key=lambda key: key[0] == "update"
        )
        large = [key for key in keys if selection.numbers(key) > SMALL]
        self._chunks = in_chunks([(key, self._layout(key), selection.numbers(key)) for key in large])
        self._large = [key for chunk in self._chunks for key in chunk]
        self._sizes = [selection.numbers(key) for key in self._small]
        self.size = sum(self._sizes) + len(self._large) * WIDTH

    def payload(self, operands: Operands, always: jax.Array) -> jax.Array:
        """The values of the tensors, float32 [size]; zeros of those that are absent.

        Args:
            operands: what is measured.
            always: true, see `in_turn`.
        """
        arity = {key[0]: len(parts) for key, parts in operands.items()}
        small = packed([self._operand(key, operands, arity) for key in self._small])
        if not self._large:
            return small
        table = jnp.zeros([len(self._large), WIDTH], jnp.float32)
        begin = 0
        for chunk in self._chunks:
            known = [operands[key] for key in chunk if key in operands]
            if known:
                places = np.array([begin + place for place, key in enumerate(chunk) if key in operands])
                table = in_turn(always, table, partial(_with_rows, operands=known, places=places))
            begin += len(chunk)
        return jnp.concatenate([small, table.reshape(-1)])

    def unpack(self, values: Floats, present: set[Key]) -> tuple[Pack | None, Reduced]:
        """What the host needs of the result of `payload`, without the absent tensors."""
        ends = np.cumsum(self._sizes, dtype=np.int64)
        parts = dict(zip(self._small, np.split(values[: sum(self._sizes)], ends[:-1]), strict=False))
        rows = self._selection.index
        kept = [key for key in self._small if key in present]
        pack = None
        if kept:
            pack = Pack(
                [rows[key] for key in kept],
                [parts[key].size for key in kept],
                np.concatenate([parts[key] for key in kept]),
            )
        known = [place for place, key in enumerate(self._large) if key in present]
        table = values[sum(self._sizes) :].reshape(-1, WIDTH)[known]
        large = [rows[self._large[place]] for place in known]
        return pack, Reduced(large, table[:, : len(MOMENTS)], list(table[:, len(MOMENTS) :]), {})

    def _operand(self, key: Key, operands: Operands, arity: Mapping[Kind, int]) -> Operand:
        if key in operands:
            return operands[key]
        shape, dtype, _ = self._layout(key)
        return (absent(shape, dtype),) * arity.get(key[0], 1)

    def _layout(self, key: Key) -> tuple[tuple[int, ...], str, bool]:
        """What tensors of a chunk share: shape and dtype, and whether they may be differences."""
        row = self._selection.row(key)
        shape = (row.sampled,) if row.sampled else self._selection.shapes[key]
        return shape, row.dtype, key[0] == "update"


def _with_rows(table: jax.Array, *, operands: Sequence[Operand], places: np.ndarray[Any, Any]) -> jax.Array:
    """A table, float32 [tensors, `WIDTH`], with the rows of some tensors of one shape."""
    stack = stacked(operands)
    samples = spread_sample(stack.reshape(stack.shape[0], -1), SAMPLE)
    rows = jnp.concatenate([moments(stack), samples], axis=1)
    if len(places) == places[-1] - places[0] + 1:
        changed: jax.Array = jax.lax.dynamic_update_slice(table, rows, (int(places[0]), 0))
        return changed
    return table.at[places].set(rows)
