"""Runs one symptom's rule over one history: the rows it judges and the states of their findings."""

import logging
from dataclasses import dataclass
from typing import Final

import numpy as np

from tb_gradhealth.health.arrays import Floats, Ints, Mask
from tb_gradhealth.health.judging.finding_states import NEVER, FindingStates
from tb_gradhealth.health.judging.lifecycle import LifecyclePolicy, advance, advance_by_steps, reweigh
from tb_gradhealth.health.judging.rule_set import SymptomRules
from tb_gradhealth.health.loss import Losses, Outcome
from tb_gradhealth.health.protocol import AnySymptom, Block, Facts, Scope, StepsView, Structure, View
from tb_gradhealth.health.results import SEVERITIES, Finding, LocatedFinding, finding_id, framework_of

_log = logging.getLogger(__name__)

NOT_SELECTED: Final = "left out by the rule set's include and exclude"


@dataclass(frozen=True)
class BlockResult:
    """What a rule measured on a block of records.

    Attributes:
        changed: a finding opened or was resolved, [records].
        value: as in `Judgement`, [records, judged].
        reference: likewise.
    """

    changed: Mask
    value: Floats
    reference: Floats | None


@dataclass(frozen=True)
class TrainingStatus:
    """The newest state of the training, by which findings are weighed and worded.

    Attributes:
        outcome: the outcome of the loss.
        losses: the newest losses with their references, arrays of shape [1]; None without a recorded loss.
        step: the last step with a record or an epoch.
        improved_by_epochs: the outcome became ``"learning"`` after the last record, by the epochs.
        bad_from: a step shortly before the loss ceased to be finite for good, None where it is finite. A loss
            that improved before that step does not excuse what began after it.
    """

    outcome: Outcome
    losses: Losses | None
    step: int
    improved_by_epochs: bool
    bad_from: int | None = None

    @property
    def gain(self) -> float:
        """Share of its first value by which the loss has fallen; NaN where not known."""
        return float("nan") if self.losses is None else float(self.losses.gain[0])

    @property
    def skill(self) -> float:
        """Skill against a constant prediction, see `health.loss.skill`; NaN where not known."""
        return float("nan") if self.losses is None else float(self.losses.skill[0])


