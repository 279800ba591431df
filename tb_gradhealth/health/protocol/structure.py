"""The network's rows as masks and index arrays, by which rules select."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import prod
from typing import Any, Final, get_args

import numpy as np

from tb_gradhealth.health.arrays import Floats, Ints, Mask
from tb_gradhealth.record import Kind, Role, Row
from tb_gradhealth.record.activation_functions import RELU_LIKE, SATURATING

SMALLEST_JUDGED: Final = 16
"""Elements below which a tensor is too small to be judged by its statistics."""

TINY: Final = f"it has fewer than {SMALLEST_JUDGED} elements"

NO_GRADIENT: Final = "gradient is None"
"""`Row.not_measured` of a gradient row where the framework returned None."""

_KINDS: Final[tuple[Kind, ...]] = get_args(Kind)
_ROLES: Final[tuple[Role, ...]] = get_args(Role)


@dataclass(frozen=True)
class Scope:
    """The rows a symptom judges, and those of the same kind it leaves out; masks of shape [rows].

    Attributes:
        judged: the rows that it judges.
        excluded: for each reason, shown to the user, the rows left out for it.
    """

    judged: Mask
    excluded: Mapping[str, Mask]

    def without(self, rows: Mask, reason: str) -> "Scope":
        """The scope with some of its rows left out."""
        excluded = {**self.excluded, reason: self.judged & rows}
        return Scope(self.judged & ~rows, excluded)


@dataclass(frozen=True)
class Structure:
    """The rows of one history, with their properties; arrays of shape [rows].

    Attributes:
        rows: their descriptions.
        depth: the layer's index in forward order.
        size: number of elements, counting 1 for a batch axis.
        rank: number of axes.
        output: whether the layer produces the model's output.
        kinds: per kind the rows that hold numbers.
        roles: per role the rows that have it.
        relu_like: rows whose layer's activation function gives exact zeros.
        saturating: rows whose layer's activation function is flat at both ends.
        no_gradient: gradient rows whose gradient is None.
        counterparts: per kind, for every row, the index of the same tensor's row of that kind; -1 without
            one.
        settings: the recorder's settings of the training.
    """

    rows: tuple[Row, ...]
    depth: Ints
    size: Floats
    rank: Ints
    output: Mask
    kinds: Mapping[Kind, Mask]
    roles: Mapping[Role, Mask]
    relu_like: Mask
    saturating: Mask
    no_gradient: Mask
    counterparts: Mapping[Kind, Ints]
    settings: Mapping[str, Any]

    @classmethod
    def of(cls, rows: Sequence[Row], settings: Mapping[str, Any]) -> "Structure":
        """Index the rows of one history."""
        measured = np.array([not row.not_measured for row in rows], bool)
        kinds = np.array([_KINDS.index(row.kind) for row in rows], np.int64)
        roles = np.array([_ROLES.index(row.role) for row in rows], np.int64)
        numbers: dict[str, int] = {}
        tensors = np.array([numbers.setdefault(row.tensor, len(numbers)) for row in rows], np.int64)
        indices = np.full((len(_KINDS), len(numbers)), -1)
        indices[kinds, tensors] = np.arange(len(rows))
        return cls(
            rows=tuple(rows),
            depth=np.array([row.depth for row in rows], np.int64),
            size=np.array([prod(map(abs, row.shape), start=1.0) for row in rows]),
            rank=np.array([len(row.shape) for row in rows], np.int64),
            output=np.array([row.output for row in rows], bool),
            kinds={kind: (kinds == number) & measured for number, kind in enumerate(_KINDS)},
            roles={role: roles == number for number, role in enumerate(_ROLES)},
            relu_like=np.array([row.activation in RELU_LIKE for row in rows], bool),
            saturating=np.array([row.activation in SATURATING for row in rows], bool),
            no_gradient=np.array([row.not_measured == NO_GRADIENT for row in rows], bool),
            counterparts={kind: indices[number, tensors] for number, kind in enumerate(_KINDS)},
            settings=settings,
        )

    @property
    def watched_every(self) -> int:
        """See `watched_every`."""
        return watched_every(self.settings)

    def all_of(self, *kinds: Kind) -> Scope:
        """Every row of these kinds."""
        return Scope(np.logical_or.reduce([self.kinds[kind] for kind in kinds]), {})

    def matrices(self, kind: Kind) -> Scope:
        """Weight matrices: kernels and recurrent kernels of rank 2 and more that are not tiny.

        In a network that has only tiny matrices, such as a linear regression, these are judged.
        """
        kernels = self.roles["kernel"] | self.roles["recurrent"]
        scope = self.all_of(kind)
        scope = scope.without(self.roles["bias"], "a bias")
        scope = scope.without(self.roles["norm"], "a normalization's scale or offset")
        scope = scope.without(
            self.roles["embedding"], "an embedding: only the rows of a batch get a gradient"
        )
        scope = scope.without(~kernels | (self.rank < 2), "no weight matrix")
        large = self.size >= SMALLEST_JUDGED
        return scope if not (scope.judged & large).any() else scope.without(~large, TINY)

    def main_loss(self) -> Scope:
        """The loss that the training as a whole minimizes; none where several named losses are recorded."""
        main = np.array([row.tensor == "loss" for row in self.rows], bool)
        return self.all_of("loss").without(~main, "one of several losses: what it does alone is no success")

    def tensors(self, kind: Kind) -> Scope:
        """Tensors of any role that are not tiny."""
        return self.all_of(kind).without(self.size < SMALLEST_JUDGED, TINY)


def watched_every(settings: Mapping[str, Any]) -> int:
    """The recorder watches every n-th step: n, 1 where its settings do not hold it."""
    every = settings.get("watched_every")
    if isinstance(every, int) and not isinstance(every, bool) and 1 < every < 1 << 31:
        return every
    return 1
