"""A step's tensors as they are measured: the small ones laid end to end in a pack, the others one by one.

An operation costs some microseconds to start and some milliseconds to trace, whatever it works on, and
most tensors of a network are small: biases, norms, the kernels of narrow layers. Laid end to end, a hundred
of them are measured by as many operations as one. Copying them costs little; a large tensor is not copied.
"""

import copy
import itertools
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import tensorflow as tf

from tb_gradhealth.capture.tensorflow.measuring.operands import as_float32, count
from tb_gradhealth.capture.tensorflow.measuring.segments import owners, segment_sum
from tb_gradhealth.capture.tensorflow.selecting.selection import is_scalar_loss
from tb_gradhealth.record import Row

SMALL: Final = 4096
"""Elements up to which a tensor is packed: beyond, the copy costs more than the operations it saves."""

LARGEST: Final = 1 << 20
"""Elements in a pack; which tensor each belongs to is held in memory."""


def packed(shapes: Sequence[tuple[int, ...] | None]) -> list[int]:
    """Which of some tensors go into a pack, in its order: those of one shape lie side by side.

    Args:
        shapes: of the tensors; None for one that is not to be packed.
    """
    chosen: dict[tuple[int, ...], list[int]] = {}
    total = 0
    for index, shape in enumerate(shapes):
        size = 0 if shape is None else math.prod(shape)
        if shape is not None and 0 < size <= min(SMALL, LARGEST - total):
            chosen.setdefault(shape, []).append(index)
            total += size
    return [index for group in chosen.values() for index in group]


class Packing:
    """How n tensors of fixed shapes lie in one vector of m elements.

    Args:
        shapes: of each tensor, with at least one element; in the order of `packed`.
    """

    def __init__(self, shapes: Sequence[tuple[int, ...]]) -> None:
        self.shapes = tuple(shapes)
        self.sizes = tuple(math.prod(shape) for shape in shapes)
        self._owner = owners(self.sizes)

    def pack(self, tensors: Sequence[Any]) -> Any:
        """The tensors as one float32 [m]."""
        parts = []
        # Stacked, tensors of one shape cost an operation together instead of one each.
        for _, group in itertools.groupby(zip(self.shapes, tensors, strict=True), lambda pair: pair[0]):
            alike = [as_float32(tensor) for _, tensor in group]
            parts.append(tf.reshape(tf.stack(alike) if len(alike) > 1 else alike[0], [-1]))
        return tf.concat(parts, 0)

    def rms(self, values: Any) -> Any:
        """The RMS of every tensor in ``values`` [m], float32 [n]; not finite where an element is not."""
        squares = segment_sum(tf.square(values), self._owner, len(self.sizes))
        return tf.sqrt(squares / np.array(self.sizes, np.float32))


class Split:
    """Which tensors are packed, decided once for a set of rows.

    Attributes:
        single: the rows measured one by one.
        packed: the rows that lie in the pack.
        packing: how they lie in it, None where none do.
    """

    def __init__(self, rows: Sequence[Row], values: Sequence[Any], indices: Sequence[int]) -> None:
        shapes = [_fixed(rows[index], values[index]) for index in indices]
        small_tensors = packed(shapes)
        self.packed = [indices[index] for index in small_tensors]
        small = set(self.packed)
        self.single = [index for index in indices if index not in small]
        self.packing = Packing([shapes[index] or () for index in small_tensors]) if small_tensors else None

    @property
    def order(self) -> list[int]:
        """The rows in the order in which `Tensors` gives their numbers."""
        return [*self.single, *self.packed]

    def of_rows(self, rows: Mapping[int, int]) -> "Split":
        """The same of other rows, those that ``rows`` gives for these."""
        other = copy.copy(self)
        other.single = [rows[index] for index in self.single]
        other.packed = [rows[index] for index in self.packed]
        return other

    def tensors(self, values: Mapping[int, Any]) -> "Tensors":
        """One step's tensors, by row, ready to be measured."""
        pack = self.packing.pack([values[index] for index in self.packed]) if self.packing else None
        return Tensors([values[index] for index in self.single], self.packing, pack)


@dataclass(frozen=True)
class Tensors:
    """A step's tensors; what is measured of them comes in the order of `Split.order`.

    Attributes:
        single: those that are not packed.
        packing: how the others are packed, None for none.
        pack: they, float32 [m], or None.
    """

    single: Sequence[Any]
    packing: Packing | None
    pack: Any

    @property
    def any(self) -> bool:
        """Whether there are any."""
        return bool(self.single) or self.packing is not None

    def rms(self) -> Any:
        """The RMS of each, float32 [n], by one read; not finite where an element is not."""
        parts = []
        if self.single:
            # A sparse gradient's slices stand for the sums of those with one index: good enough for a look.
            values = [as_float32(x.values if isinstance(x, tf.IndexedSlices) else x) for x in self.single]
            squares = tf.stack([tf.nn.l2_loss(x) for x in values])
            parts.append(tf.sqrt(2 * squares / tf.maximum(tf.stack([count(x) for x in values]), 1)))
        if self.packing:
            parts.append(self.packing.rms(self.pack))
        return tf.concat(parts, 0)


def rms_of(tensors: Sequence[Any]) -> Any:
    """The RMS of each tensor or `tf.IndexedSlices`, float32 [n], in their order."""
    rows = [Row("", "gradient", "", "other", 0)] * len(tensors)
    split = Split(rows, tensors, range(len(tensors)))
    return tf.gather(split.tensors(dict(enumerate(tensors))).rms(), np.argsort(split.order))


def _fixed(row: Row, value: Any) -> tuple[int, ...] | None:
    """The shape of a tensor that may be packed; None for one whose shape may vary."""
    if isinstance(value, tf.IndexedSlices) or value.dtype == tf.float64:
        return None
    if row.kind == "loss" and not is_scalar_loss(row, value):
        return None
    return tuple(value.shape) if value.shape.is_fully_defined() else None
