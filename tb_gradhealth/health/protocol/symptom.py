"""What a symptom is: words for people, and a rule that turns records into judgements."""

from abc import ABC, abstractmethod
from dataclasses import dataclass, replace
from typing import Any, ClassVar, Generic, Literal, TypeVar

import numpy as np

from tb_gradhealth.health.arrays import Floats, Ints, Mask
from tb_gradhealth.health.loss import CHANCE, LEARNED, SOLVED, Losses, Outcome
from tb_gradhealth.health.protocol.block import View
from tb_gradhealth.health.protocol.limits import Limits, parameters
from tb_gradhealth.health.protocol.steps import Lines
from tb_gradhealth.health.protocol.structure import Scope, Structure
from tb_gradhealth.health.results import INFO, WARNING, Unit
from tb_gradhealth.record import Kind, Row


@dataclass(frozen=True)
class Judgement:
    """What a rule says of its rows at some records; all arrays of shape [records, judged].

    Of a flight recorder's lines it speaks as a whole: there they are [judged].

    Attributes:
        value: the measured value, NaN where the rule has no number yet.
        breach: the value is beyond the threshold.
        held: the value is beyond half the way to it: what keeps an open finding open.
        level: place in SEVERITIES that the value alone deserves where it breaches.
        reference: what the tensor was compared with, None where nothing.
        since: the step at which it began where a sticky column knows it, None for the recorded one.
        least: place in SEVERITIES below which no outcome lowers it, None for 0.
        aspect: which of a rule's measures gave the value, where it has several; None for 0.
    """

    value: Floats
    breach: Mask
    held: Mask
    level: Ints
    reference: Floats | None = None
    since: Ints | None = None
    least: Ints | None = None
    aspect: Ints | None = None

    def of(self, rows: Ints) -> "Judgement":
        """What it says of some of its rows."""
        return Judgement(**{name: array[:, rows] for name, array in vars(self).items() if array is not None})

    def where(self, records: Mask) -> "Judgement":
        """The same with nothing measured at the other records, [records]."""
        if records.all():
            return self
        kept = records[:, None]
        value = np.where(kept, self.value, np.nan)
        return replace(self, value=value, breach=self.breach & kept, held=self.held & kept)

    def as_record(self) -> "Judgement":
        """What it says of lines, [judged], as if they were a record, [1, judged]."""
        return Judgement(**{name: array[None] for name, array in vars(self).items() if array is not None})


@dataclass(frozen=True)
class Labels:
    """What the drawn series of a symptom are called; ``reference`` is empty where there is none."""

    value: str
    statistic: str
    reference: str = ""


@dataclass(frozen=True)
class Facts:
    """What a message may speak of: one finding at its worst; ``aspect`` as in `Judgement`.

    ``resolved`` says that it is over: what is told of it is past. ``gain`` and ``skill`` are the newest of
    `Losses`, NaN where not known.
    """

    row: Row
    opened_step: int
    last_step: int
    peak_step: int
    value: float
    threshold: float
    outcome: Outcome
    aspect: int = 0
    resolved: bool = False
    gain: float = float("nan")
    skill: float = float("nan")

    def tense(self, present: str, past: str) -> str:
        """The words for what lasts, or for what is over."""
        return past if self.resolved else present

    @property
    def since(self) -> str:
        """When it holds: ``since step 40``; of what is over ``from step 40 to step 90``."""
        if not self.resolved:
            return f"since step {self.opened_step:,}"
        if self.last_step <= self.opened_step:
            return f"at step {self.opened_step:,}"
        return f"from step {self.opened_step:,} to step {self.last_step:,}"

    @property
    def yet(self) -> str:
        """What the loss did meanwhile, as the end of a sentence; empty where nothing is known."""
        if self.outcome == "learning":
            fell = not self.skill >= SOLVED or self.gain >= 1 - LEARNED
            return (
                ", yet the loss improves" if fell else ", yet it does far better than a constant prediction"
            )
        if self.outcome == "diverging":
            return ", and the loss has left its best value"
        if self.outcome == "stalled":
            fell = self.gain >= CHANCE
            said = (
                "the results are no better than a constant prediction's"
                if fell
                else "the loss has not improved"
            )
            return f", and {said}"
        return ""


L = TypeVar("L", bound=Limits)


