"""The judged history of one recorder: its findings, their evidence and the state of every symptom."""

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import date
from typing import Final

import numpy as np

from tb_gradhealth.health.arrays import Floats
from tb_gradhealth.health.judging.rule_runner import RuleRunner, TrainingStatus
from tb_gradhealth.health.judging.rule_set import RuleSet
from tb_gradhealth.health.judging.stream_judge import LOSS, StreamJudge
from tb_gradhealth.health.judging.symptom_states import symptom_states
from tb_gradhealth.health.protocol import Structure
from tb_gradhealth.health.results import (
    Finding,
    SymptomState,
    bad_input,
    finding_id,
    group_into_incidents,
    unmeasured_gap,
)
from tb_gradhealth.health.series import BUDGET, History, Point
from tb_gradhealth.record import Content, Epoch, Steps

RECORDS: Final = 10
"""Records that make a verdict: most rules need as many to judge."""

STEPS: Final = 32
"""Consecutive steps of the flight recorder from the first record on that make a verdict too."""

RECORDS_BEFORE_NAN: Final = 3
"""What began within so many records before the loss ceased to be finite is taken to have led there."""


@dataclass(frozen=True)
class Evidence:
    """The series behind one finding; float64 arrays of shape [records in memory].

    Attributes:
        columns: step, value, threshold, statistic, reference and loss; wall_time, seconds since 1970, and
            epoch, the epochs done so far; NaN where not measured.
        labels: names of value, statistic and reference.
    """

    columns: dict[str, Floats]
    labels: dict[str, str]


