"""The targets of a compiled loss, and what is asked of them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal, get_args

Counted = Literal["classes", "distribution", "binary"]
Closed = Literal["squares", "log_squares", "poisson"]
Searched = Literal["absolute", "percentage", "huber", "log_cosh"]

Form = Counted | Closed | Searched
"""How a loss depends on its targets: ``classes`` are numbers, a ``distribution`` has a share for each."""

Reduction = Literal["mean", "sum", "weighted_mean"]

COUNTED: Final = get_args(Counted)


@dataclass(frozen=True)
class Term:
    """One output's loss, as far as its best constant depends on it.

    Attributes:
        form: see `Form`.
        outputs: classes, or numbers in a target's last axis.
        positions: places in a target that have constants of their own; 1 where all share one.
        reduction: how the losses of a batch become one.
        share: what the term is multiplied by in the total.
        smoothing: of labels.
        delta: where a Huber loss becomes linear.
        ignored: the class that does not count, None for none.
    """

    form: Form
    outputs: int
    positions: int = 1
    reduction: Reduction = "mean"
    share: float = 1.0
    smoothing: float = 0.0
    delta: float = 1.0
    ignored: int | None = None


@dataclass(frozen=True)
class Targets:
    """A term and this step's tensors.

    Attributes:
        term: what they are for.
        values: numbers, samples first.
        shape: of the losses before they are reduced, int32 [rank].
        weights: of samples or of losses, numbers, or None.
        mask: which losses count, or None for all.
    """

    term: Term
    values: Any
    shape: Any
    weights: Any = None
    mask: Any = None

    @property
    def form(self) -> tuple[object, ...]:
        """What has to be the same in every step."""
        ranks = [None if each is None else each.shape.rank for each in self._all]
        return self.term, *ranks

    @property
    def tensors(self) -> list[Any]:
        """The tensors there are."""
        return [each for each in self._all if each is not None]

    def of(self, tensors: Sequence[Any]) -> "Targets":
        """The same with other ``tensors``."""
        remaining = iter(tensors)
        return Targets(self.term, *(None if each is None else next(remaining) for each in self._all))

    @property
    def _all(self) -> list[Any]:
        return [self.values, self.shape, self.weights, self.mask]


def has_accuracy(terms: Sequence[Term]) -> bool:
    """Whether there is one output with classes, so that it is clear what an accuracy is of."""
    return sum(term.form in COUNTED for term in terms) == 1
