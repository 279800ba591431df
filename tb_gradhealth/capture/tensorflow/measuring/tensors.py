"""The tensors of a step as the observer measures them: the small ones in one pack, the others one by one."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import tensorflow as tf

from tb_gradhealth.capture.tensorflow.measuring.magnitudes import packed_magnitudes
from tb_gradhealth.capture.tensorflow.measuring.operands import Operand, operand
from tb_gradhealth.capture.tensorflow.measuring.packs import Packing
from tb_gradhealth.capture.tensorflow.measuring.statistics import measure
from tb_gradhealth.record import Row

SMALL: Final = 4096
"""Elements up to which a tensor is packed: beyond, the copy costs more than the operations it saves."""

LARGEST: Final = 1 << 20
"""Elements in a pack; which tensor each belongs to is a constant of the graph."""


class Split:
    """Which tensors are packed, decided once for a set of rows.

    Attributes:
        single: the rows measured one by one.
        packed: the rows that lie in the pack.
        packing: how they lie in it, None where none do.
    """

    def __init__(self, rows: Sequence[Row], values: Sequence[Any], indices: Sequence[int]) -> None:
        self.packed = _small(rows, values, indices)
        self.single = [index for index in indices if index not in self.packed]
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

    def measure(self) -> Any:
        """The columns `statistics.MEASURED`, float32 [n, 7]."""
        parts = [measure(self.operands)] if self.operands else []
        if self.packing:
            parts.append(self.packing.measure(self.values))
        return tf.concat(parts, 0)

    def packed_magnitudes(self) -> Any:
        """The packed magnitude histograms, float32 [n, 10]."""
        parts = [packed_magnitudes(self.operands)] if self.operands else []
        if self.packing:
            parts.append(self.packing.packed_magnitudes(self.values))
        return tf.concat(parts, 0)


def _small(rows: Sequence[Row], values: Sequence[Any], indices: Sequence[int]) -> list[int]:
    chosen: list[int] = []
    total = 0
    for index in indices:
        value = values[index]
        if isinstance(value, tf.IndexedSlices) or rows[index].kind == "loss":
            continue  # their sizes may vary with the batch
        size = value.shape.num_elements()
        if size is None or value.dtype == tf.float64 or size > SMALL or total + size > LARGEST:
            continue
        chosen.append(index)
        total += size
    return chosen
