"""Everything one recorder wrote in one run, as one history of bounded size, whatever its row tables were."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from tb_gradhealth.health.arrays import Floats, Ints
from tb_gradhealth.health.series.envelope import Envelope, Layout
from tb_gradhealth.health.series.epochs import EpochLog
from tb_gradhealth.health.series.rule_values import NOTHING, Measured
from tb_gradhealth.record import Record, Row, RowTable, Steps

MOST_POINTS: Final = 1024
"""Points a series has at most: about two for each pixel column that a chart gives it."""

LEAST_POINTS: Final = 96
"""Points that are kept however large they are."""

BUDGET: Final = 128 << 20
"""Bytes that the points of a history may take beyond the least number of them: 1,024 points of a network of
1,000 rows, 230 of one of 5,000."""

EXACT: Final = 48
"""The newest points, of which none is left out."""

MOST_LINES: Final = 16
"""Writings of the flight recorder that are remembered, the newest ones."""


@dataclass(slots=True)
class Point:
    """One record, or one writing of the flight recorder, with what the rules measured on it.

    Attributes:
        step: its last training step.
        content: as it was written.
        number: records of the history up to here, those included that were thinned out.
        measured: what the rules measured on it.
        pinned: a finding opened or was resolved close by, so no thinning takes it away.
        envelope: of this record together with those after it that were thinned out, None where none was.
    """

    step: int
    content: Record | Steps
    number: int
    measured: Measured = NOTHING
    pinned: bool = False
    envelope: Envelope | None = None

    @property
    def record(self) -> Record:
        """The content of a point that is known to be a record."""
        assert isinstance(self.content, Record)
        return self.content

    @property
    def records(self) -> int:
        """Records that the point stands for; 0 for the flight recorder's lines."""
        if not isinstance(self.content, Record):
            return 0
        return 1 if self.envelope is None else self.envelope.records

    @property
    def size(self) -> int:
        """Bytes, as far as they are worth counting."""
        around = 0 if self.envelope is None else self.envelope.nbytes
        return int(self.content.nbytes + self.measured.numbers.nbytes + around)