class StreamHealth:
    """The judged history of one recorder.

    Records are judged when a result is requested or the history is full, not before: a training that goes
    back in steps is then judged anew once, however many records it overtakes. It is judged anew from the
    points in memory, so the findings do not depend on when results are requested.
    """

    def __init__(self, stream: str, rules: RuleSet, budget: int = BUDGET) -> None:
        """A history without records.

        Args:
            stream: the recorder's name.
            rules: the rule set.
            budget: see `series.BUDGET`.
        """
        self.stream = stream
        self.history = History(budget)
        self._rules = rules
        self._multiple_recorders = False
        self._restart()

    def _restart(self) -> None:
        """Judge all points anew."""
        self._judge = StreamJudge(self.history, self._rules, self._multiple_recorders)
        self._flagged: dict[str, tuple[RuleRunner, int]] | None = None

    def observe(self, content: Content) -> None:
        """Add what was read; a record that goes back in steps replaces what it overtakes."""
        self._flagged = None
        if isinstance(content, Epoch):
            self.history.epochs.add(content)
            return
        if isinstance(content, Steps) and self.history.full_of_steps:
            self._judge.judge_then(self.history.forget_oldest_steps)
        if self.history.append(content):
            self._restart()
        if self.history.full:
            self._judge.judge_then(self.history.thin)

    def judge(self, until: float = float("inf")) -> bool:
        """Judge what is not judged yet, see `StreamJudge.judge`."""
        return self._judge.judge(until)

    def set_multiple_recorders(self) -> None:
        """Judge anew, as one of several recorders of a run: its loss does not measure success then."""
        if not self._multiple_recorders:
            self._multiple_recorders = True
            self._restart()

    def incidents(self, today: date) -> list[list[Finding]]:
        """All findings so far, grouped by their onset, each group's likely origin first."""
        located = []
        flagged, status = self._flagged_rows().values(), self._status()
        for runner, index in flagged:
            tensor = self.structure.rows[runner.rows[index]].tensor
            muted = self._rules.muted(runner.rule.id, tensor, today)
            finding = runner.finding(index, self.structure, self.stream, status, muted)
            if finding is not None:
                located.append(finding)
        incidents = group_into_incidents(located, tolerance=self.cadence or 1, stream=self.stream)
        return [self._with_notes(incident) for incident in incidents]

    def _status(self) -> TrainingStatus:
        progress = self._judge.progress
        losses = progress.latest_losses()
        outcome = progress.outcome
        if losses is not None and losses.outcomes[0] == "learning" and not self._multiple_recorders:
            outcome = "learning"
        newest = self.history.newest()
        steps = [newest.step if newest else 0, self.history.epochs.last_step or 0]
        since = progress.bad_since
        return TrainingStatus(
            outcome,
            None if self._multiple_recorders else losses,
            max(steps),
            improved_by_epochs=outcome != progress.outcome,
            bad_from=None if since is None else since - RECORDS_BEFORE_NAN * (self.cadence or 1),
        )

    def _with_notes(self, incident: list[Finding]) -> list[Finding]:
        """The incident; the message of its origin names unmeasured tensors before it, or a bad input."""
        origin = incident[0]
        if origin.symptom != "non-finite":
            return incident
        rows = self.structure.rows
        runner, index = self._flagged_rows()[origin.id]
        row = rows[runner.rows[index]]
        bad = {(finding.kind, finding.tensor) for finding in incident if finding.symptom == origin.symptom}
        note = unmeasured_gap(row, rows) + bad_input(row, bad, rows)
        return [replace(origin, message=origin.message + note), *incident[1:]]

    def runners(self) -> list[RuleRunner]:
        """Every rule with the states of its rows, as of the last record."""
        self.judge()
        return self._judge.runners

    def states(self) -> Iterator[SymptomState]:
        """Every symptom of every tensor as of the last record, with the reason."""
        for runner in self.runners():
            yield from symptom_states(runner, self.structure, self._judge.progress.skipping)

    def failures(self) -> list[str]:
        """One sentence for each rule that failed: it judges nothing from there on."""
        return [runner.failure for runner in self.runners() if runner.failure]

    @property
    def structure(self) -> Structure:
        """The history's rows, as of the last judged record."""
        return self._judge.structure

    @property
    def enough(self) -> bool:
        """Whether enough is recorded for a verdict."""
        self.judge()
        steps, last = 0, self._judge.last_consecutive_step
        if last is not None and self.history.first_step is not None:
            steps = last - self.history.first_step + 1
        return self.history.records >= RECORDS or steps >= STEPS

    @property
    def loss_bad_since(self) -> int | None:
        """The step since which the loss is not finite; None where its newest value is finite."""
        self.judge()
        return self._judge.progress.bad_since

    @property
    def cadence(self) -> int | None:
        """Steps between two records as the recorder announces them; None where it does not."""
        newest = self.history.newest()
        every = newest.table.settings.get("every") if newest else None
        if not isinstance(every, int) or isinstance(every, bool):
            return None
        return every if 0 < every < 2**63 else None

    def losses(self) -> Floats:
        """The loss at each record in memory, float64 [records in memory], NaN where it was not recorded."""
        row = self.history.row(*LOSS)
        if row is None:
            return np.full(len(self.history.record_points()), np.nan)
        return self.history.series(row, "mean")

    def has_finding(self, identity: str) -> bool:
        """Whether a finding has this id."""
        return identity in self._flagged_rows()

    def evidence(self, identity: str) -> Evidence:
        """The series behind a finding.

        Raises:
            KeyError: no finding has this id.
        """
        runner, index = self._flagged_rows()[identity]
        rule, points = runner.rule, self.history.record_points()
        values, references = _values_and_references(points, rule.id, index)
        steps = self.history.steps()
        return Evidence(
            columns={
                "step": steps.astype(np.float64),
                "value": values,
                "threshold": np.full(len(points), rule.limits.threshold),
                "statistic": self.history.series(int(runner.rows[index]), rule.statistic),
                "reference": references,
                "loss": self.losses(),
                "wall_time": np.array([point.record.wall_time for point in points]),
                "epoch": self.history.epochs.done(steps, self.history.first_step or 0),
            },
            labels=asdict(rule.labels),
        )

    def trend(self, identity: str, points: int) -> Floats:
        """The measured value of a finding's rule in at most ``points`` values, each the worst of its part.

        Raises:
            KeyError: no finding has this id.
        """
        runner, index = self._flagged_rows()[identity]
        values: Floats = _values_and_references(self.history.record_points(), runner.rule.id, index)[0]
        if values.size <= points:
            return values
        # The worst value of each part: a mean would hide a single spike.
        worst = np.fmin if runner.rule.direction == "below" else np.fmax
        return np.array([worst.reduce(part) for part in np.array_split(values, points)])

    def _flagged_rows(self) -> dict[str, tuple[RuleRunner, int]]:
        """Runner and index of each row with a finding, by the finding's id; cached until the next record."""
        self.judge()
        if self._flagged is None:
            self._flagged = {}
            for runner in self._judge.runners:
                for index in runner.flagged().tolist():
                    row = self.structure.rows[runner.rows[index]]
                    identity = finding_id(self.stream, runner.rule.id, row.kind, row.tensor)
                    self._flagged[identity] = runner, index
        return self._flagged


def _values_and_references(points: Sequence[Point], symptom: str, index: int) -> Floats:
    """A rule's value and reference of one of its rows over some points, float64 [2, points]."""
    found = [point.measured.of(symptom, index) for point in points]
    return np.asarray(np.array(found, np.float64).reshape(-1, 2).T)
