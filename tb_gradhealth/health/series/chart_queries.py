"""What charts read of a run: a tensor over time, its distribution, and all tensors in a heatmap."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from tb_gradhealth.health.arrays import Floats, Ints
from tb_gradhealth.health.series.buckets import Buckets, RecordRange, Reduction, buckets_of, records_between
from tb_gradhealth.health.series.derived import DERIVED
from tb_gradhealth.health.series.history import History
from tb_gradhealth.record import Row, Steps
from tb_gradhealth.record.columns import MAGNITUDES
from tb_gradhealth.record.magnitudes import BINS, unpack_shares

ALL_STEPS = (-np.inf, np.inf)
"""The range of all steps."""

MAXIMUM_NUMBERS = 1 << 18
"""Numbers that are read out of a history at a time; each takes some dozens of bytes meanwhile."""

StepRange = tuple[float, float]
"""First and last step, both included."""


@dataclass(frozen=True)
class Heatmap:
    """A statistic of many tensors over the training.

    Attributes:
        rows: in forward order.
        steps: the first step of each column, float64 [buckets].
        values: float64 [rows, buckets]; NaN where nothing was measured.
    """

    rows: tuple[Row, ...]
    steps: Floats
    values: Floats


def history_of(histories: Sequence[History], kind: str, tensor: str) -> tuple[History, int]:
    """The history that has a row, and the row's index in it.

    Raises:
        KeyError: none of them has a row of that kind and tensor.
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
    maximum: int = 1024,
) -> dict[str, Buckets]:
    """Some columns of one row, each in at most ``maximum`` buckets; all have the same steps.

    Raises:
        KeyError: no recorder of this run measured that kind of that tensor.
    """
    history, row = history_of(histories, kind, tensor)
    records = records_between(history, *steps)
    rows = np.array([row], np.int64)
    return {column: buckets_of(history, rows, column, records).pooled(maximum) for column in columns}


def query_steps(histories: Sequence[History], kind: str, tensor: str) -> tuple[Floats, Floats]:
    """The flight recorder's steps and values of one row, float64; NaN where steps are missing between two.

    Raises:
        KeyError: no recorder of this run measured that kind of that tensor.
    """
    history, row = history_of(histories, kind, tensor)
    steps: list[Floats] = []
    values: list[Floats] = []
    last = -np.inf
    for point in history.points:
        content = point.content
        if not isinstance(content, Steps):
            continue
        watched = history.row_indices(content.table)[list(content.table.watched)]
        column = np.flatnonzero(watched == row)
        new = content.steps > last
        if not column.size or not new.any():
            continue
        begins = float(content.steps[new][0])
        if steps and begins > last + 1:
            steps.append(np.array([np.nan]))
            values.append(np.array([np.nan]))
        steps.append(content.steps[new].astype(np.float64))
        values.append(content.values[new, column[0]].astype(np.float64))
        last = float(content.steps[-1])
    nothing = [np.empty(0)]
    return np.concatenate(steps or nothing), np.concatenate(values or nothing)


def query_magnitudes(
    histories: Sequence[History], kind: str, tensor: str, steps: StepRange = ALL_STEPS, width: int = 256
) -> tuple[Floats, npt.NDArray[np.float32]]:
    """The distribution of |x| of one row: steps, float64 [buckets], and shares, float32 [buckets, 30].

    A bucket of several records holds their mean share. Records that were thinned out have no distribution.

    Raises:
        KeyError: no recorder of this run measured that kind of that tensor.
    """
    history, row = history_of(histories, kind, tensor)
    records = records_between(history, *steps)
    rows = np.array([row], np.int64)
    packed = [buckets_of(history, rows, name, records).low[0] for name in MAGNITUDES]
    shares = unpack_shares(np.stack(packed, axis=-1))
    known = np.isfinite(shares).all(axis=1)
    first_steps = np.array([point.step for point in records.points], np.float64)[known]
    shares = shares[known]
    if len(shares) > width:
        starts = (np.arange(width) * len(shares)) // width
        counts = np.diff([*starts, len(shares)])
        shares = (np.add.reduceat(shares, starts, axis=0) / counts[:, None]).astype(np.float32)
        first_steps = first_steps[starts]
    return first_steps, shares.reshape(-1, BINS)


def query_heatmap(
    histories: Sequence[History],
    kind: str,
    column: str,
    steps: StepRange = ALL_STEPS,
    width: int = 512,
    how: Reduction = "max",
) -> Heatmap:
    """A statistic of every measured row of a kind, in forward order.

    ``column`` is a column of the records or a key of `DERIVED`.
    """
    parts = []
    for history in histories:
        forward = sorted(enumerate(history.rows), key=lambda indexed: indexed[1].depth)
        chosen = [index for index, row in forward if row.kind == kind and not row.not_measured]
        records = records_between(history, *steps)
        buckets = _pooled(history, np.array(chosen, np.int64), column, records, width)
        parts.append(([history.rows[index] for index in chosen], buckets))
    parts = [(rows, buckets) for rows, buckets in parts if rows and buckets.steps.size]
    edges = np.unique(np.concatenate([buckets.steps for _, buckets in parts])) if parts else np.empty(0)
    if edges.size > width:
        edges = edges[(np.arange(width) * edges.size) // width]
    images = [_on_steps(buckets, edges, how) for _, buckets in parts]
    rows = tuple(row for rows, _ in parts for row in rows)
    return Heatmap(rows, edges, np.concatenate(images) if images else np.empty((0, 0)))


def _pooled(history: History, rows: Ints, column: str, records: RecordRange, width: int) -> Buckets:
    """Buckets of some rows, read in parts: all records of all rows would not fit in memory."""
    at_once = max(1, MAXIMUM_NUMBERS // max(len(records.points), 1))
    parts = np.split(rows, range(at_once, rows.size, at_once))
    measured = [
        (
            DERIVED[column](history, part, records)
            if column in DERIVED
            else buckets_of(history, part, column, records)
        ).pooled(width)
        for part in parts
    ]
    first = measured[0]
    mean, low, high = (
        np.concatenate([getattr(buckets, name) for buckets in measured]) for name in ("mean", "low", "high")
    )
    return Buckets(first.steps, first.records, mean, low, high, first.complete)


def _on_steps(buckets: Buckets, edges: Floats, how: Reduction) -> Floats:
    """A history's numbers on the steps of all histories, float64 [rows, edges]; NaN where it has none."""
    values = buckets.reduced(how)
    if np.array_equal(buckets.steps, edges):
        return values
    column = np.searchsorted(edges, buckets.steps, "right") - 1
    hit, starts = np.unique(column, return_index=True)
    reduce = np.fmin if how == "min" else np.fmax
    image = np.full((values.shape[0], edges.size), np.nan)
    image[:, hit] = reduce.reduceat(values, starts, axis=1)
    return image