class RuleRunner:
    """A rule, the rows it judges and the states of their findings.

    Attributes:
        rule: the symptom, with its limits.
        rows: the history's rows it judges, int64 [judged]. Rows are appended and never removed: a row that
            is not measured any more has no value.
        finding_states: the states of these rows.
        scope: the rows that are left out, and why.
        failure: a sentence with the error the rule raised; it does not judge after that. Else empty.
    """

    def __init__(self, symptom: type[AnySymptom], rules: SymptomRules) -> None:
        """A runner before the first record.

        Args:
            symptom: the symptom.
            rules: the rule set's entry for it.
        """
        self.rule = symptom(symptom.limits_type(**rules.limits))
        self.rows = np.empty(0, np.int64)
        self.finding_states = FindingStates.empty(0)
        self.scope = Scope(np.empty(0, bool), {})
        self.failure = ""
        self._rules = rules
        self._policy = LifecyclePolicy(
            immediate=symptom.immediate,
            below=symptom.direction == "below",
            weighed_by_loss=symptom.weighed_by_loss,
            raised_by_loss=symptom.raised_by_loss,
            info_while_undecided=symptom.info_while_undecided,
            info_when_resolved=symptom.info_when_resolved,
            unless_diverged=symptom.unless_diverged,
            minimum_level=SEVERITIES.index(rules.least_severity),
            maximum_level=SEVERITIES.index(rules.most_severity),
        )

    def update_structure(self, structure: Structure) -> None:
        """Take over a changed structure: new rows, or other descriptions of known ones."""
        scope = self.rule.scope(structure)
        if self._rules.filters_tensors:
            rejected = np.array([not self._rules.applies_to(row.tensor) for row in structure.rows], bool)
            scope = scope.without(rejected, NOT_SELECTED)
        self.scope = scope
        judged = np.flatnonzero(self.scope.judged)
        self.rows = np.concatenate([self.rows, judged[~np.isin(judged, self.rows)]])
        self.finding_states.extend(self.rows.size)
        self.rule.update_structure(structure, self.rows)

    def observe(self, block: Block) -> BlockResult | None:
        """Judge a block of records; None where there is nothing to judge or the rule fails."""
        if not self.rows.size or self.failure:
            return None
        before = vars(self.rule).copy(), vars(self.finding_states).copy()
        try:
            judged = self.rule.observe(View(block, self.rows))
            if self.rule.needs_finite:
                judged = judged.where(block.finite)
            changed = advance(self.finding_states, judged, block.steps, block.outcomes, self._policy)
        except Exception as error:  # a rule that fails must not stop the others
            if block.steps.size > 1:
                vars(self.rule).update(before[0])
                vars(self.finding_states).update(before[1])
                return self._observe_singly(block)
            self._fail(int(block.steps[0]), error)
            return None
        return BlockResult(changed, judged.value, judged.reference)

    def _observe_singly(self, block: Block) -> BlockResult:
        """Judge a block record by record, up to the record at which the rule fails."""
        changed = np.zeros(block.steps.size, bool)
        value, reference = np.full((2, changed.size, self.rows.size), np.nan)
        for record in range(changed.size):
            result = self.observe(block.at(record))
            if result is not None:
                changed[record], value[record] = result.changed[0], result.value[0]
                reference[record] = np.nan if result.reference is None else result.reference[0]
        return BlockResult(changed, value, reference)

    def observe_steps(self, view: StepsView, outcome: Outcome) -> None:
        """Judge steps of the flight recorder."""
        if not self.rows.size or self.failure:
            return
        try:
            judged = self.rule.observe_steps(view)
            if judged is not None and judged.breach.any():
                advance_by_steps(self.finding_states, judged, int(view.steps[-1]), outcome, self._policy)
            reweigh(self.finding_states, outcome, self._policy)
        except Exception as error:
            self._fail(int(view.steps[-1]), error)

    def flagged(self) -> Ints:
        """Indices into ``rows`` of the rows that have a finding."""
        return np.flatnonzero(self.finding_states.opened_step != NEVER)

    def finding(
        self, index: int, structure: Structure, stream: str, status: TrainingStatus, muted: str
    ) -> LocatedFinding | None:
        """The finding of the row at an index of ``rows``; None where the rule fails to word it."""
        try:
            return self._located(index, structure, stream, status, muted)
        except Exception as error:
            if not self.failure:  # reported once, although findings are requested again and again
                self._fail(int(self.finding_states.last_step[index]), error)
            return None

    def _located(
        self, index: int, structure: Structure, stream: str, status: TrainingStatus, muted: str
    ) -> LocatedFinding:
        states, rule, row = self.finding_states, self.rule, structure.rows[self.rows[index]]
        resolved_step, severity = self._current_state(index, status)
        resolved = resolved_step != NEVER
        facts = Facts(
            row=row,
            opened_step=int(states.opened_step[index]),
            last_step=int(states.last_step[index]),
            peak_step=int(states.peak_step[index]),
            value=float(states.worst_value[index]),
            threshold=rule.limits.threshold,
            # The current loss says nothing of a finding that is over.
            outcome="unknown" if resolved else status.outcome,
            aspect=int(states.aspect[index]),
            resolved=resolved,
            gain=status.gain,
            skill=status.skill,
        )
        finding = Finding(
            id=finding_id(stream, rule.id, row.kind, row.tensor),
            symptom=rule.id,
            severity=SEVERITIES[severity],
            kind=row.kind,
            tensor=row.tensor,
            layer=row.layer,
            state="resolved" if resolved else "open",
            opened_step=facts.opened_step,
            last_step=facts.last_step,
            peak_step=facts.peak_step,
            resolved_step=resolved_step if resolved else None,
            count=int(states.count[index]),
            value=facts.value,
            threshold=facts.threshold,
            origin=False,
            message=rule.message(facts),
            muted=muted,
            unit=rule.unit,
            framework=framework_of(structure.settings),
        )
        return LocatedFinding(finding, row, rule.origin_near_output, rule.leads_to, rule.propagates)

    def _current_state(self, index: int, status: TrainingStatus) -> tuple[int, int]:
        """The step at which a finding was resolved, NEVER while it is open, and its level."""
        states, rule, losses = self.finding_states, self.rule, status.losses
        resolved_step, severity = int(states.resolved_step[index]), int(states.severity[index])
        is_open, minimum = resolved_step == NEVER, self._policy.minimum_level
        if is_open and losses is not None and rule.contradicted(losses):
            return status.step, minimum
        if is_open and self._ends_in_nan(int(states.opened_step[index]), status):
            return NEVER, max(severity, min(int(states.level[index]), self._policy.maximum_level))
        recovered = not is_open and rule.unless_diverged and status.outcome == "learning"
        if recovered or (losses is not None and rule.excused(float(states.worst_value[index]), losses)):
            return resolved_step, minimum
        if is_open and status.improved_by_epochs and rule.weighed_by_loss:
            severity = min(severity, max(int(states.minimum_level[index]), minimum))
        return resolved_step, severity

    def _ends_in_nan(self, opened_step: int, status: TrainingStatus) -> bool:
        """Whether the symptom leads to NaN and the finding began just before the loss became NaN."""
        began = status.bad_from is not None and opened_step >= status.bad_from
        return began and "non-finite" in self.rule.leads_to

    def _fail(self, step: int, error: Exception) -> None:
        _log.exception("%s failed at step %d", self.rule.id, step)
        self.failure = f"{self.rule.id} is not judged from step {step} on: {error!r}"
