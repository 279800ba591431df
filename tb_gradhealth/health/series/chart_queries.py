"""What a run measured, as charts ask for it: a tensor over time, its distribution, all at a glance."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from tb_gradhealth.health.arrays import Floats, Ints
from tb_gradhealth.health.series.buckets import Cells, Reduction, Stretch, cells_of, stretch_of
from tb_gradhealth.health.series.derived import DERIVED
from tb_gradhealth.health.series.history import History
from tb_gradhealth.record import Row, Steps
from tb_gradhealth.record.columns import MAGNITUDES
from tb_gradhealth.record.magnitudes import BINS, unpack_shares

ALL_STEPS = (-np.inf, np.inf)
"""The range of all steps."""

MOST_AT_ONCE = 1 << 18
"""Numbers that are taken out of the history at once; each takes some dozens of bytes on the way."""

StepRange = tuple[float, float]


@dataclass(frozen=True)
class Heatmap:
    """A statistic of many tensors over the training.

    Attributes:
        rows: in forward order.
        steps: the first step of each column, float64 [cells].
        values: float64 [rows, cells]; NaN where nothing was measured.
    """

    rows: tuple[Row, ...]
    steps: Floats
    values: Floats


def history_of(histories: Sequence[History], kind: str, tensor: str) -> tuple[History, int]:
    """The history that has a row, and the row's place in it.

    Raises:
        KeyError: none of them measured that kind of that tensor.
    """
    for history in histories:
        row = history.row(kind, tensor)
        if row is not None:
            return history, row
    raise KeyError((kind, tensor))


def query_series(
    histories: Sequence[History],
    kind: str,
    tensor: str,
    columns: Sequence[str],
    steps: StepRange = ALL_STEPS,
    most: int = 1024,
) -> dict[str, Cells]:
    """Some columns of one row, each in at most so many cells; all have the same steps.

    Raises:
        KeyError: no recorder of this run measured that kind of that tensor.
    """
    history, row = history_of(histories, kind, tensor)
    stretch = stretch_of(history, *steps)
    place = np.array([row], np.int64)
    return {column: cells_of(history, place, column, stretch).pooled(most) for column in columns}


def query_steps(histories: Sequence[History], kind: str, tensor: str) -> tuple[Floats, Floats]:
    """What the flight recorder kept of one row: steps and values, float64; NaN between two writings.

    Raises:
        KeyError: no recorder of this run measured that kind of that tensor.
    """
    history, row = history_of(histories, kind, tensor)
    steps: list[Floats] = []
    values: list[Floats] = []
    last = -np.inf
    for point in history.points:
        written = point.content
        if not isinstance(written, Steps):
            continue
        watched = history.places(written.table)[list(written.table.watched)]
        column = np.flatnonzero(watched == row)
        new = written.steps > last
        if not column.size or not new.any():
            continue
        begins = float(written.steps[new][0])
        if steps and begins > last + 1:
            steps.append(np.array([np.nan]))
            values.append(np.array([np.nan]))
        steps.append(written.steps[new].astype(np.float64))
        values.append(written.values[new, column[0]].astype(np.float64))
        last = float(written.steps[-1])
    nothing = [np.empty(0)]
    return np.concatenate(steps or nothing), np.concatenate(values or nothing)


def query_magnitudes(
    histories: Sequence[History], kind: str, tensor: str, steps: StepRange = ALL_STEPS, width: int = 256
) -> tuple[Floats, npt.NDArray[np.float32]]:
    """The distribution of |x| of one row: steps, float64 [cells], and shares per bin, float32 [cells, 30].

    A cell of several records shows their mean share; of records that were thinned out nothing is left.

    Raises:
        KeyError: no recorder of this run measured that kind of that tensor.
    """
    history, row = history_of(histories, kind, tensor)
    stretch = stretch_of(history, *steps)
    place = np.array([row], np.int64)
    packed = [cells_of(history, place, name, stretch).low[0] for name in MAGNITUDES]
    shares = unpack_shares(np.stack(packed, axis=-1))
    known = np.isfinite(shares).all(axis=1)
    starting = np.array([point.step for point in stretch.points], np.float64)[known]
    shares = shares[known]
    if len(shares) > width:
        starts = (np.arange(width) * len(shares)) // width
        counts = np.diff([*starts, len(shares)])
        shares = (np.add.reduceat(shares, starts, axis=0) / counts[:, None]).astype(np.float32)
        starting = starting[starts]
    return starting, shares.reshape(-1, BINS)


def query_heatmap(
    histories: Sequence[History],
    kind: str,
    column: str,
    steps: StepRange = ALL_STEPS,
    width: int = 512,
    how: Reduction = "max",
) -> Heatmap:
    """A statistic of every measured row of a kind, in forward order.

    ``column`` is a record's or one of those derived from it.
    """
    parts = []
    for history in histories:
        forward = sorted(enumerate(history.rows), key=lambda placed: placed[1].depth)
        chosen = [place for place, row in forward if row.kind == kind and not row.not_measured]
        cells = _pooled(history, np.array(chosen, np.int64), column, stretch_of(history, *steps), width)
        parts.append(([history.rows[place] for place in chosen], cells))
    parts = [(rows, cells) for rows, cells in parts if rows and cells.steps.size]
    edges = np.unique(np.concatenate([cells.steps for _, cells in parts])) if parts else np.empty(0)
    if edges.size > width:
        edges = edges[(np.arange(width) * edges.size) // width]
    images = [_spread(cells, edges, how) for _, cells in parts]
    rows = tuple(row for rows, _ in parts for row in rows)
    return Heatmap(rows, edges, np.concatenate(images) if images else np.empty((0, 0)))


def _pooled(history: History, rows: Ints, column: str, stretch: Stretch, width: int) -> Cells:
    """Cells of some rows, a part of the rows at a time: all records of all rows would not fit in memory."""
    at_once = max(1, MOST_AT_ONCE // max(len(stretch.points), 1))
    parts = np.split(rows, range(at_once, rows.size, at_once))
    measured = [
        (
            DERIVED[column](history, part, stretch)
            if column in DERIVED
            else cells_of(history, part, column, stretch)
        ).pooled(width)
        for part in parts
    ]
    first = measured[0]
    mean, low, high = (
        np.concatenate([getattr(cells, name) for cells in measured]) for name in ("mean", "low", "high")
    )
    return Cells(first.steps, first.records, mean, low, high, first.complete)


def _spread(cells: Cells, edges: Floats, how: Reduction) -> Floats:
    """A history's numbers on the steps of several, float64 [rows, edges]; NaN where it has none."""
    values = cells.reduced(how)
    if np.array_equal(cells.steps, edges):
        return values
    column = np.searchsorted(edges, cells.steps, "right") - 1
    hit, starts = np.unique(column, return_index=True)
    reduce = np.fmin if how == "min" else np.fmax
    spread = np.full((values.shape[0], edges.size), np.nan)
    spread[:, hit] = reduce.reduceat(values, starts, axis=1)
    return spread
