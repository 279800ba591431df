"""What one recorder wrote in one run, over all its row tables, in bounded memory."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from tb_gradhealth.health.arrays import Floats, Ints
from tb_gradhealth.health.series.envelope import Envelope, Layout
from tb_gradhealth.health.series.epochs import EpochLog
from tb_gradhealth.health.series.rule_values import NO_VALUES, RuleValues
from tb_gradhealth.record import Record, Row, RowTable, Steps

MAXIMUM_POINTS: Final = 1024
"""Maximum number of points of a history: about two for each pixel column of a chart."""

MINIMUM_POINTS: Final = 96
"""Points that stay in memory whatever their size."""

BUDGET: Final = 128 << 20
"""Bytes that the points of a history may take beyond the minimum number of them: 1,024 points of a network
with 1,000 rows, 230 points of one with 5,000 rows."""

EXACT: Final = 48
"""Number of newest points that are never thinned."""

MAXIMUM_STEP_WRITINGS: Final = 16
"""Number of the flight recorder's newest writings that stay in memory."""


@dataclass(slots=True)
class Point:
    """One record, or one writing of the flight recorder, with the values of the rules.

    Attributes:
        step: its last training step.
        content: the record, or the steps.
        number: number of the history's records up to this one, including those that were thinned out.
        measured: the values of the rules.
        pinned: a finding opened or was resolved close by, so the point is not thinned out.
        envelope: of this record and the records after it that were thinned out; None where there are none.
    """

    step: int
    content: Record | Steps
    number: int
    measured: RuleValues = NO_VALUES
    pinned: bool = False
    envelope: Envelope | None = None

    @property
    def record(self) -> Record:
        """The content of a point that is a record."""
        assert isinstance(self.content, Record)
        return self.content

    @property
    def records(self) -> int:
        """Number of records that the point represents; 0 for the flight recorder's steps."""
        if not isinstance(self.content, Record):
            return 0
        return 1 if self.envelope is None else self.envelope.records

    @property
    def size(self) -> int:
        """Bytes of the arrays."""
        envelope = 0 if self.envelope is None else self.envelope.nbytes
        return int(self.content.nbytes + self.measured.numbers.nbytes + envelope)


