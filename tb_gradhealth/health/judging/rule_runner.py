"""One symptom watching one history: its rule, the rows it judges and how they fare."""

import logging
from dataclasses import dataclass
from typing import Final

import numpy as np

from tb_gradhealth.health.arrays import Floats, Ints, Mask
from tb_gradhealth.health.judging.finding_states import NEVER, Course
from tb_gradhealth.health.judging.lifecycle import Habits, advance, advance_by_steps, reweigh
from tb_gradhealth.health.judging.rule_set import SymptomRules
from tb_gradhealth.health.loss import Losses, Outcome
from tb_gradhealth.health.protocol import AnySymptom, Block, Facts, Lines, Scope, Structure, View
from tb_gradhealth.health.results import SEVERITIES, Finding, Located, finding_id

_log = logging.getLogger(__name__)

NOT_WANTED: Final = "left out by the rule set's include and exclude"


@dataclass(frozen=True)
class Observed:
    """What a rule found at some records; values [records, judged].

    Attributes:
        changed: a finding opened or was resolved, [records].
        value: as in `Judgement`.
        reference: likewise.
    """

    changed: Mask
    value: Floats
    reference: Floats | None


@dataclass(frozen=True)
class Known:
    """What is known of the training when findings are put into words.

    Attributes:
        outcome: what the loss does.
        losses: the newest losses with everything they are compared with, arrays of shape [1]; None without
            any.
        step: the last step that anything is known of.
        lowers: the outcome became ``"learning"`` after the last record, by the epochs.
        bad_from: a step shortly before the loss ceased to be finite for good, None where it did not: what
        began
            after it is no longer excused by a loss that improved until then.
    """

    outcome: Outcome
    losses: Losses | None
    step: int
    lowers: bool
    bad_from: int | None = None

    @property
    def gain(self) -> float:
        """Share of its first value that the loss has lost; NaN where not known."""
        return float("nan") if self.losses is None else float(self.losses.gain[0])

    @property
    def skill(self) -> float:
        """How much better than a constant prediction it is, see `health.skill`; NaN where not known."""
        return float("nan") if self.losses is None else float(self.losses.skill[0])


