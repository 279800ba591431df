"""Small tensors laid end to end and measured together.

An operation costs some microseconds to start and some milliseconds to trace, whatever it works on, and
most tensors of a network are small: biases, norms, the kernels of narrow layers. Laid end to end, a hundred
of them are measured by as many operations as one. Copying them costs little; a large tensor is not copied.
"""

import itertools
import math
from collections.abc import Sequence
from typing import Any, Final

import numpy as np
import tensorflow as tf

from tb_gradhealth.capture.tensorflow.measuring.operands import as_float32
from tb_gradhealth.capture.tensorflow.measuring.segments import owners, segment_sum

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