class History:
    """Points in the order of writing; where training goes back in steps, the new records replace the old.

    Recent points are complete. Where there are too many points, older ones are merged with their neighbours,
    repeatedly, except those around findings. A record that is thinned out adds its numbers to the envelope of
    the point before it. A changed set of tensors brings a new row table, whose new rows are appended: a
    tensor keeps its index in ``rows``, with its newest description, and in ``first_rows``, with its first.
    """

    def __init__(self, budget: int = BUDGET) -> None:
        """An empty history.

        Args:
            budget: bytes, see `BUDGET`.
        """
        self.points: list[Point] = []
        self.rows: list[Row] = []
        self.first_rows: list[Row] = []
        self.records = 0
        self.epochs = EpochLog()
        self.first_step: int | None = None
        self._budget = budget
        self._indices: dict[tuple[str, str], int] = {}
        self._tables: dict[str, Ints] = {}
        self._layouts: dict[str, Layout] = {}
        self._envelope_bytes = 0
        self._records_per_point = 1
        self._judged_size = 0

    @property
    def full(self) -> bool:
        """Whether `thin` is due."""
        count = len(self.points)
        if count <= MINIMUM_POINTS:
            return False
        if count > MAXIMUM_POINTS:
            return True
        size = max(self.points[-1].size, self._judged_size)  # the newest may not have been judged yet
        return count * size + self._envelope_bytes > self._budget

    @property
    def full_of_steps(self) -> bool:
        """Whether `forget_oldest_steps` is due."""
        return sum(isinstance(point.content, Steps) for point in self.points) >= MAXIMUM_STEP_WRITINGS

    def forget_oldest_steps(self) -> None:
        """Drop the oldest writing of the flight recorder."""
        oldest = next(i for i, point in enumerate(self.points) if isinstance(point.content, Steps))
        del self.points[oldest]

    def append(self, content: Record | Steps) -> bool:
        """Add a record or steps; a record that goes back in steps replaces what it overtakes.

        Returns:
            Whether training went back, so that all points have to be judged anew.
        """
        self._add_rows(content.table)
        if isinstance(content, Steps):
            self.points.append(Point(content.last_step, content, self.records))
            return False
        overtaken = self._forget_from(content.step)
        self.records += 1
        self.points.append(Point(content.step, content, self.records))
        if self.first_step is None:
            self.first_step = content.step
        return overtaken

    def thin(self) -> None:
        """Merge neighbours among the records that are neither recent nor close to a finding.

        The whole past becomes equally coarse: the records per point grow until at least a quarter of the old
        points is merged. Dropping every second point would leave only a few points of a long run's beginning.
        """
        old = self.points[:-EXACT]
        # Where more than half of the points are pinned, pinned ones are thinned too.
        pinned = sum(point.pinned for point in old) <= len(self.points) // 2
        free = [p for p in old if isinstance(p.content, Record) and not (pinned and p.pinned)]
        self._judged_size = max((point.size for point in self.points[-EXACT:]), default=0)
        enough = len(free) - len(free) // 4
        while len(free) > 1 and (len(free) > enough or self._too_large()):
            merged = self._merge_neighbours(free)
            free = [point for point in free if id(point) not in merged]
            self.points = [point for point in self.points if id(point) not in merged]
            if not merged:
                self._records_per_point *= 2

    def _too_large(self) -> bool:
        envelopes = (point.envelope for point in self.points)
        self._envelope_bytes = sum(envelope.nbytes for envelope in envelopes if envelope is not None)
        return self.full

    def record_points(self) -> list[Point]:
        """The points that are records, in step order."""
        return [point for point in self.points if isinstance(point.content, Record)]

    def newest(self) -> Record | None:
        """The last record."""
        for point in reversed(self.points):
            if isinstance(point.content, Record):
                return point.content
        return None

    def row_indices(self, table: RowTable) -> Ints:
        """Indices of a table's rows in ``rows``, int64 [rows of the table]."""
        return self._tables[table.id]

    def layout(self, table: RowTable) -> Layout:
        """The layout of the envelopes of a table's records."""
        if table.id not in self._layouts:
            self._layouts[table.id] = Layout(table)
        return self._layouts[table.id]

    def series(self, row: int, column: str) -> Floats:
        """One statistic of one row over the records in memory, float64 [records in memory]."""
        points = self.record_points()
        series = np.full(len(points), np.nan)
        found = {identity: np.flatnonzero(indices == row) for identity, indices in self._tables.items()}
        for index, point in enumerate(points):
            table, table_row = point.record.table, found[point.record.table.id]
            if table_row.size and column in table.columns:
                series[index] = point.record.part(table_row[0], table.columns.index(column))
        return series

    def steps(self) -> Ints:
        """The steps of the records in memory, ascending, int64 [records in memory]."""
        return np.array([point.step for point in self.record_points()], np.int64)

    def row(self, kind: str, tensor: str) -> int | None:
        """Index of a tensor's row of this kind; None if no record held it."""
        return self._indices.get((kind, tensor))

    def _merge_neighbours(self, points: Sequence[Point]) -> set[int]:
        """Merge neighbours up to ``_records_per_point``; the ``id()`` of the points that were merged away."""
        merged = set()
        target = points[0]
        for point in points[1:]:
            if target.records + point.records <= self._records_per_point:
                self._merge(point, target)
                merged.add(id(point))
            else:
                target = point
        return merged

    def _merge(self, point: Point, target: Point) -> None:
        """Add a point's numbers to the envelope of the point before it."""
        record, other = point.record, target.record
        layout = self.layout(other.table)
        envelope = target.envelope or Envelope.of(other, layout)
        if record.table.id == other.table.id:
            target.envelope = envelope.joined(point.envelope or Envelope.of(record, layout))
        else:  # another table: the numbers cannot be compared
            records, last_step = envelope.records + point.records, max(envelope.last_step, record.step)
            target.envelope = replace(envelope, records=records, last_step=last_step)

    def _forget_from(self, step: int) -> bool:
        """Drop what a record of this step overtakes; returns whether it overtakes anything."""
        newest = self.newest()
        if newest is None or newest.step < step:
            return False
        self.epochs.forget_from(step)
        points: list[Point] = []
        counted = 0
        for point in self.points:
            content = point.content
            if isinstance(content, Steps):
                values = content.values[: max(len(content.values) - max(content.last_step - step + 1, 0), 0)]
                if len(values):
                    last = min(content.last_step, step - 1)
                    points.append(Point(last, replace(content, last_step=last, values=values), point.number))
            elif point.step < step:
                # An overtaken record cannot be taken out of an envelope: the whole envelope is dropped.
                whole = point.envelope is None or point.envelope.last_step < step
                envelope = point.envelope if whole else None
                points.append(Point(point.step, content, point.number, envelope=envelope))
                # One more record is counted for a dropped envelope, so that the gap remains visible.
                more = points[-1].records - 1 if whole else 1
                counted = max(counted, point.number + more)
        self.points = points
        self.records = counted
        if not self.records:
            self.first_step = None
        return True

    def _add_rows(self, table: RowTable) -> None:
        if table.id in self._tables:
            return
        indices = []
        for row in table.rows:
            index = self._indices.setdefault((row.kind, row.tensor), len(self.rows))
            if index == len(self.rows):
                self.rows.append(row)
                self.first_rows.append(row)
            else:
                self.rows[index] = row
            indices.append(index)
        self._tables[table.id] = np.array(indices, np.int64)
