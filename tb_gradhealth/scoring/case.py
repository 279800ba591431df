"""The label of a training: healthy, or which faults it has, where and since when."""

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
"""The symptoms that a label may name, whether or not there is a rule for them."""


@dataclass(frozen=True)
class Fault:
    """One fault, planted or measured.

    Attributes:
        symptom: the symptom that must be found.
        step: the first step at which it shows, 0 for a fault from the start; None for a fault that develops
            gradually, so that its first step is not defined.
        layer: the layer it was planted in, ``""`` where it belongs to no single layer.
        dose: how bad it is.
        minimum_severity: the severity from which it counts as found.
        alternatives: symptoms that count as well.
    """

    symptom: str
    step: int | None = 0
    layer: str = ""
    dose: Dose = "clearly"
    minimum_severity: Severity = "warning"
    alternatives: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        _check({self.symptom, *self.alternatives})

    @property
    def symptoms(self) -> tuple[str, ...]:
        """The symptom and its alternatives."""
        return (self.symptom, *self.alternatives)


@dataclass(frozen=True)
class Case:
    """A training with its label.

    Attributes:
        name: of the training and of its run.
        faults: what was planted; none in a healthy training.
        allowed: consequences of the faults: finding one is neither right nor wrong.
        measured: the label was measured during the training and not planted. So it is complete, and nothing
            is excused as a consequence; a fault's step is where it was certain, and it may be found earlier.
        undecided: without faults, but not certainly healthy.
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
        """Whether it is certainly healthy."""
        return not self.faults and not self.undecided

    @property
    def expected(self) -> frozenset[str]:
        """Symptoms that are no false alarms."""
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
