"""A statistic over a range of steps as buckets: each covers some records, with minimum, maximum and mean."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

import numpy as np

from tb_gradhealth.health.arrays import Floats, Ints
from tb_gradhealth.health.series.history import History, Point

Reduction = Literal["max", "mean", "min"]


@dataclass(frozen=True)
class Buckets:
    """Some rows of a history over a range of steps.

    Attributes:
        steps: the first step of each bucket, float64 [buckets], ascending.
        records: number of records in each bucket, int64 [buckets].
        mean: float64 [rows, buckets], NaN where nothing was measured.
        low: the minimum, likewise.
        high: the maximum, likewise.
        complete: the range lacks no record, see `RecordRange`.
    """

    steps: Floats
    records: Ints
    mean: Floats
    low: Floats
    high: Floats
    complete: bool

    @property
    def exact(self) -> bool:
        """Whether every record of the range is a bucket of its own."""
        return self.complete and bool((self.records == 1).all())

    def pooled(self, maximum: int) -> "Buckets":
        """At most ``maximum`` buckets, with neighbours joined."""
        count = self.steps.size
        if count <= maximum:
            return self
        starts = (np.arange(maximum) * count) // maximum
        weights = np.where(np.isfinite(self.mean), self.records, 0)
        weight = np.add.reduceat(weights, starts, axis=1)
        with np.errstate(all="ignore"):
            total = np.add.reduceat(np.where(weights > 0, self.mean, 0) * weights, starts, axis=1)
            mean = np.where(weight > 0, total / weight, np.fmax.reduceat(self.mean, starts, axis=1))
            low = np.fmin.reduceat(self.low, starts, axis=1)
            high = np.fmax.reduceat(self.high, starts, axis=1)
        return Buckets(
            steps=self.steps[starts],
            records=np.add.reduceat(self.records, starts),
            mean=mean,
            low=low,
            high=high,
            complete=self.complete,
        )

    def reduced(self, how: Reduction) -> Floats:
        """One number per row and bucket, float64 [rows, buckets]."""
        return {"max": self.high, "mean": self.mean, "min": self.low}[how]


@dataclass(frozen=True)
class RecordRange:
    """The records that a history holds of a range of steps.

    Attributes:
        points: the records.
        complete: no record of the range was thinned out.
    """

    points: Sequence[Point]
    complete: bool


def records_between(history: History, first: float, last: float) -> RecordRange:
    """The records in memory from the step ``first`` to the step ``last``, both included."""
    points = history.record_points()
    steps = np.array([point.step for point in points], np.float64)
    begin, end = int(np.searchsorted(steps, first)), int(np.searchsorted(steps, last, "right"))
    if begin == end:  # between two points: the envelope that covers the range bounds its values
        covering = (index for index in reversed(range(begin)) if _covers(points[index], first))
        begin = next(covering, begin)
        end = min(end, begin + 1)
    # Both neighbours are checked too: records may be missing between them and the range.
    numbers = [0] * (begin == 0) + [point.number for point in points[max(begin - 1, 0) : end + 1]]
    numbers += [history.records + 1] * (end >= len(points))
    missing = any(later - earlier != 1 for earlier, later in pairwise(numbers))
    return RecordRange(points[begin:end], not missing)


def _covers(point: Point, step: float) -> bool:
    return point.envelope is not None and point.envelope.last_step >= step


def buckets_of(history: History, rows: Ints, column: str, records: RecordRange) -> Buckets:
    """A column of some rows over a range of records.

    Args:
        history: the history.
        rows: indices into ``history.rows``, int64 [rows].
        column: a column's name.
        records: the records.
    """
    points = records.points
    found = np.full((3, len(points), rows.size), np.nan)
    tables: dict[str, tuple[Ints, Ints, int]] = {}
    for index, point in enumerate(points):
        record, table = point.record, point.record.table
        if column not in table.columns:
            continue
        if table.id not in tables:
            # The requested rows that this table has, and their indices in the table.
            table_rows = np.full(len(history.rows), -1, np.int64)
            table_rows[history.row_indices(table)] = np.arange(len(table.rows))
            present = np.flatnonzero(table_rows[rows] >= 0)
            tables[table.id] = present, table_rows[rows[present]], table.columns.index(column)
        present, source, number = tables[table.id]
        if point.envelope is None:
            found[:, index, present] = record.part(source, number)
            continue
        offsets = history.layout(table).offsets(source, number)
        for layer, packed in enumerate((point.envelope.mean, point.envelope.low, point.envelope.high)):
            values = np.where(offsets >= 0, packed[offsets], record.part(source, number))
            found[layer, index, present] = values
    mean, low, high = np.ascontiguousarray(found.transpose(0, 2, 1))
    return Buckets(
        steps=np.array([point.step for point in points], np.float64),
        records=np.array([point.records for point in points], np.int64),
        mean=mean,
        low=low,
        high=high,
        complete=records.complete,
    )
