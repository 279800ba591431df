"""Statistics for charts that are computed from records; rules do not use them."""

from collections.abc import Callable, Mapping
from typing import Final

import numpy as np

from tb_gradhealth.health.arrays import Floats, Ints
from tb_gradhealth.health.series.buckets import Buckets, RecordRange, buckets_of
from tb_gradhealth.health.series.history import History
from tb_gradhealth.record import Row
from tb_gradhealth.record.columns import MAGNITUDES
from tb_gradhealth.record.magnitudes import BINS, EDGES, OCTAVES_PER_BIN, unpack_shares

Measure = Callable[[History, Ints, RecordRange], Buckets]

SMALLEST_WEIGHT_RMS: Final = 1e-3
"""Floor of RMS(w) in an update ratio, for weights that start at zero."""

SMALLEST_NORMAL_FLOAT16: Final = -14
"""Exponent of two of the smallest normal number of float16."""

_LOW_EDGES: Final = np.array([EDGES[0] - OCTAVES_PER_BIN, *EDGES], np.float64)
"""Exponents at which the bins begin, [30]; the lowest bin, which is open, counts as wide as the others."""


def update_ratio(history: History, rows: Ints, records: RecordRange) -> Buckets:
    """RMS(w after - w before) / max(RMS(w), 1e-3) of updates, as the symptom of that name judges it.

    The mean of a bucket of several records is the mean of the updates over the mean of the weights.
    """
    update = buckets_of(history, rows, "rms", records)
    weights = [history.row("weight", history.rows[row].tensor) for row in rows.tolist()]
    known = np.array([row is not None for row in weights], bool)
    weight_rows = np.array([row for row in weights if row is not None], np.int64)
    weight = buckets_of(history, weight_rows, "rms", records)

    def over(value: Floats, reference: Floats) -> Floats:
        ratio = np.full_like(value, np.nan)
        ratio[known] = value[known] / np.maximum(reference, SMALLEST_WEIGHT_RMS)
        return ratio

    return Buckets(
        steps=update.steps,
        records=update.records,
        mean=over(update.mean, weight.mean),
        low=over(update.low, weight.high),
        high=over(update.high, weight.low),
        complete=update.complete,
    )


def below_float16(history: History, rows: Ints, records: RecordRange) -> Buckets:
    """Share of the non-zero magnitudes below 2^-14, where float16 begins to lose digits."""

    def share(shares: Floats) -> Floats:
        below = _LOW_EDGES < SMALLEST_NORMAL_FLOAT16
        return np.asarray(shares[..., below].sum(axis=-1) / _total(shares))

    return _of_magnitudes(history, rows, records, share)


def percentile(rank: float) -> Measure:
    """The magnitude below which the share ``rank`` of the non-zero elements lies, by the log2 histogram."""

    def measure(history: History, rows: Ints, records: RecordRange) -> Buckets:
        def value(shares: Floats) -> Floats:
            reached = np.cumsum(shares / _total(shares)[..., None], axis=-1)
            index = np.minimum((reached < rank).sum(axis=-1), BINS - 1)
            upper = np.take_along_axis(reached, index[..., None], -1)[..., 0]
            share = np.take_along_axis(shares / _total(shares)[..., None], index[..., None], -1)[..., 0]
            within = np.clip(1 - (upper - rank) / np.where(share > 0, share, np.nan), 0, 1)
            return np.asarray(np.exp2(_LOW_EDGES[index] + OCTAVES_PER_BIN * within))

        return _of_magnitudes(history, rows, records, value)

    return measure


DERIVED: Final[Mapping[str, Measure]] = {
    "update_ratio": update_ratio,
    "percentile_50": percentile(0.5),
    "percentile_99": percentile(0.99),
    "below_float16": below_float16,
}
"""By name; the chart routes accept the names like those of columns."""


def derived_of(row: Row, magnitudes: bool) -> list[str]:
    """Names of the derived statistics that a row has.

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
    history: History, rows: Ints, records: RecordRange, number: Callable[[Floats], Floats]
) -> Buckets:
    """A number of the log2 histogram, [rows, buckets, 30] to [rows, buckets]; NaN for thinned-out records."""
    packed = [buckets_of(history, rows, name, records) for name in MAGNITUDES]
    shares = unpack_shares(np.stack([buckets.low for buckets in packed], axis=-1)).astype(np.float64)
    with np.errstate(invalid="ignore"):
        values = number(shares)
    first = packed[0]
    return Buckets(first.steps, first.records, values, values, values, first.complete)


def _total(shares: Floats) -> Floats:
    """Sum of the shares, which is not exactly 1 because they are rounded; NaN for a tensor of zeros."""
    total = shares.sum(axis=-1)
    return np.where(total > 0, total, np.nan)
