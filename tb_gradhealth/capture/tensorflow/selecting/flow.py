"""Which measured tensors a tensor was computed from: the graph of calls.

While a function is traced, TensorFlow's graph tells what every operation was given, so the way back to the
nearest measured tensors is walked through whatever operations lie between. Where operations run at once,
nothing but the tensors themselves is known: one that comes from no layer has an unknown past.
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
"""Operations that compute nothing: what comes out of them came in."""

OF_SHAPE: Final = frozenset({"Shape", "ShapeN", "Size", "Rank", "ZerosLike", "OnesLike"})
"""Operations that look at a tensor's shape only: its values end there."""

CALLING: Final = frozenset(
    [
        *("PartitionedCall", "StatefulPartitionedCall"),
        *("If", "StatelessIf", "Case", "StatelessCase", "While", "StatelessWhile"),
    ]
)
"""Operations that run a graph of their own."""


@dataclass(frozen=True)
class Origin:
    """Where a tensor's values come from.

    Attributes:
        names: the rows whose values feed it, in the order in which they were noted.
        between: what lies between and is not measured.
    """

    names: tuple[str, ...] = ()
    between: tuple[str, ...] = ()


UNKNOWN: Final = Origin()
"""From no row, as far as is known."""


class Flow:
    """Tensors of one step, and the rows they come from."""

    def __init__(self) -> None:
        self._noted: dict[object, Origin] = {}
        self._found: dict[object, Origin] = {}
        self._order: dict[str, int] = {}
        # By `id` a tensor can be told from others only as long as it lives.
        self._held: list[Any] = []

    def note(self, tensor: Any, origin: Origin) -> None:
        """Say where a tensor comes from; of a row's own tensor, ``Origin((name,))``."""
        for name in origin.names:
            self._order.setdefault(name, len(self._order))
        self._noted[_key(tensor)] = origin
        self._held.append(tensor)

    def forget(self, tensor: Any) -> None:
        """Take back what was noted."""
        self._noted.pop(_key(tensor), None)
        self._found.clear()

    def knows(self, tensor: Any) -> bool:
        """Whether it was noted."""
        return _key(tensor) in self._noted

    def origin(self, tensors: Iterable[Any]) -> Origin:
        """Where these tensors come from, together."""
        return self._merged([self._of(tensor) for tensor in tensors])

    def _of(self, tensor: Any) -> Origin:
        if (noted := self._noted.get(_key(tensor))) is not None:
            return noted
        if isinstance(tensor, tf.__internal__.EagerTensor):
            # In a graph it is a constant.
            return Origin(between=(NO_LAYER,)) if tf.executing_eagerly() else UNKNOWN
        if not isinstance(tensor, tf.Tensor):
            return UNKNOWN
        return self._walked(tensor)

    def _walked(self, tensor: Any) -> Origin:
        """By way of the operations that made it. Written without recursion: a graph may be deep."""
        pending, begun = [tensor], set()
        while pending:
            newest = pending[-1]
            key = _key(newest)
            parts = _made_of(newest)
            waiting = [part for part in parts if self._known(part) is None]
            if self._known(newest) is None and waiting and key not in begun:
                begun.add(key)
                pending += waiting
                continue
            if self._known(newest) is None:
                self._found[key] = self._through(newest, parts)
            pending.pop()
        return self._known(tensor) or UNKNOWN

    def _known(self, tensor: Any) -> Origin | None:
        key = _key(tensor)
        return self._noted.get(key) or self._found.get(key)

    def _through(self, tensor: Any, parts: list[Any]) -> Origin:
        """The origin of what an operation makes of its parts."""
        origin = self._merged([self._known(part) or UNKNOWN for part in parts])
        kind = tensor.op.type
        if not origin.names or kind in REARRANGING:
            return origin
        return self._merged([origin, Origin(between=(INSIDE if kind in CALLING else NO_LAYER,))])

    def _merged(self, origins: list[Origin]) -> Origin:
        names = {name for origin in origins for name in origin.names}
        between = dict.fromkeys(part for origin in origins for part in origin.between)
        return Origin(tuple(sorted(names, key=self._order.__getitem__)), tuple(between))


def tensors_in(values: Any) -> Iterator[Any]:
    """The tensors in any nesting of sequences and mappings."""
    # Flattened by TensorFlow or Keras a mapping's keys have to be such as can be sorted.
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


def _made_of(tensor: Any) -> list[Any]:
    """What an operation computes the values of a tensor from, weights apart."""
    operation = tensor.op
    if operation.type in OF_SHAPE:
        return []
    if operation.type == "IdentityN":
        return [operation.inputs[tensor.value_index]]
    return [part for part in operation.inputs if part.dtype not in (tf.resource, tf.variant)]
