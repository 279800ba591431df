"""A training of the zoo: its label, how to train it, and what it must reach to be healthy."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from tb_gradhealth.scoring import Case, Fault

Reached = dict[str, float]
"""The result of a training: ``loss``, and ``accuracy`` where there are classes."""


@dataclass(frozen=True)
class Goal:
    """A loose limit that a healthy training must reach."""

    metric: str
    at_least: float = float("-inf")
    at_most: float = float("inf")

    def met(self, reached: Reached) -> bool:
        """Whether the training reached it; NaN did not."""
        return self.at_least <= reached[self.metric] <= self.at_most


@dataclass(frozen=True)
class Training:
    """One training of the zoo.

    Attributes:
        case: its name and label.
        train: trains it, logging below the folder it is given.
        seed: of all its random numbers.
        goal: what it must reach, if it is healthy.
    """

    case: Case
    train: Callable[[Path], Reached]
    seed: int = 0
    goal: Goal | None = None


def accuracy(at_least: float) -> Goal:
    """The share of correctly classified samples in the last batches."""
    return Goal("accuracy", at_least=at_least)


def loss(at_most: float) -> Goal:
    """The mean loss of the last batches."""
    return Goal("loss", at_most=at_most)


def healthy(name: str, train: Callable[[Path], Reached], goal: Goal, seed: int = 0) -> Training:
    """A training without a fault."""
    return Training(Case(name), train, seed, goal)


def broken(
    name: str,
    train: Callable[[Path], Reached],
    fault: Fault | Iterable[Fault],
    allowed: Iterable[str] = (),
    seed: int = 0,
) -> Training:
    """A training with planted faults.

    Args:
        name: of the training.
        train: trains it.
        fault: what must be found.
        allowed: its consequences, which are neither right nor wrong.
        seed: of all its random numbers.
    """
    faults = (fault,) if isinstance(fault, Fault) else tuple(fault)
    return Training(Case(name, faults, frozenset(allowed)), train, seed)
