"""One recorder's history under the rules: records in, findings and their evidence out."""

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import date
from typing import Final

import numpy as np

from tb_gradhealth.health.arrays import Floats, Ints
from tb_gradhealth.health.judging.progress import Progress
from tb_gradhealth.health.judging.rule_runner import Known, Watch
from tb_gradhealth.health.judging.rule_set import RuleSet
from tb_gradhealth.health.judging.states import states_of
from tb_gradhealth.health.loss import Losses, LossTrend, Outcome
from tb_gradhealth.health.protocol import Lines, Source, Structure
from tb_gradhealth.health.results import (
    Finding,
    SymptomState,
    finding_id,
    gap_before,
    grouped,
    input_at_fault,
)
from tb_gradhealth.health.series import BUDGET, NOTHING, History, Point, measured_on
from tb_gradhealth.health.symptoms import SYMPTOMS
from tb_gradhealth.record import Content, Epoch, Record, RowTable, Steps

LOSS: Final = ("loss", "loss")
"""Kind and tensor of the row that holds the loss, in its ``mean``."""

RECORDS: Final = 10
"""Records that make a verdict: what most rules need before they say anything."""

STEPS: Final = 32
"""So many steps from the start, which the flight recorder holds without a gap, make one too."""

SHORTLY: Final = 3
"""Records before the loss ceased to be finite: what began within them led there."""

BLOCK: Final = 6 << 20
"""Bytes of records that are judged at once, in some twenty milliseconds: NumPy's calls hardly count then.
From here to 16 MB it takes equally long."""

AROUND: Final = 2
"""Points before a finding's opening that are kept with it."""


@dataclass(frozen=True)
class Evidence:
    """What stands behind one finding, over the records kept; float64 arrays of shape [kept records].

    ``columns`` holds step, value, threshold, statistic, reference and loss; NaN where not measured.
    ``labels`` says in words what value, statistic and reference are.
    """

    columns: dict[str, Floats]
    labels: dict[str, str]


