"""What a symptom is: words for people, and a rule that turns one record after the other into judgements."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar, Final, Literal

import numpy as np

from tb_gradhealth.health.arrays import Floats, Ints, Mask
from tb_gradhealth.health.findings import Severity
from tb_gradhealth.health.outcome import Outcome
from tb_gradhealth.health.structure import Structure
from tb_gradhealth.record import Row

FINE: Final = -1
"""A level beside the places in SEVERITIES: judged, and nothing wrong."""


@dataclass(frozen=True)
class View:
    """One record as a rule sees it.

    Attributes:
        step: the recorded step.
        structure: what the rows are.
        columns: each column of the record, float64 of shape [rows].
        outcome: whether the loss improves, as far as known at this step.
    """

    step: int
    structure: Structure
    columns: Mapping[str, Floats]
    outcome: Outcome


@dataclass(frozen=True)
class Judgement:
    """What a rule says of every row at one record; all arrays of shape [rows].

    Attributes:
        value: the measured value, NaN where the rule does not apply or has no number.
        breach: the value is beyond the threshold.
        held: the value is beyond half the way to it: what keeps an open finding open.
        level: place in SEVERITIES that the value alone deserves where it breaches.
        reference: what the tensor was compared with, NaN where nothing.
        since: the step at which it began; the recorded one unless a sticky column knows better.
        least: place in SEVERITIES below which no outcome lowers it; 0 for all by default.
    """

    value: Floats
    breach: Mask
    held: Mask
    level: Ints
    reference: Floats
    since: Ints
    least: Ints | None = None


@dataclass(frozen=True)
class Labels:
    """What the drawn series of a symptom are called; ``reference`` is empty where there is none."""

    value: str
    statistic: str
    reference: str = ""


@dataclass(frozen=True)
class Facts:
    """What a message may speak of: one finding at its worst."""

    row: Row
    opened_step: int
    peak_step: int
    value: float
    threshold: float
    outcome: Outcome


class Symptom(ABC):
    """One symptom of one history. Subclasses state the words and the rule, each in its own file."""

    id: ClassVar[str]
    title: ClassVar[str]
    meaning: ClassVar[str]
    causes: ClassVar[tuple[str, ...]]
    advice: ClassVar[tuple[str, ...]]
    measure: ClassVar[str]
    """The formula of the measured value, as text."""
    statistic: ClassVar[str]
    """The column that shows it best, drawn beside the measured value."""
    labels: ClassVar[Labels]
    threshold: ClassVar[float]
    direction: ClassVar[Literal["above", "below"]] = "above"
    logarithmic: ClassVar[bool] = False
    immediate: ClassVar[bool] = False
    """Opens at the first breach instead of three in five records."""
    worst_first_from_output: ClassVar[bool] = True
    """Among rows that fell ill together, gradients nearest to the output are the likelier origin."""
    weighed: ClassVar[bool] = True
    """Whether the loss's outcome moves the severity."""

    @abstractmethod
    def observe(self, view: View) -> Judgement:
        """Judge the next record, in step order."""

    @abstractmethod
    def message(self, facts: Facts) -> str:
        """One sentence with the layer, the numbers and the step, in plain words."""

    @classmethod
    def as_json(cls) -> dict[str, object]:
        """The symptom's words as plain JSON values."""
        return {
            "id": cls.id,
            "title": cls.title,
            "meaning": cls.meaning,
            "causes": list(cls.causes),
            "advice": list(cls.advice),
            "measure": cls.measure,
            "logarithmic": cls.logarithmic,
            "direction": cls.direction,
            "threshold": cls.threshold,
        }


def judgement(
    value: Floats,
    threshold: float,
    level: Ints,
    step: int,
    *,
    below: bool = False,
    reference: Floats | None = None,
) -> Judgement:
    """The usual judgement: a value beside one threshold, held open until it is back at half of it."""
    with np.errstate(invalid="ignore"):
        breach = value < threshold if below else value > threshold
        held = value < 2 * threshold if below else value > threshold / 2
    return Judgement(
        value=value,
        breach=breach,
        held=held,
        level=level,
        reference=np.full(value.size, np.nan) if reference is None else reference,
        since=np.full(value.size, step, np.int64),
    )


def gated(level: int, least: int, outcome: Outcome, severities: tuple[Severity, ...]) -> Severity:
    """A rule's level, weighed by the outcome: learning lowers to the least, not learning raises by one."""
    if outcome == "learning":
        return severities[min(least, level)]
    if outcome in ("stalled", "diverging"):
        return severities[min(level + 1, len(severities) - 1)]
    return severities[level]
