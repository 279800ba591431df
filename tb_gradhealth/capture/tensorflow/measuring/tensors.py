"""The tensors of a step as the observer measures them: the small ones in one pack, the others one by one."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import tensorflow as tf

from tb_gradhealth.capture.tensorflow.measuring.magnitudes import sampled
from tb_gradhealth.capture.tensorflow.measuring.operands import Operand, operand
from tb_gradhealth.capture.tensorflow.measuring.packs import Packing, packed
from tb_gradhealth.capture.tensorflow.measuring.statistics import measure
from tb_gradhealth.record import Row


class Split:
    """Which tensors are packed, decided once for a set of rows.

    Attributes:
        single: the rows measured one by one.
        packed: the rows that lie in the pack.
        packing: how they lie in it, None where none do.
    """

    def __init__(self, rows: Sequence[Row], values: Sequence[Any], indices: Sequence[int]) -> None:
        self.packed = _packed(rows, values, indices)
        small = set(self.packed)
        self.single = [index for index in indices if index not in small]
        sizes = [int(values[index].shape.num_elements()) for index in self.packed]
        self.packing = Packing(sizes) if sizes else None

    @property
    def order(self) -> list[int]:
        """The rows in the order in which `Tensors` gives their numbers."""
        return [*self.single, *self.packed]

    def pack(self, values: Mapping[int, Any]) -> Any:
        """The packed tensors as one float32 vector, None where none are packed."""
        return self.packing.pack([values[index] for index in self.packed]) if self.packing else None

    def tensors(self, values: Mapping[int, Any]) -> "Tensors":
        """One step's tensors, by row, ready to be measured."""
        return Tensors([operand(values[index]) for index in self.single], self.packing, self.pack(values))


@dataclass(frozen=True)
class Tensors:
    """A step's tensors; what is measured of them comes in the order of `Split.order`."""

    operands: Sequence[Operand]
    packing: Packing | None
    values: Any

    def measure(self) -> tuple[Any, Any]:
        """The columns `statistics.MEASURED`, float32 [n, 7], and packed magnitudes, float32 [n, 10]."""
        moments, magnitudes = [], []
        if self.operands:
            zeros, shares = sampled(self.operands)
            moments.append(measure(self.operands, zeros))
            magnitudes.append(shares)
        if self.packing:
            of_pack, shares = self.packing.measure(self.values)
            moments.append(of_pack)
            magnitudes.append(shares)
        return tf.concat(moments, 0), tf.concat(magnitudes, 0)


def _packed(rows: Sequence[Row], values: Sequence[Any], indices: Sequence[int]) -> list[int]:
    def size(index: int) -> int | None:
        value = values[index]
        if isinstance(value, tf.IndexedSlices) or rows[index].kind == "loss" or value.dtype == tf.float64:
            return None  # that of the first two may vary with the batch
        return value.shape.num_elements()  # type: ignore[no-any-return]

    return [indices[place] for place in packed([size(index) for index in indices])]