class StreamHealth:
    """The judged history of one recorder.

    What arrives is judged when someone asks or when the history is full, not before: a training that
    stepped back is then judged anew once, however many records it overtook. It is judged anew from the
    points that are remembered, so the findings are the same whenever somebody asked.
    """

    def __init__(self, stream: str, rules: RuleSet, budget: int = BUDGET) -> None:
        """A history without records.

        Args:
            stream: the recorder's name.
            rules: how to judge.
            budget: see `history.BUDGET`.
        """
        self.stream = stream
        self.history = History(budget)
        self._rules = rules
        self._accompanied = False
        self._places: dict[str, tuple[Watch, int]] | None = None
        self._begin()

    def observe(self, content: Content) -> None:
        """Add what was written; a record that goes back in steps replaces what it overtakes."""
        self._places = None
        if isinstance(content, Epoch):
            self.history.epochs.add(content)
            return
        if isinstance(content, Steps) and self.history.full_of_lines:
            self._judge_before(self.history.forget_lines)
        if self.history.append(content):
            self._begin()
        if self.history.full:
            self._judge_before(self.history.thin)

    def accompany(self) -> None:
        """Other recorders write into this run too: judge what is known anew, with its loss as no measure."""
        if not self._accompanied:
            self._accompanied, self._places = True, None
            self._begin()

    def incidents(self, today: date) -> list[list[Finding]]:
        """All findings so far, grouped by their onset, each group's likely origin first."""
        located = []
        found, known = self._found().values(), self._known()
        for watch, place in found:
            tensor = self.structure.rows[watch.rows[place]].tensor
            muted = self._rules.muted(watch.rule.id, tensor, today)
            finding = watch.finding(place, self.structure, self.stream, known, muted)
            if finding is not None:
                located.append(finding)
        incidents = grouped(located, tolerance=self.cadence or 1, stream=self.stream)
        return [self._with_notes(incident) for incident in incidents]

    def _known(self) -> Known:
        """What is known of the training now."""
        losses = self._progress.finally_known()
        before = self._progress.outcome
        outcome = before
        if losses is not None and losses.outcomes[0] == "learning" and not self._accompanied:
            outcome = "learning"
        newest = self.history.newest()
        steps = [newest.step if newest else 0, self.history.epochs.last_step or 0]
        since = self._progress.bad_since
        return Known(
            outcome,
            None if self._accompanied else losses,
            max(steps),
            lowers=outcome != before,
            bad_from=None if since is None else since - SHORTLY * (self.cadence or 1),
        )

    def _with_notes(self, incident: list[Finding]) -> list[Finding]:
        """The incident; its origin's message says what beside it was not measured, or proves its cause."""
        origin = incident[0]
        if origin.symptom != "non-finite":
            return incident
        rows = self.structure.rows
        row = rows[self._row_of(origin)]
        bad = {(each.kind, each.tensor) for each in incident if each.symptom == origin.symptom}
        note = gap_before(row, rows) + input_at_fault(row, bad, rows)
        return [replace(origin, message=origin.message + note), *incident[1:]]

    def _row_of(self, finding: Finding) -> int:
        watch, place = self._found()[finding.id]
        return int(watch.rows[place])

    def watches(self) -> list[Watch]:
        """Every rule with the state of its rows, as of the last record."""
        self.judge()
        return self._watches

    def states(self) -> Iterator[SymptomState]:
        """Every symptom of every tensor as of the last record, with the reason."""
        for watch in self.watches():
            yield from states_of(watch, self._structure, self.outcome, self._progress.skipping)

    def failures(self) -> list[str]:
        """Rules that failed, each in a sentence: what they would have found from there on is not known."""
        return [watch.failure for watch in self.watches() if watch.failure]

    @property
    def structure(self) -> Structure:
        """What the history's rows are, as of the last judged record."""
        return self._structure

    @property
    def outcome(self) -> Outcome:
        """Whether the loss improves, as of the last judged record."""
        return self._progress.outcome

    @property
    def enough(self) -> bool:
        """Whether enough is recorded for a verdict."""
        self.judge()
        lines = 0
        if self._unbroken is not None and self.history.first_step is not None:
            lines = self._unbroken - self.history.first_step + 1
        return self.history.records >= RECORDS or lines >= STEPS

    @property
    def loss_bad_since(self) -> int | None:
        """The step since which the loss is not finite; None where its newest value is."""
        self.judge()
        return self._progress.bad_since

    @property
    def cadence(self) -> int | None:
        """Steps between two records as the recorder announced them, if it did."""
        newest = self.history.newest()
        every = newest.table.settings.get("every") if newest else None
        if not isinstance(every, int) or isinstance(every, bool):
            return None
        return every if 0 < every < 2**63 else None

    def losses(self) -> Floats:
        """The loss at each kept record, float64 of shape [kept records], NaN where it was not recorded."""
        row = self.history.row(*LOSS)
        if row is None:
            return np.full(len(self.history.kept_records()), np.nan)
        return self.history.series(row, "mean")

    def holds(self, identity: str) -> bool:
        """Whether a finding has this id."""
        return identity in self._found()

    def evidence(self, identity: str) -> Evidence:
        """What stands behind a finding.

        Raises:
            KeyError: no finding has this id.
        """
        watch, place = self._found()[identity]
        rule, kept = watch.rule, self.history.kept_records()
        values, references = _measured(kept, rule.id, place)
        return Evidence(
            columns={
                "step": self.history.steps().astype(np.float64),
                "value": values,
                "threshold": np.full(len(kept), rule.limits.threshold),
                "statistic": self.history.series(int(watch.rows[place]), rule.statistic),
                "reference": references,
                "loss": self.losses(),
            },
            labels=asdict(rule.labels),
        )

    def trend(self, identity: str, points: int) -> Floats:
        """The measured value of a finding's rule, at most ``points`` of it, each the worst of its stretch.

        Raises:
            KeyError: no finding has this id.
        """
        watch, place = self._found()[identity]
        values: Floats = _measured(self.history.kept_records(), watch.rule.id, place)[0]
        if values.size <= points:
            return values
        # The worst of each stretch: a single spike is what the line is there to show.
        worst = np.fmin if watch.rule.direction == "below" else np.fmax
        return np.array([worst.reduce(stretch) for stretch in np.array_split(values, points)])

    def _begin(self) -> None:
        wanted = {identity: self._rules.symptom(identity) for identity in SYMPTOMS}
        self._watches = [Watch(SYMPTOMS[name], rules) for name, rules in wanted.items() if rules.enabled]
        self._progress = Progress(self._accompanied, self.history.epochs)
        self._loss_by_step = LossTrend()
        self._losses: Losses | None = None
        self._unbroken: int | None = None
        self._judged = 0
        self._structure = Structure.of((), {})
        self._source = Source(RowTable(()), np.full(1, -1))
        self._table: RowTable | None = None
        self._measured = NOTHING

    def judge(self, until: float = float("inf")) -> bool:
        """Judge what was observed and is not judged yet.

        Args:
            until: no further block of records is begun from this time on, by `time.monotonic`.

        Returns:
            Whether all of it is judged.
        """
        # Not measured is NaN, and NaN, zero medians and the like are what the rules are full of.
        with np.errstate(all="ignore"):
            while self._judged < len(self.history.points) and time.monotonic() < until:
                points = self._waiting()
                if isinstance(points[0].content, Steps):
                    self._judge_steps(points[0].content)
                else:
                    self._judge(points, [each.content for each in points if isinstance(each.content, Record)])
                self._judged += len(points)
        return self._judged == len(self.history.points)

    def _judge_before(self, forget: Callable[[], None]) -> None:
        """What is to be forgotten has been judged by then, whoever asked and when."""
        self.judge()
        forget()
        self._judged = len(self.history.points)

    def _waiting(self) -> list[Point]:
        """The points that are judged next: the flight recorder's lines, or a block of records."""
        points = self.history.points
        first = points[self._judged].content
        if isinstance(first, Steps):
            return [points[self._judged]]
        most = max(1, BLOCK // max(first.nbytes, 1))
        block = []
        for point in points[self._judged : self._judged + most]:
            if isinstance(point.content, Steps) or point.content.table is not first.table:
                break
            block.append(point)
        return block

    def _judge(self, points: list[Point], records: list[Record]) -> None:
        if records[0].table is not self._table:
            self._settle(records[0])
        block = self._progress.block(records, self._source, self._structure, self._loss_row())
        found = [(watch.rule.id, watch.observe(block)) for watch in self._watches]
        observed = [(symptom, each) for symptom, each in found if each is not None]
        judged = [(symptom, each.value, each.reference) for symptom, each in observed]
        for point, measured in zip(points, measured_on(judged, len(points), self._measured), strict=True):
            point.measured = self._measured = measured
        changed = np.logical_or.reduce([each.changed for _, each in observed])
        for last in (self._judged + np.flatnonzero(changed)).tolist():
            for near in self.history.points[max(last - AROUND, 0) : last + 1]:
                near.pinned = True

    def _judge_steps(self, steps: Steps) -> None:
        if self._table is None:
            return
        watched = self.history.places(steps.table)[list(steps.table.watched)]
        column = np.full(len(self._structure.rows), -1, np.int64)
        known = watched < column.size
        column[watched[known]] = np.flatnonzero(known)
        row = self._loss_row()
        loss = _lines_of(steps, column[[row]] if row >= 0 else np.array([-1]))
        trend = self._every_loss(steps.steps, loss[:, 0])
        self._progress.note_steps(steps.steps, loss[:, 0])
        if trend is not None:
            trend = self._progress.every_loss(trend)
        latest = None if self._accompanied else self._progress.finally_known()
        for watch in self._watches:
            values = _lines_of(steps, column[watch.rows])
            watch.observe_steps(Lines(steps.steps, values, loss[:, 0], trend, latest), self.outcome)

    def _loss_row(self) -> int:
        """The loss's row; -1 where it has none, or only in a table that comes after what is being judged."""
        row = self.history.row(*LOSS)
        return row if row is not None and row < len(self._structure.rows) else -1

    def _every_loss(self, steps: Ints, losses: Floats) -> Losses | None:
        """What the losses of every step of the run come to, as long as no step is missing from the lines."""
        wanted = self.history.first_step if self._unbroken is None else self._unbroken + 1
        if wanted is None or steps[0] > wanted or steps[-1] - steps[0] >= steps.size:
            return None
        new = losses[steps >= wanted]
        if new.size:
            self._losses = self._loss_by_step.follow(new).newest
        self._unbroken = int(steps[-1])
        return self._losses

    def _settle(self, record: Record) -> None:
        """Take in another row table: the rows known until now, described as this record describes them."""
        self._table = record.table
        places = self.history.places(record.table)
        rows = list(self._structure.rows)
        for place, row in zip(places.tolist(), record.table.rows, strict=True):
            rows += self.history.first_rows[len(rows) : place + 1]
            rows[place] = row
        self._structure = Structure.of(rows, record.table.settings)
        source = np.full(len(rows) + 1, -1)
        source[places] = np.arange(places.size)
        self._source = Source(record.table, source)
        for watch in self._watches:
            watch.settle(self._structure)

    def _found(self) -> dict[str, tuple[Watch, int]]:
        """Where each finding is, by its id; kept until the next record, for there can be thousands."""
        self.judge()
        if self._places is None:
            self._places = {}
            for watch in self._watches:
                for place in watch.ill().tolist():
                    row = self._structure.rows[watch.rows[place]]
                    identity = finding_id(self.stream, watch.rule.id, row.kind, row.tensor)
                    self._places[identity] = watch, place
        return self._places


def _lines_of(steps: Steps, columns: Ints) -> Floats:
    """The lines of some watched rows, float64 [steps, columns]; NaN for -1, infinite where not finite."""
    if not steps.values.shape[1]:
        return np.full((len(steps.values), columns.size), np.nan)
    values = steps.values[:, columns].astype(np.float64)
    values = np.where(np.isfinite(values), values, np.inf)
    values[:, columns < 0] = np.nan
    return values


def _measured(points: Sequence[Point], symptom: str, place: int) -> Floats:
    """A rule's value and reference of one of its rows over some points, float64 [2, points]."""
    found = [point.measured.of(symptom, place) for point in points]
    return np.asarray(np.array(found, np.float64).reshape(-1, 2).T)
