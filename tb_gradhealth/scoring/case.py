"""What is known of a training before it is judged: healthy, or which fault was planted where and when."""

from dataclasses import dataclass
from typing import Final, Literal

from tb_gradhealth.health import Severity

Dose = Literal["barely", "clearly", "badly"]

SYMPTOM_IDS: Final = frozenset(
    {
        "non-finite",
        "vanishing-gradient",
        "exploding-gradient",
        "gradient-spike",
        "loss-spike",
        "activation-spike",
        "dead-units",
        "dormant-units",
        "dead-layer",
        "no-gradient",
        "saturated-activation",
        "update-ratio",
        "weight-growth",
        "poor-initialization",
        "input-scale",
        "loss-stalled",
        "loss-diverging",
        "loss-oscillating",
        "precision-underflow",
        "untouched-embedding",
    }
)
"""Every symptom a label may name, whether or not there is a rule for it yet."""


@dataclass(frozen=True)
class Fault:
    """One fault, planted or measured.

    Attributes:
        symptom: the symptom that must be found.
        step: the first step it shows at, 0 for a fault that was there from the start; None where it
            builds up, so that nobody can say when it began.
        layer: the layer it was planted in, ``""`` where it belongs to no single one.
        dose: how bad it is.
        least: the severity that counts as found.
        instead: symptoms that name the same fault as well.
    """

    symptom: str
    step: int | None = 0
    layer: str = ""
    dose: Dose = "clearly"
    least: Severity = "warning"
    instead: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        _check({self.symptom, *self.instead})

    @property
    def symptoms(self) -> tuple[str, ...]:
        """The symptom and those that may be found instead."""
        return (self.symptom, *self.instead)


@dataclass(frozen=True)
class Case:
    """A training with its label.

    Attributes:
        name: of the training and of its run.
        faults: what was planted; none in a healthy training.
        allowed: consequences of the faults: finding one is neither right nor wrong.
        measured: the label was measured beside the training and not planted. So it is complete, and nothing
            is excused as a consequence; a fault's step is where it was certain, and it may be told earlier.
        undecided: without faults, and yet not to be called healthy.
    """

    name: str
    faults: tuple[Fault, ...] = ()
    allowed: frozenset[str] = frozenset()
    measured: bool = False
    undecided: bool = False

    def __post_init__(self) -> None:
        _check(self.allowed)

    @property
    def healthy(self) -> bool:
        """Whether nothing is wrong, for certain."""
        return not self.faults and not self.undecided

    @property
    def expected(self) -> frozenset[str]:
        """Symptoms that are right, or at least not wrong."""
        return self.allowed.union(*(fault.symptoms for fault in self.faults))

    @property
    def begins(self) -> int:
        """The step before which nothing may be found."""
        if self.measured:
            return 0
        return min((fault.step or 0 for fault in self.faults), default=0)


def _check(symptoms: set[str] | frozenset[str]) -> None:
    unknown = symptoms - SYMPTOM_IDS
    if unknown:
        raise ValueError(f"no such symptom: {', '.join(sorted(unknown))}")
