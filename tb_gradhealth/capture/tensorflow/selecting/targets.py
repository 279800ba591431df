"""The targets of a compiled loss, and the properties of the loss that its best constant depends on."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal, get_args

Counted = Literal["classes", "distribution", "binary"]
Closed = Literal["squares", "log_squares", "poisson"]
Searched = Literal["absolute", "percentage", "huber", "log_cosh"]

LossType = Counted | Closed | Searched
"""How a loss uses its targets: ``classes`` are class numbers, a ``distribution`` has a share of each."""

Reduction = Literal["mean", "sum", "weighted_mean"]

COUNTED: Final = get_args(Counted)


@dataclass(frozen=True)
class Term:
    """One output's term of the loss: the properties that its best constant depends on.

    Attributes:
        loss_type: see `LossType`.
        outputs: number of classes, or size of a target's last axis.
        positions: positions of a target with their own constants; 1 if all share one.
        reduction: how the losses of a batch are reduced to one.
        loss_weight: factor of the term in the total loss.
        smoothing: label smoothing.
        delta: error from which a Huber loss is linear.
        ignored: the class that does not count, None for none.
    """

    loss_type: LossType
    outputs: int
    positions: int = 1
    reduction: Reduction = "mean"
    loss_weight: float = 1.0
    smoothing: float = 0.0
    delta: float = 1.0
    ignored: int | None = None


@dataclass(frozen=True)
class Targets:
    """A term of the loss with this step's tensors.

    Attributes:
        term: the term.
        values: the targets, with the samples along the first axis.
        shape: shape of the losses before they are reduced, int32 [rank].
        weights: weights of samples or of losses, or None.
        mask: which losses count, or None for all.
    """

    term: Term
    values: Any
    shape: Any
    weights: Any = None
    mask: Any = None

    @property
    def signature(self) -> tuple[object, ...]:
        """The properties that have to be the same in every step."""
        ranks = [None if each is None else each.shape.rank for each in self._all]
        return self.term, *ranks

    @property
    def tensors(self) -> list[Any]:
        """The tensors that are not None."""
        return [each for each in self._all if each is not None]

    def with_tensors(self, tensors: Sequence[Any]) -> "Targets":
        """The same term with other ``tensors``."""
        remaining = iter(tensors)
        return Targets(self.term, *(None if each is None else next(remaining) for each in self._all))

    @property
    def _all(self) -> list[Any]:
        return [self.values, self.shape, self.weights, self.mask]


def has_accuracy(terms: Sequence[Term]) -> bool:
    """Whether an accuracy is defined: exactly one output has classes."""
    return sum(term.loss_type in COUNTED for term in terms) == 1
