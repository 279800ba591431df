"""The origin of a tensor: the measured tensors that it was computed from.

While a function is traced, TensorFlow's graph contains the inputs of every operation, so the graph is walked
back to the nearest measured tensors. In eager mode only the tensors themselves are known: a tensor that is no
output of a layer has an unknown origin.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

import tensorflow as tf

NO_LAYER: Final = "operations that are no layer"
INSIDE: Final = "a loop, condition or function"

REARRANGING: Final = frozenset(
    [
        *("Identity", "IdentityN", "StopGradient", "PreventGradient", "Snapshot", "CheckNumerics"),
        *("Cast", "Reshape", "Squeeze", "ExpandDims", "Transpose", "ConjugateTranspose"),
        *("StridedSlice", "Slice", "Split", "SplitV", "Unpack", "Pack", "ConcatV2"),
        *("Reverse", "ReverseV2", "Tile", "BroadcastTo", "Pad", "PadV2", "MirrorPad"),
    ]
)
"""Operations that compute nothing: their outputs contain values of their inputs."""

OF_SHAPE: Final = frozenset({"Shape", "ShapeN", "Size", "Rank", "ZerosLike", "OnesLike"})
"""Operations that depend on a tensor's shape only, not on its values."""

CALLING: Final = frozenset(
    [
        *("PartitionedCall", "StatefulPartitionedCall"),
        *("If", "StatelessIf", "Case", "StatelessCase", "While", "StatelessWhile"),
    ]
)
"""Operations that run a graph."""


@dataclass(frozen=True)
class Origin:
    """The origin of a tensor's values.

    Attributes:
        names: the rows that it was computed from, in the order of `Flow.set_origin`.
        between: descriptions of unmeasured operations in between.
    """

    names: tuple[str, ...] = ()
    between: tuple[str, ...] = ()


UNKNOWN: Final = Origin()
"""The origin of a tensor that comes from no known row."""


class Flow:
    """The origins of one step's tensors."""

    def __init__(self) -> None:
        self._origins: dict[object, Origin] = {}
        self._computed: dict[object, Origin] = {}
        self._order: dict[str, int] = {}
        # An `id` is unique only as long as its tensor exists.
        self._references: list[Any] = []

    def set_origin(self, tensor: Any, origin: Origin) -> None:
        """Set the origin of a tensor; of a row's own tensor, ``Origin((name,))``."""
        for name in origin.names:
            self._order.setdefault(name, len(self._order))
        self._origins[_key(tensor)] = origin
        self._references.append(tensor)

    def remove(self, tensor: Any) -> None:
        """Remove the origin of a tensor."""
        self._origins.pop(_key(tensor), None)
        self._computed.clear()

    def has_origin(self, tensor: Any) -> bool:
        """Whether the origin of a tensor was set."""
        return _key(tensor) in self._origins

    def origin(self, tensors: Iterable[Any]) -> Origin:
        """The common origin of some tensors."""
        return self._merge([self._origin_of(tensor) for tensor in tensors])

    def _origin_of(self, tensor: Any) -> Origin:
        if (origin := self._origins.get(_key(tensor))) is not None:
            return origin
        if isinstance(tensor, tf.__internal__.EagerTensor):
            # In a graph an eager tensor is a constant.
            return Origin(between=(NO_LAYER,)) if tf.executing_eagerly() else UNKNOWN
        if not isinstance(tensor, tf.Tensor):
            return UNKNOWN
        return self._walk(tensor)

    def _walk(self, tensor: Any) -> Origin:
        """The origin by the operations of the graph. Iterative, since a graph may be deep."""
        pending, visited = [tensor], set()
        while pending:
            newest = pending[-1]
            key = _key(newest)
            parts = _operands(newest)
            missing = [part for part in parts if self._lookup(part) is None]
            if self._lookup(newest) is None and missing and key not in visited:
                visited.add(key)
                pending += missing
                continue
            if self._lookup(newest) is None:
                self._computed[key] = self._origin_after(newest, parts)
            pending.pop()
        return self._lookup(tensor) or UNKNOWN

    def _lookup(self, tensor: Any) -> Origin | None:
        key = _key(tensor)
        return self._origins.get(key) or self._computed.get(key)

    def _origin_after(self, tensor: Any, parts: list[Any]) -> Origin:
        """The origin of an operation's output, by its operands ``parts``."""
        origin = self._merge([self._lookup(part) or UNKNOWN for part in parts])
        kind = tensor.op.type
        if not origin.names or kind in REARRANGING:
            return origin
        return self._merge([origin, Origin(between=(INSIDE if kind in CALLING else NO_LAYER,))])

    def _merge(self, origins: list[Origin]) -> Origin:
        names = {name for origin in origins for name in origin.names}
        between = dict.fromkeys(part for origin in origins for part in origin.between)
        return Origin(tuple(sorted(names, key=self._order.__getitem__)), tuple(between))


def tensors_in(values: Any) -> Iterator[Any]:
    """The tensors in any nesting of sequences and mappings."""
    # Not `nest.flatten`, which requires that a mapping's keys can be sorted.
    if isinstance(values, Mapping):
        values = list(values.values())
    if isinstance(values, (list, tuple)):
        for value in values:
            yield from tensors_in(value)
    elif tf.is_tensor(values):
        yield values


def _key(tensor: Any) -> object:
    if isinstance(tensor, tf.Tensor) and not isinstance(tensor, tf.__internal__.EagerTensor):
        return id(tensor.graph), tensor.op.name, tensor.value_index
    return id(tensor)


def _operands(tensor: Any) -> list[Any]:
    """The tensors that an operation computes a tensor's values from, without weights."""
    operation = tensor.op
    if operation.type in OF_SHAPE:
        return []
    if operation.type == "IdentityN":
        return [operation.inputs[tensor.value_index]]
    return [part for part in operation.inputs if part.dtype not in (tf.resource, tf.variant)]
