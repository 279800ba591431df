"""The base class of a symptom: texts for users, and a rule that turns records into judgements."""

from abc import ABC, abstractmethod
from dataclasses import dataclass, replace
from typing import Any, ClassVar, Generic, Literal, TypeVar

import numpy as np

from tb_gradhealth.health.arrays import Floats, Ints, Mask
from tb_gradhealth.health.loss import CHANCE_SKILL, LEARNED, SOLVED_SKILL, Losses, Outcome
from tb_gradhealth.health.protocol.block import View
from tb_gradhealth.health.protocol.limits import Limits, parameters
from tb_gradhealth.health.protocol.steps import StepsView
from tb_gradhealth.health.protocol.structure import Scope, Structure
from tb_gradhealth.health.results import FRAMEWORKS, INFO, WARNING, Framework, Unit, worded
from tb_gradhealth.record import Kind, Row


@dataclass(frozen=True)
class Judgement:
    """A rule's judgement of its rows at some records; arrays of shape [records, judged].

    The flight recorder's steps are judged as a whole: the arrays are of shape [judged] then.

    Attributes:
        value: the measured value, NaN where the rule has no value yet.
        breach: the value is beyond the threshold.
        keeps_open: the value is beyond half of the threshold, which keeps an open finding open.
        level: index into SEVERITIES of the severity that the value alone deserves where it breaches.
        reference: what the tensor was compared with; None where there is nothing.
        since: the step at which the breach began, where it is before the recorded step; None for that step.
        minimum_level: index into SEVERITIES below which no outcome lowers the severity; None for 0.
        aspect: which of a rule's measures gave the value, where it has several; None for 0.
    """

    value: Floats
    breach: Mask
    keeps_open: Mask
    level: Ints
    reference: Floats | None = None
    since: Ints | None = None
    minimum_level: Ints | None = None
    aspect: Ints | None = None

    def of(self, rows: Ints) -> "Judgement":
        """The judgement of some of the rows."""
        return Judgement(**{name: array[:, rows] for name, array in vars(self).items() if array is not None})

    def where(self, records: Mask) -> "Judgement":
        """The judgement with nothing measured at the records outside of a mask, [records]."""
        if records.all():
            return self
        measured = records[:, None]
        return replace(
            self,
            value=np.where(measured, self.value, np.nan),
            breach=self.breach & measured,
            keeps_open=self.keeps_open & measured,
        )

    def as_record(self) -> "Judgement":
        """The judgement of steps, [judged], as that of one record, [1, judged]."""
        return Judgement(**{name: array[None] for name, array in vars(self).items() if array is not None})


@dataclass(frozen=True)
class Labels:
    """Names of a symptom's series in charts; ``reference`` is empty where there is none."""

    value: str
    statistic: str
    reference: str = ""


