"""A statistic over the training as cells: a stretch of steps each, with smallest, largest and mean."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

import numpy as np

from tb_gradhealth.health.arrays import Floats, Ints
from tb_gradhealth.health.series.history import History, Point

Reduction = Literal["max", "mean", "min"]


@dataclass(frozen=True)
class Cells:
    """Some rows of a history over a range of steps.

    Attributes:
        steps: the first step of each cell, float64 [cells], ascending.
        records: how many records each cell holds, int64 [cells].
        mean: float64 [rows, cells], NaN where nothing was measured.
        low: the smallest, likewise.
        high: the largest, likewise.
        complete: no record of the range was thinned out.
    """

    steps: Floats
    records: Ints
    mean: Floats
    low: Floats
    high: Floats
    complete: bool

    @property
    def exact(self) -> bool:
        """Every record of the range is a cell of its own."""
        return self.complete and bool((self.records == 1).all())

    def pooled(self, most: int) -> "Cells":
        """The same in at most so many cells, neighbours joined."""
        count = self.steps.size
        if count <= most:
            return self
        starts = (np.arange(most) * count) // most
        weights = np.where(np.isfinite(self.mean), self.records, 0)
        weight = np.add.reduceat(weights, starts, axis=1)
        with np.errstate(all="ignore"):
            total = np.add.reduceat(np.where(weights > 0, self.mean, 0) * weights, starts, axis=1)
            mean = np.where(weight > 0, total / weight, np.fmax.reduceat(self.mean, starts, axis=1))
            low = np.fmin.reduceat(self.low, starts, axis=1)
            high = np.fmax.reduceat(self.high, starts, axis=1)
        return Cells(
            steps=self.steps[starts],
            records=np.add.reduceat(self.records, starts),
            mean=mean,
            low=low,
            high=high,
            complete=self.complete,
        )

    def reduced(self, how: Reduction) -> Floats:
        """One number for each row and cell, float64 [rows, cells]."""
        return {"max": self.high, "mean": self.mean, "min": self.low}[how]


@dataclass(frozen=True)
class Stretch:
    """The records that a history keeps of a range of steps; ``complete`` where none of it is missing."""

    points: Sequence[Point]
    complete: bool


def stretch_of(history: History, first: float, last: float) -> Stretch:
    """The records kept from the step ``first`` to the step ``last``, both included."""
    kept = history.kept_records()
    steps = np.array([point.step for point in kept], np.float64)
    begin, end = int(np.searchsorted(steps, first)), int(np.searchsorted(steps, last, "right"))
    if begin == end:  # between two points: the cell that reaches over it says at least what its extremes were
        reaching = (i for i in reversed(range(begin)) if _reaches(kept[i], first))
        begin = next(reaching, begin)
        end = min(end, begin + 1)
    # The neighbours on both sides are looked at too: records can be missing between them and the range.
    numbers = [0] * (begin == 0) + [point.number for point in kept[max(begin - 1, 0) : end + 1]]
    numbers += [history.records + 1] * (end >= len(kept))
    missing = any(later - earlier != 1 for earlier, later in pairwise(numbers))
    return Stretch(kept[begin:end], not missing)


def _reaches(point: Point, step: float) -> bool:
    return point.envelope is not None and point.envelope.last_step >= step


def cells_of(history: History, rows: Ints, column: str, stretch: Stretch) -> Cells:
    """A column of some of a history's rows over a stretch.

    Args:
        history: the history.
        rows: places in ``history.rows``, int64 [rows].
        column: a column's name.
        stretch: which records.
    """
    points = stretch.points
    found = np.full((3, len(points), rows.size), np.nan)
    known: dict[str, tuple[Ints, Ints, int]] = {}
    for index, point in enumerate(points):
        record, table = point.record, point.record.table
        if column not in table.columns:
            continue
        if table.id not in known:
            # Where each wanted row lies in this table, for the wanted rows that it has.
            place = np.full(len(history.rows), -1, np.int64)
            place[history.places(table)] = np.arange(len(table.rows))
            has = np.flatnonzero(place[rows] >= 0)
            known[table.id] = has, place[rows[has]], table.columns.index(column)
        has, source, at = known[table.id]
        if point.envelope is None:
            found[:, index, has] = record.part(source, at)
            continue
        inside = history.layout(table).places(source, at)
        for layer, packed in enumerate((point.envelope.mean, point.envelope.low, point.envelope.high)):
            found[layer, index, has] = np.where(inside >= 0, packed[inside], record.part(source, at))
    mean, low, high = np.ascontiguousarray(found.transpose(0, 2, 1))
    return Cells(
        steps=np.array([point.step for point in points], np.float64),
        records=np.array([point.records for point in points], np.int64),
        mean=mean,
        low=low,
        high=high,
        complete=stretch.complete,
    )
