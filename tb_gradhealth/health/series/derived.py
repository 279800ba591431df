"""Statistics that no record holds but that follow from it: for looking at; rules have their own."""

from collections.abc import Callable, Mapping
from typing import Final

import numpy as np

from tb_gradhealth.health.arrays import Floats, Ints
from tb_gradhealth.health.series.buckets import Cells, Stretch, cells_of
from tb_gradhealth.health.series.history import History
from tb_gradhealth.record import Row
from tb_gradhealth.record.columns import MAGNITUDES
from tb_gradhealth.record.magnitudes import BINS, EDGES, OCTAVES_PER_BIN, unpack_shares

Measure = Callable[[History, Ints, Stretch], Cells]

SMALLEST_WEIGHT: Final = 1e-3
"""Floor of RMS(w) in an update ratio, for weights that start at zero."""

SMALLEST_NORMAL_FLOAT16: Final = -14
"""Exponent of two."""

_LOW_EDGES: Final = np.array([EDGES[0] - OCTAVES_PER_BIN, *EDGES], np.float64)
"""Exponents at which the bins begin, [30]; the lowest bin, which is open, is taken as wide as the others."""


def update_ratio(history: History, rows: Ints, stretch: Stretch) -> Cells:
    """RMS(w after - w before) / max(RMS(w), 1e-3) of updates, as the symptom of that name judges it.

    Of a cell of several records the mean is that of the updates over that of the weights.
    """
    update = cells_of(history, rows, "rms", stretch)
    weights = [history.row("weight", history.rows[row].tensor) for row in rows.tolist()]
    known = np.array([row is not None for row in weights], bool)
    places = np.array([row for row in weights if row is not None], np.int64)
    weight = cells_of(history, places, "rms", stretch)

    def over(value: Floats, reference: Floats) -> Floats:
        ratio = np.full_like(value, np.nan)
        ratio[known] = value[known] / np.maximum(reference, SMALLEST_WEIGHT)
        return ratio

    return Cells(
        steps=update.steps,
        records=update.records,
        mean=over(update.mean, weight.mean),
        low=over(update.low, weight.high),
        high=over(update.high, weight.low),
        complete=update.complete,
    )


def below_float16(history: History, rows: Ints, stretch: Stretch) -> Cells:
    """Share of the non-zero magnitudes below 2^-14, where float16 begins to lose digits."""

    def share(shares: Floats) -> Floats:
        below = _LOW_EDGES < SMALLEST_NORMAL_FLOAT16
        return np.asarray(shares[..., below].sum(axis=-1) / _total(shares))

    return _of_magnitudes(history, rows, stretch, share)


def percentile(rank: float) -> Measure:
    """The magnitude below which a share ``rank`` of the non-zero elements lies, by the log2 histogram."""

    def measure(history: History, rows: Ints, stretch: Stretch) -> Cells:
        def value(shares: Floats) -> Floats:
            reached = np.cumsum(shares / _total(shares)[..., None], axis=-1)
            place = np.minimum((reached < rank).sum(axis=-1), BINS - 1)
            upper = np.take_along_axis(reached, place[..., None], -1)[..., 0]
            share = np.take_along_axis(shares / _total(shares)[..., None], place[..., None], -1)[..., 0]
            within = np.clip(1 - (upper - rank) / np.where(share > 0, share, np.nan), 0, 1)
            return np.asarray(np.exp2(_LOW_EDGES[place] + OCTAVES_PER_BIN * within))

        return _of_magnitudes(history, rows, stretch, value)

    return measure


DERIVED: Final[Mapping[str, Measure]] = {
    "update_ratio": update_ratio,
    "percentile_50": percentile(0.5),
    "percentile_99": percentile(0.99),
    "below_float16": below_float16,
}
"""By the name under which they are asked for like a column."""


def derived_of(row: Row, magnitudes: bool) -> list[str]:
    """Which of them a row has.

    Args:
        row: the row.
        magnitudes: whether its log2 histogram is written.
    """
    if row.not_measured:
        return []
    return ["update_ratio"] * (row.kind == "update") + [
        name for name in DERIVED if magnitudes and name != "update_ratio"
    ]


def _of_magnitudes(
    history: History, rows: Ints, stretch: Stretch, number: Callable[[Floats], Floats]
) -> Cells:
    """A number of the log2 histogram, [rows, cells, 30] to [rows, cells]; NaN for records thinned out."""
    packed = [cells_of(history, rows, name, stretch) for name in MAGNITUDES]
    shares = unpack_shares(np.stack([cells.low for cells in packed], axis=-1)).astype(np.float64)
    with np.errstate(invalid="ignore"):
        values = number(shares)
    first = packed[0]
    return Cells(first.steps, first.records, values, values, values, first.complete)


def _total(shares: Floats) -> Floats:
    """What the shares add up to, which rounding keeps from being 1; NaN for a tensor of zeros."""
    total = shares.sum(axis=-1)
    return np.where(total > 0, total, np.nan)
