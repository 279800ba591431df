"""One symptom watching one history: its rule, the rows it judges and how they fare."""

import logging
from typing import Final

import numpy as np

from tb_gradhealth.health.arrays import Ints
from tb_gradhealth.health.findings import SEVERITIES, Finding, finding_id
from tb_gradhealth.health.history import Measured, Point
from tb_gradhealth.health.incidents import Located
from tb_gradhealth.health.lifecycle import NEVER, Course, Habits, advance, advance_by_steps, reweigh
from tb_gradhealth.health.outcome import Outcome
from tb_gradhealth.health.rule_set import SymptomRules
from tb_gradhealth.health.steps import Lines
from tb_gradhealth.health.structure import Scope, Structure
from tb_gradhealth.health.symptom import AnySymptom, Facts
from tb_gradhealth.health.view import Moment, View

_log = logging.getLogger(__name__)

NOT_WANTED: Final = "left out by the rule set's include and exclude"


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

    def observe(self, moment: Moment, point: Point) -> bool:
        """Judge one record; whether a finding opened or was resolved."""
        if not self.rows.size or self.failure:
            return False
        try:
            judged = self.rule.observe(View(moment, self.rows))
            changed = advance(self.course, judged, point.step, moment.outcome, self._habits)
        except Exception as error:  # one rule that fails must not take the others' findings along
            self._fail(point.step, error)
            return False
        reference = None if judged.reference is None else judged.reference.astype(np.float32)
        point.measured[self.rule.id] = judged.value.astype(np.float32), reference
        return changed

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

    def finding(self, place: int, structure: Structure, stream: str, outcome: Outcome, muted: str) -> Located:
        """The finding at a place in ``rows``, in words."""
        course, rule, described = self.course, self.rule, structure.rows[self.rows[place]]
        resolved = int(course.resolved[place])
        facts = Facts(
            row=described,
            opened_step=int(course.opened[place]),
            last_step=int(course.last[place]),
            peak_step=int(course.peak[place]),
            value=float(course.extreme[place]),
            threshold=rule.limits.threshold,
            # Of what is over, the loss of today says nothing.
            outcome=outcome if resolved == NEVER else "unknown",
            aspect=int(course.aspect[place]),
        )
        finding = Finding(
            id=finding_id(stream, rule.id, described.kind, described.tensor),
            symptom=rule.id,
            severity=SEVERITIES[int(course.severity[place])],
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
        )
        return Located(finding, described, rule.worst_first_from_output, rule.leads_to)

    def _fail(self, step: int, error: Exception) -> None:
        _log.exception("%s failed at step %d", self.rule.id, step)
        self.failure = f"{self.rule.id} is not judged from step {step} on: {error!r}"


def measured_series(points: list[Point], symptom: str, place: int) -> tuple[list[float], list[float]]:
    """A rule's value and reference of one of its rows over some points; NaN where it had none."""
    values, references = [], []
    for point in points:
        value, reference = point.measured.get(symptom, (_NOTHING, None))
        values.append(float(value[place]) if place < value.size else float("nan"))
        known = reference is not None and place < reference.size
        references.append(float(reference[place]) if known and reference is not None else float("nan"))
    return values, references


_NOTHING: Final[Measured] = np.empty(0, np.float32)
