"""Judges the points of one history in order: records in blocks, the flight recorder's steps as they come."""

import time
from collections.abc import Callable
from typing import Final

import numpy as np

from tb_gradhealth.health.arrays import Floats, Ints
from tb_gradhealth.health.judging.progress import Progress
from tb_gradhealth.health.judging.rule_runner import RuleRunner
from tb_gradhealth.health.judging.rule_set import RuleSet
from tb_gradhealth.health.loss import Losses, LossTrend
from tb_gradhealth.health.protocol import NumberIndex, StepsView, Structure
from tb_gradhealth.health.series import NO_VALUES, History, Point, rule_values_of
from tb_gradhealth.health.symptoms import SYMPTOMS
from tb_gradhealth.record import Record, RowTable, Steps

LOSS: Final = ("loss", "loss")
"""Kind and tensor of the row that holds the loss, in its column ``mean``."""

BLOCK: Final = 6 << 20
"""Bytes of records that are judged at once, in some 20 ms; the cost of NumPy's calls hardly counts then.
Blocks of up to 16 MB take equally long per record."""

AROUND: Final = 2
"""Points before the opening of a finding that are pinned with it."""


class StreamJudge:
    """Judges the points of one history, each once.

    Attributes:
        runners: one per enabled symptom.
        progress: the training as a whole, as of the last judged record.
        structure: the history's rows, as of the last judged record.
        last_consecutive_step: the last step up to which the flight recorder holds every step from the first
            record on; None without such steps.
    """

    def __init__(self, history: History, rules: RuleSet, multiple_recorders: bool) -> None:
        """A judge that has judged nothing.

        Args:
            history: its points are judged.
            rules: the rule set.
            multiple_recorders: see `Block`.
        """
        enabled = {name: rules.symptom(name) for name in SYMPTOMS if rules.symptom(name).enabled}
        self.runners = [RuleRunner(SYMPTOMS[name], symptom_rules) for name, symptom_rules in enabled.items()]
        self.progress = Progress(multiple_recorders, history.epochs)
        self.structure = Structure.of((), {})
        self.last_consecutive_step: int | None = None
        self._history = history
        self._multiple_recorders = multiple_recorders
        self._step_trend = LossTrend()
        self._step_losses: Losses | None = None
        self._judged = 0
        self._index = NumberIndex(RowTable(()), np.full(1, -1))
        self._table: RowTable | None = None
        self._values = NO_VALUES

    def judge(self, until: float = float("inf")) -> bool:
        """Judge the points that are not judged yet.

        Args:
            until: no further block is begun from this time on, by `time.monotonic`.

        Returns:
            Whether all of them are judged.
        """
        points = self._history.points
        # Missing values are NaN, and rules divide by medians that may be zero.
        with np.errstate(all="ignore"):
            while self._judged < len(points) and time.monotonic() < until:
                block = self._next_block()
                if isinstance(block[0].content, Steps):
                    self._judge_steps(block[0].content)
                else:
                    self._judge_records(block)
                self._judged += len(block)
        return self._judged == len(points)

    def judge_then(self, drop_points: Callable[[], None]) -> None:
        """Judge everything, then drop points: what is dropped has always been judged before."""
        self.judge()
        drop_points()
        self._judged = len(self._history.points)

    def _next_block(self) -> list[Point]:
        """The next point if it holds steps, else records of one row table of up to BLOCK bytes."""
        points = self._history.points
        first = points[self._judged].content
        if isinstance(first, Steps):
            return [points[self._judged]]
        maximum = max(1, BLOCK // max(first.nbytes, 1))
        block = []
        for point in points[self._judged : self._judged + maximum]:
            if isinstance(point.content, Steps) or point.content.table is not first.table:
                break
            block.append(point)
        return block

    def _judge_records(self, points: list[Point]) -> None:
        records = [point.record for point in points]
        if records[0].table is not self._table:
            self._update_structure(records[0])
        block = self.progress.block(records, self._index, self.structure, self._loss_row())
        results = [(runner.rule.id, runner.observe(block)) for runner in self.runners]
        judged = [(symptom, result) for symptom, result in results if result is not None]
        values = [(symptom, result.value, result.reference) for symptom, result in judged]
        for point, measured in zip(points, rule_values_of(values, len(points), self._values), strict=True):
            point.measured = self._values = measured
        changed = np.logical_or.reduce([result.changed for _, result in judged])
        for index in (self._judged + np.flatnonzero(changed)).tolist():
            for near in self._history.points[max(index - AROUND, 0) : index + 1]:
                near.pinned = True

    def _judge_steps(self, steps: Steps) -> None:
        if self._table is None:
            return
        watched = self._history.row_indices(steps.table)[list(steps.table.watched)]
        columns = np.full(len(self.structure.rows), -1, np.int64)
        known = watched < columns.size
        columns[watched[known]] = np.flatnonzero(known)
        row = self._loss_row()
        loss = _columns_of(steps, columns[[row]] if row >= 0 else np.array([-1]))[:, 0]
        trend = self._consecutive_losses(steps.steps, loss)
        self.progress.add_steps(steps.steps, loss)
        if trend is not None:
            trend = self.progress.add_step_losses(trend)
        latest = None if self._multiple_recorders else self.progress.latest_losses()
        for runner in self.runners:
            values = _columns_of(steps, columns[runner.rows])
            runner.observe_steps(StepsView(steps.steps, values, loss, trend, latest), self.progress.outcome)

    def _loss_row(self) -> int:
        """The loss's row; -1 without one, or where only a later row table has it."""
        row = self._history.row(*LOSS)
        return row if row is not None and row < len(self.structure.rows) else -1

    def _consecutive_losses(self, steps: Ints, losses: Floats) -> Losses | None:
        """The trend of the losses of every step since the first record; None where a step is missing.

        Args:
            steps: the flight recorder's steps, int64 [steps].
            losses: their losses, [steps].
        """
        last = self.last_consecutive_step
        expected = self._history.first_step if last is None else last + 1
        if expected is None or steps[0] > expected or steps[-1] - steps[0] >= steps.size:
            return None
        new = losses[steps >= expected]
        if new.size:
            self._step_losses = self._step_trend.add(new).newest
        self.last_consecutive_step = int(steps[-1])
        return self._step_losses

    def _update_structure(self, record: Record) -> None:
        """Take over another row table: all rows known so far, described as this table describes them."""
        self._table = record.table
        indices = self._history.row_indices(record.table)
        rows = list(self.structure.rows)
        for index, row in zip(indices.tolist(), record.table.rows, strict=True):
            rows += self._history.first_rows[len(rows) : index + 1]
            rows[index] = row
        self.structure = Structure.of(rows, record.table.settings)
        table_rows = np.full(len(rows) + 1, -1)
        table_rows[indices] = np.arange(indices.size)
        self._index = NumberIndex(record.table, table_rows)
        for runner in self.runners:
            runner.update_structure(self.structure)


def _columns_of(steps: Steps, columns: Ints) -> Floats:
    """Some columns of the steps, float64 [steps, columns]; NaN for -1, infinite where not finite."""
    if not steps.values.shape[1]:
        return np.full((len(steps.values), columns.size), np.nan)
    values = steps.values[:, columns].astype(np.float64)
    values = np.where(np.isfinite(values), values, np.inf)
    values[:, columns < 0] = np.nan
    return values