@dataclass(frozen=True)
class Facts:
    """The facts for the message of one finding.

    The fields are those of `Finding`, with the worst value and its ``aspect``, see `Judgement`. ``outcome``,
    ``gain`` and ``skill`` are the newest of the loss; the outcome is ``"unknown"`` for a resolved finding,
    whose message is in the past tense.
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
        """The first text for an open finding, the second for a resolved one."""
        return past if self.resolved else present

    @property
    def since(self) -> str:
        """When it held: ``since step 40``; for a resolved finding ``from step 40 to step 90``."""
        if not self.resolved:
            return f"since step {self.opened_step:,}"
        if self.last_step <= self.opened_step:
            return f"at step {self.opened_step:,}"
        return f"from step {self.opened_step:,} to step {self.last_step:,}"

    @property
    def loss_clause(self) -> str:
        """What the loss did meanwhile, as the end of a sentence; empty where that is not known."""
        if self.outcome == "learning":
            fell = not self.skill >= SOLVED_SKILL or self.gain >= 1 - LEARNED
            return (
                ", yet the loss improves" if fell else ", yet it does far better than a constant prediction"
            )
        if self.outcome == "diverging":
            return ", and the loss has left its best value"
        if self.outcome == "stalled":
            fell = self.gain >= CHANCE_SKILL
            no_better = "the results are no better than a constant prediction's"
            return f", and {no_better if fell else 'the loss has not improved'}"
        return ""


L = TypeVar("L", bound=Limits)


class Symptom(ABC, Generic[L]):
    """One symptom of one history. Each subclass has a file of its own with its texts and its rule."""

    id: ClassVar[str]
    title: ClassVar[str]
    meaning: ClassVar[str]
    causes: ClassVar[tuple[str, ...]]
    advice: ClassVar[tuple[str, ...]]
    """What to try, with placeholders that `advice_for` resolves."""
    measure: ClassVar[str]
    """The formula of the measured value, as text."""
    needs: ClassVar[str]
    """Why a row has no value, shown to the user as the reason."""
    statistic: ClassVar[str]
    """The column that is drawn beside the measured value."""
    labels: ClassVar[Labels]
    unit: ClassVar[Unit] = ""
    """The unit of the measured value and its threshold."""
    judges: ClassVar[tuple[Kind, ...]]
    """The kinds of rows it needs; a run that has none of them is not judged by it."""
    limits_type: ClassVar[type[Limits]]
    direction: ClassVar[Literal["above", "below"]] = "above"
    logarithmic: ClassVar[bool] = False
    immediate: ClassVar[bool] = False
    """Whether a finding opens at the first breach instead of three in five records."""
    origin_near_output: ClassVar[bool] = True
    """Whether, of gradients flagged together, the one nearest to the output is the likelier origin."""
    weighed_by_loss: ClassVar[bool] = True
    """Whether the outcome of the loss changes the severity."""
    raised_by_loss: ClassVar[bool] = True
    """Whether a loss that does not improve raises the severity by one."""
    info_while_undecided: ClassVar[bool] = False
    """Whether it is information while the loss is undecided: it is common in healthy trainings too."""
    info_when_resolved: ClassVar[bool] = False
    """Whether it becomes information once it is resolved..."""
    unless_diverged: ClassVar[bool] = False
    """...unless the loss diverges at that record, and has not improved since."""
    propagates: ClassVar[bool] = False
    """Whether it spreads from tensor to tensor within a step."""
    needs_finite: ClassVar[bool] = True
    """Whether it judges only records at which loss and weights are finite."""
    leads_to: ClassVar[frozenset[str]] = frozenset()
    """Symptoms that it causes: it may be the origin of their incident although it weighs less."""

    def __init__(self, limits: L) -> None:
        """A rule before the first record.

        Args:
            limits: its tunable numbers.
        """
        self.limits = limits

    @abstractmethod
    def scope(self, structure: Structure) -> Scope:
        """The rows it judges, and why it leaves out others of their kind."""

    def update_structure(self, structure: Structure, rows: Ints) -> None:
        """Prepare for a changed structure.

        Args:
            structure: the history's rows.
            rows: the rows judged from now on; those judged so far come first, in the same order.
        """

    @abstractmethod
    def observe(self, view: View) -> Judgement:
        """Judge the next records, in step order: one from a live training, many from a log.

        The result does not depend on how the records are cut into blocks. A rule replaces its state and never
        changes it in place: when it fails within a block, its state is restored and the block is judged
        record by record. The state holds copies: a view would keep the block's arrays in memory.
        """

    def observe_steps(self, view: StepsView) -> Judgement | None:
        """Judge steps of the flight recorder as a whole; None for a rule that needs only records.

        A breach opens a finding immediately: the rule itself requires persistence, step by step.
        """
        return None

    def excused(self, value: float, losses: Losses) -> bool:
        """Whether the newest losses make an open finding information.

        Args:
            value: the finding's worst value.
            losses: with their references, arrays of shape [1].
        """
        return False

    def contradicted(self, losses: Losses) -> bool:
        """Whether the newest losses, arrays of shape [1], contradict an open finding: it is resolved then."""
        return False

    @abstractmethod
    def message(self, facts: Facts) -> str:
        """One sentence with the layer, the numbers and the step."""

    @classmethod
    def advice_for(cls, framework: Framework = "") -> tuple[str, ...]:
        """What to try, in the words of a framework; neutral ones for ``""``."""
        return tuple(worded(text, framework) for text in cls.advice)

    @classmethod
    def as_json(cls) -> dict[str, object]:
        """The symptom's texts as plain JSON values."""
        return {
            "id": cls.id,
            "title": cls.title,
            "meaning": cls.meaning,
            "causes": list(cls.causes),
            "advice": list(cls.advice_for()),
            "advice_by_framework": {each: list(cls.advice_for(each)) for each in FRAMEWORKS},
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
    minimum_level: Ints | None = None,
    aspect: Ints | None = None,
) -> Judgement:
    """The usual judgement: a value against one threshold; a finding stays open beyond half of it.

    ``level`` is for all or each, ``below`` states that small values are the bad ones, and only rows in the
    mask ``where`` may breach. The other arguments are fields of `Judgement`.
    """
    breach = value < threshold if below else value > threshold
    keeps_open = value < 2 * threshold if below else value > threshold / 2
    return Judgement(
        value=value,
        breach=breach if where is None else breach & where,
        keeps_open=keeps_open,
        level=np.full(value.shape, level, np.int64) if isinstance(level, int) else level,
        reference=reference,
        since=since,
        minimum_level=minimum_level,
        aspect=aspect,
    )


def loss_level(view: View) -> int:
    """Level of a finding about the loss: information where the loss does not measure success."""
    return INFO if view.block.multiple_recorders else WARNING