class History:
    """Points in the order in which they were written, the last write winning where training went back.

    Recent points are all there. Where there are too many, older ones are joined with their neighbours, again
    and again; those around findings stay. What goes leaves its smallest, largest and mean numbers to the
    point before it. A changed set of tensors brings a new row table; its rows join the ones known so far, so
    a tensor keeps one place in ``rows``, as it was described last, and in ``first_rows``, as it was at first.
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
        self._places: dict[tuple[str, str], int] = {}
        self._tables: dict[str, Ints] = {}
        self._layouts: dict[str, Layout] = {}
        self._enveloped = 0
        self._coarseness = 1
        self._judged_size = 0

    @property
    def full(self) -> bool:
        """Whether it is time to thin."""
        count = len(self.points)
        if count <= LEAST_POINTS:
            return False
        if count > MOST_POINTS:
            return True
        size = max(self.points[-1].size, self._judged_size)  # the newest may not have been judged yet
        return count * size + self._enveloped > self._budget

    @property
    def full_of_lines(self) -> bool:
        """Whether it is time to forget writings of the flight recorder."""
        return sum(isinstance(point.content, Steps) for point in self.points) >= MOST_LINES

    def forget_lines(self) -> None:
        """Forget the oldest writing of the flight recorder."""
        oldest = next(i for i, point in enumerate(self.points) if isinstance(point.content, Steps))
        del self.points[oldest]

    def append(self, content: Record | Steps) -> bool:
        """Add what was written; a record that goes back in steps replaces what it overtakes.

        Returns:
            Whether training went back, so that what was judged so far no longer holds.
        """
        self._place_rows(content.table)
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
        """Join neighbours among the records that are neither recent nor close to a finding.

        All of the past gets equally coarse: cells grow until at least a quarter of the old points is gone. To
        drop every second one would be simpler, and leave of a long run's beginning a handful of points.
        """
        old = self.points[:-EXACT]
        # Pins must not fill the history: beyond half of it they are thinned like the others.
        pinned = sum(point.pinned for point in old) <= len(self.points) // 2
        loose = [p for p in old if isinstance(p.content, Record) and not (pinned and p.pinned)]
        self._judged_size = max((point.size for point in self.points[-EXACT:]), default=0)
        enough = len(loose) - len(loose) // 4
        while len(loose) > 1 and (len(loose) > enough or self._too_large()):
            joined = self._join(loose)
            loose = [point for point in loose if id(point) not in joined]
            self.points = [point for point in self.points if id(point) not in joined]
            if not joined:
                self._coarseness *= 2

    def _too_large(self) -> bool:
        envelopes = (point.envelope for point in self.points)
        self._enveloped = sum(envelope.nbytes for envelope in envelopes if envelope is not None)
        return self.full

    def kept_records(self) -> list[Point]:
        """The points that are records, in step order."""
        return [point for point in self.points if isinstance(point.content, Record)]

    def newest(self) -> Record | None:
        """The last record."""
        for point in reversed(self.points):
            if isinstance(point.content, Record):
                return point.content
        return None

    def places(self, table: RowTable) -> Ints:
        """Where a table's rows are in ``rows``, int64 of shape [rows of the table]."""
        return self._tables[table.id]

    def layout(self, table: RowTable) -> Layout:
        """Where a table's numbers are in its records' envelopes."""
        if table.id not in self._layouts:
            self._layouts[table.id] = Layout(table)
        return self._layouts[table.id]

    def series(self, row: int, column: str) -> Floats:
        """One statistic of one row over the records that are kept, float64 of shape [kept records]."""
        kept = self.kept_records()
        series = np.full(len(kept), np.nan)
        found = {identity: np.flatnonzero(places == row) for identity, places in self._tables.items()}
        for index, point in enumerate(kept):
            table, place = point.record.table, found[point.record.table.id]
            if place.size and column in table.columns:
                series[index] = point.record.part(place[0], table.columns.index(column))
        return series

    def steps(self) -> Ints:
        """The steps of the records that are kept, ascending, int64 of shape [kept records]."""
        return np.array([point.step for point in self.kept_records()], np.int64)

    def row(self, kind: str, tensor: str) -> int | None:
        """Place of a tensor's row of this kind; None if no record ever held it."""
        return self._places.get((kind, tensor))

    def _join(self, points: Sequence[Point]) -> set[int]:
        """Join neighbours into cells of at most ``_coarseness`` records; the ids of those that are gone."""
        gone = set()
        heir = points[0]
        for point in points[1:]:
            if heir.records + point.records <= self._coarseness:
                self._bequeath(point, heir)
                gone.add(id(point))
            else:
                heir = point
        return gone

    def _bequeath(self, point: Point, heir: Point) -> None:
        """Leave a record's extremes to the point before it."""
        record, other = point.record, heir.record
        layout = self.layout(other.table)
        around = heir.envelope or Envelope.of(other, layout)
        if record.table.id == other.table.id:
            heir.envelope = around.joined(point.envelope or Envelope.of(record, layout))
        else:  # other rows: there is no number to compare with
            records, last_step = around.records + point.records, max(around.last_step, record.step)
            heir.envelope = replace(around, records=records, last_step=last_step)

    def _forget_from(self, step: int) -> bool:
        """Take away what a record of this step overtakes; what stays is judged anew."""
        newest = self.newest()
        if newest is None or newest.step < step:
            return False
        self.epochs.forget_from(step)
        kept: list[Point] = []
        counted = 0
        for point in self.points:
            content = point.content
            if isinstance(content, Steps):
                lines = content.values[: max(len(content.values) - max(content.last_step - step + 1, 0), 0)]
                if len(lines):
                    last = min(content.last_step, step - 1)
                    kept.append(Point(last, replace(content, last_step=last, values=lines), point.number))
            elif point.step < step:
                around = point.envelope
                # What was overtaken cannot be taken out of an envelope again.
                whole = around if around is not None and around.last_step < step else None
                kept.append(Point(point.step, content, point.number, envelope=whole))
                # Of a torn envelope one record more is counted, so that a gap stays to be seen.
                more = 1 if whole is not around else kept[-1].records - 1
                counted = max(counted, point.number + more)
        self.points = kept
        self.records = counted
        if not self.records:
            self.first_step = None
        return True

    def _place_rows(self, table: RowTable) -> None:
        if table.id in self._tables:
            return
        places = []
        for row in table.rows:
            place = self._places.setdefault((row.kind, row.tensor), len(self.rows))
            if place == len(self.rows):
                self.rows.append(row)
                self.first_rows.append(row)
            else:
                self.rows[place] = row
            places.append(place)
        self._tables[table.id] = np.array(places, np.int64)