class Watch:
    """A rule, the rows it judges and their courses; it knows nothing of records but what its rule sees.

    Attributes:
        rule: the symptom, with its limits.
        rows: the history's rows it judges, int64 [judged]. Rows join at the end and never leave: a row
            that is not measured any more has no value.
        course: how they fare.
        scope: which rows were left out, and why.
        failure: what the rule failed at, as a sentence; from then on it does not judge.
    """

    def __init__(self, symptom: type[AnySymptom], wanted: SymptomRules) -> None:
        """A watch that has seen nothing.

        Args:
            symptom: the symptom.
            wanted: what the rule set says of it.
        """
        self.rule = symptom(symptom.limits_type(**wanted.limits))
        self.rows = np.empty(0, np.int64)
        self.course = Course.of(0)
        self.scope = Scope(np.empty(0, bool), {})
        self.failure = ""
        self._wanted = wanted
        self._habits = Habits(
            immediate=symptom.immediate,
            below=symptom.direction == "below",
            weighed=symptom.weighed,
            raised=symptom.raised,
            patient=symptom.patient,
            forgiven=symptom.forgiven,
            unless_lost=symptom.unless_lost,
            least=SEVERITIES.index(wanted.least_severity),
            most=SEVERITIES.index(wanted.most_severity),
        )

    def settle(self, structure: Structure) -> None:
        """Take in a changed structure."""
        scope = self.rule.scope(structure)
        if self._wanted.selects:
            unwanted = np.array([not self._wanted.wants(row.tensor) for row in structure.rows], bool)
            scope = scope.without(unwanted, NOT_WANTED)
        self.scope = scope
        judged = np.flatnonzero(self.scope.judged)
        self.rows = np.concatenate([self.rows, judged[~np.isin(judged, self.rows)]])
        self.course.grow(self.rows.size)
        self.rule.settle(structure, self.rows)

    def observe(self, block: Block) -> Observed | None:
        """Judge some records; None where there is nothing to judge or the rule fails."""
        if not self.rows.size or self.failure:
            return None
        before = vars(self.rule).copy(), vars(self.course).copy()
        try:
            judged = self.rule.observe(View(block, self.rows))
            if self.rule.needs_finite:
                judged = judged.where(block.sound)
            changed = advance(self.course, judged, block.steps, block.outcomes, self._habits)
        except Exception as error:  # one rule that fails must not take the others' findings along
            if block.steps.size > 1:
                vars(self.rule).update(before[0])
                vars(self.course).update(before[1])
                return self._one_by_one(block)
            self._fail(int(block.steps[0]), error)
            return None
        return Observed(changed, judged.value, judged.reference)

    def _one_by_one(self, block: Block) -> Observed:
        """Judge a block in which the rule fails: up to the record where it does, which is said."""
        changed = np.zeros(block.steps.size, bool)
        value, reference = np.full((2, changed.size, self.rows.size), np.nan)
        for record in range(changed.size):
            one = self.observe(block.at(record))
            if one is not None:
                changed[record], value[record] = one.changed[0], one.value[0]
                reference[record] = np.nan if one.reference is None else one.reference[0]
        return Observed(changed, value, reference)

    def observe_steps(self, lines: Lines, outcome: Outcome) -> None:
        """Judge the flight recorder's lines."""
        if not self.rows.size or self.failure:
            return
        try:
            judged = self.rule.observe_steps(lines)
            if judged is not None and judged.breach.any():
                advance_by_steps(self.course, judged, int(lines.steps[-1]), outcome, self._habits)
            reweigh(self.course, outcome, self._habits)
        except Exception as error:
            self._fail(int(lines.steps[-1]), error)

    def ill(self) -> Ints:
        """Places in ``rows`` that have a finding."""
        return np.flatnonzero(self.course.opened != NEVER)

    def finding(
        self, place: int, structure: Structure, stream: str, known: "Known", muted: str
    ) -> Located | None:
        """The finding at a place in ``rows``, in words; None where the rule fails to find them."""
        try:
            return self._in_words(place, structure, stream, known, muted)
        except Exception as error:
            if not self.failure:  # it is asked for again and again
                self._fail(int(self.course.last[place]), error)
            return None

    def _in_words(self, place: int, structure: Structure, stream: str, known: "Known", muted: str) -> Located:
        course, rule, described = self.course, self.rule, structure.rows[self.rows[place]]
        resolved, severity = int(course.resolved[place]), int(course.severity[place])
        if resolved == NEVER and known.losses is not None and rule.contradicted(known.losses):
            resolved, severity = known.step, self._habits.least
        elif resolved == NEVER and self._ends_in_nan(int(course.opened[place]), known):
            severity = max(severity, min(int(course.level[place]), self._habits.most))
        elif (resolved != NEVER and rule.unless_lost and known.outcome == "learning") or (
            known.losses is not None and rule.excused(float(course.extreme[place]), known.losses)
        ):
            severity = self._habits.least
        elif resolved == NEVER and known.lowers and rule.weighed:
            severity = min(severity, max(int(course.least[place]), self._habits.least))
        facts = Facts(
            row=described,
            opened_step=int(course.opened[place]),
            last_step=int(course.last[place]),
            peak_step=int(course.peak[place]),
            value=float(course.extreme[place]),
            threshold=rule.limits.threshold,
            # Of what is over, the loss of today says nothing.
            outcome=known.outcome if resolved == NEVER else "unknown",
            aspect=int(course.aspect[place]),
            resolved=resolved != NEVER,
            gain=known.gain,
            skill=known.skill,
        )
        finding = Finding(
            id=finding_id(stream, rule.id, described.kind, described.tensor),
            symptom=rule.id,
            severity=SEVERITIES[severity],
            kind=described.kind,
            tensor=described.tensor,
            layer=described.layer,
            state="open" if resolved == NEVER else "resolved",
            opened_step=facts.opened_step,
            last_step=facts.last_step,
            peak_step=facts.peak_step,
            resolved_step=None if resolved == NEVER else resolved,
            count=int(course.count[place]),
            value=facts.value,
            threshold=facts.threshold,
            origin=False,
            message=rule.message(facts),
            muted=muted,
            unit=rule.unit,
        )
        return Located(finding, described, rule.worst_first_from_output, rule.leads_to, rule.propagates)

    def _ends_in_nan(self, opened: int, known: "Known") -> bool:
        """Whether a finding is of those that lead to NaN, and began just before the loss became that."""
        return known.bad_from is not None and opened >= known.bad_from and "non-finite" in self.rule.leads_to

    def _fail(self, step: int, error: Exception) -> None:
        _log.exception("%s failed at step %d", self.rule.id, step)
        self.failure = f"{self.rule.id} is not judged from step {step} on: {error!r}"