class Symptom(ABC, Generic[L]):
    """One symptom of one history. Subclasses state the words and the rule, each in its own file."""

    id: ClassVar[str]
    title: ClassVar[str]
    meaning: ClassVar[str]
    causes: ClassVar[tuple[str, ...]]
    advice: ClassVar[tuple[str, ...]]
    measure: ClassVar[str]
    """The formula of the measured value, as text."""
    needs: ClassVar[str]
    """What a row that has no value lacks, said to the user as the reason why it is not measured."""
    statistic: ClassVar[str]
    """The column that shows it best, drawn beside the measured value."""
    labels: ClassVar[Labels]
    unit: ClassVar[Unit] = ""
    """What the measured value and its threshold are told in."""
    judges: ClassVar[tuple[Kind, ...]]
    """The kinds of rows it needs; where a run has none of them, the symptom is not judged."""
    limits_type: ClassVar[type[Limits]]
    direction: ClassVar[Literal["above", "below"]] = "above"
    logarithmic: ClassVar[bool] = False
    immediate: ClassVar[bool] = False
    """Opens at the first breach instead of three in five records."""
    worst_first_from_output: ClassVar[bool] = True
    """Among rows that fell ill together, gradients nearest to the output are the likelier origin."""
    weighed: ClassVar[bool] = True
    """Whether the loss's outcome moves the severity."""
    raised: ClassVar[bool] = True
    """Whether a loss that does not improve raises it: not where that alone makes it worth a warning."""
    patient: ClassVar[bool] = False
    """Information as long as nobody knows what the loss does: common in healthy trainings too."""
    forgiven: ClassVar[bool] = False
    """Once over it is information: it was a phase..."""
    unless_lost: ClassVar[bool] = False
    """...unless the loss has left its best value by then, for as long as nothing is learned."""
    propagates: ClassVar[bool] = False
    """Whether it passes on from tensor to tensor within a step."""
    needs_finite: ClassVar[bool] = True
    """Whether it judges only records at which loss and weights are finite."""
    leads_to: ClassVar[frozenset[str]] = frozenset()
    """Symptoms that this one brings about: it may head their incident though it weighs less."""

    def __init__(self, limits: L) -> None:
        """A rule that has seen nothing.

        Args:
            limits: its tunable numbers.
        """
        self.limits = limits

    @abstractmethod
    def scope(self, structure: Structure) -> Scope:
        """The rows it judges, and why not the others of their kind."""

    def settle(self, structure: Structure, rows: Ints) -> None:
        """Prepare for a changed structure.

        Args:
            structure: what the history's rows are now.
            rows: the rows judged from now on; those judged so far come first, in their old order.
        """

    @abstractmethod
    def observe(self, view: View) -> Judgement:
        """Judge the next records, in step order: one in a training that is watched, many when a log is read.

        How many come at once must make no difference. What a rule remembers is replaced, never changed in
        place: where it fails among many, it is put back and asked again, one record at a time. And it is a
        copy, since a part of what was computed for all of them would keep the whole in memory.
        """

    def observe_steps(self, lines: Lines) -> Judgement | None:
        """Judge a flight recorder's lines as a whole; None for a rule to which records say it all.

        A breach here opens at once: persistence was for the rule to see, step by step.
        """
        return None

    def excused(self, value: float, losses: Losses) -> bool:
        """Whether what is known of the loss by now, arrays of shape [1], makes an open finding information.

        Args:
            value: the finding's worst.
            losses: with everything they are compared with.
        """
        return False

    def contradicted(self, losses: Losses) -> bool:
        """Whether what is known of the loss by now, arrays of shape [1], speaks against an open finding."""
        return False

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
            "threshold": parameters(cls.limits_type)["threshold"].default,
            "unit": cls.unit,
        }


AnySymptom = Symptom[Any]


def judgement(
    value: Floats,
    threshold: float,
    level: Ints | int = WARNING,
    *,
    below: bool = False,
    where: Mask | None = None,
    reference: Floats | None = None,
    since: Ints | None = None,
    least: Ints | None = None,
    aspect: Ints | None = None,
) -> Judgement:
    """The usual judgement: a value beside one threshold, held open until it is back at half of it.

    Args:
        value: float64 [records, judged], or [judged] of lines.
        threshold: the limit.
        level: place in SEVERITIES, for all or each.
        below: whether small values are the bad ones.
        where: further rows than these do not breach, however large their value.
        reference: as in `Judgement`.
        since: likewise.
        least: likewise.
        aspect: likewise.
    """
    breach = value < threshold if below else value > threshold
    held = value < 2 * threshold if below else value > threshold / 2
    return Judgement(
        value=value,
        breach=breach if where is None else breach & where,
        held=held,
        level=np.full(value.shape, level, np.int64) if isinstance(level, int) else level,
        reference=reference,
        since=since,
        least=least,
        aspect=aspect,
    )


def of_loss(view: View) -> int:
    """What a loss that behaves badly deserves: information where it is no measure of success."""
    return INFO if view.block.accompanied else WARNING
