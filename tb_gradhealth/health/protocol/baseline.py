"""The usual values of a tensor: median and spread of its own recent past."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Final

import numpy as np

from tb_gradhealth.health.arrays import Floats, Ints, Mask, extended, run_lengths

LENGTH: Final = 32
"""Records that form the past. OLMo-core's spike statistics use 128 steps; a record covers several steps, and
over a longer past the drift of a healthy training would count as spread and hide a spike."""

SPREAD_FLOOR: Final = 0.05
"""Added to the spread of logarithms: a steady series may still change by a few percent."""

NORMAL_CONSISTENCY: Final = 1.4826
"""MAD times this estimates the standard deviation of a normal variable (Rousseeuw & Croux, 1993)."""

EVERY_RECORD_UNTIL: Final = 16
"""Up to this record median and spread are computed at every record..."""

REFRESHED: Final = 4
"""...after it at every fourth: sorting the past of every row takes most of a baseline's time."""

RowSelection = Ints | slice
"""Indices of rows, int64 [rows], or a slice for all of them."""


@dataclass(frozen=True)
class Comparison:
    """Values compared with the past of their rows; arrays of shape [records, rows].

    Attributes:
        count: number of values in the past, at most LENGTH.
        median: median of the past, NaN without one.
        score: robust z on the logarithm, (ln v - median) / (1.4826 MAD + 0.05); NaN without a past.
    """

    count: Ints
    median: Floats
    score: Floats

    def update(self, rows: Ints, other: "Comparison") -> None:
        """Replace some rows, in place."""
        self.count[:, rows], self.median[:, rows] = other.count, other.median
        self.score[:, rows] = other.score


OutlierTest = Callable[[Comparison, RowSelection], Mask]
"""Returns which values of some rows are outliers, [records, rows]."""


def no_outliers(usual: Comparison, rows: RowSelection) -> Mask:
    """No value is an outlier."""
    return np.zeros(usual.score.shape, bool)


@dataclass(frozen=True)
class Baseline:
    """Rolling median and MAD of ln(value) for every row.

    Outliers are not added to the past they are compared with. A level that stays is added: from the 33rd
    record in a row on.

    Attributes:
        past: the logarithms added before median and spread were last computed, the newest last, NaN in front
            where there are fewer; [rows, LENGTH].
        recent: the logarithms since, NaN where not added; [records, rows].
        count: number of values in both, at most LENGTH, int64 [rows].
        center: the median as last computed, [rows].
        spread: the spread as last computed, [rows].
        outliers: in how many records in a row up to the last one the value was an outlier, int64 [rows].
        compared: number of compared records.
    """

    past: Floats = field(default_factory=lambda: np.empty((0, LENGTH)))
    recent: Floats = field(default_factory=lambda: np.empty((0, 0)))
    count: Ints = field(default_factory=lambda: np.empty(0, np.int64))
    center: Floats = field(default_factory=lambda: np.empty(0))
    spread: Floats = field(default_factory=lambda: np.empty(0))
    outliers: Ints = field(default_factory=lambda: np.empty(0, np.int64))
    compared: int = 0

    def resized(self, rows: int) -> "Baseline":
        """A baseline of so many rows; the new ones have no past."""
        return Baseline(
            past=np.concatenate([self.past, np.full((rows - len(self.past), LENGTH), np.nan)]),
            recent=extended(self.recent, rows, np.nan),
            count=extended(self.count, rows, 0),
            center=extended(self.center, rows, np.nan),
            spread=extended(self.spread, rows, np.nan),
            outliers=extended(self.outliers, rows, 0),
            compared=self.compared,
        )

    def of(self, rows: Ints) -> "Baseline":
        """The baseline of some rows."""
        return Baseline(
            past=self.past[rows],
            recent=self.recent[:, rows],
            count=self.count[rows],
            center=self.center[rows],
            spread=self.spread[rows],
            outliers=self.outliers[rows],
            compared=self.compared,
        )

    def updated(self, rows: Ints, other: "Baseline") -> "Baseline":
        """The baseline with some rows replaced."""
        past, recent, count = self.past.copy(), self.recent.copy(), self.count.copy()
        center, spread = self.center.copy(), self.spread.copy()
        past[rows], recent[:, rows], count[rows] = other.past, other.recent, other.count
        center[rows], spread[rows] = other.center, other.spread
        return Baseline(past, recent, count, center, spread, self.outliers, self.compared)

    def compare(self, values: Floats, is_outlier: OutlierTest) -> tuple[Comparison, Ints, "Baseline"]:
        """Compare values with each row's past.

        Whether a value is added to the past depends on the values before it. So at first all are added; the
        rows where that was wrong are compared again without their outliers, until nothing changes. Each pass
        settles at least one more record, and few rows have an outlier in a block.

        Args:
            values: [records, rows]; values that are not positive and finite are never added.
            is_outlier: returns which of the others are outliers.

        Returns:
            The comparison; in how many records in a row the value was an outlier, the record's own included,
            int64 [records, rows]; and the baseline after the records.
        """
        logs = np.log(values)
        valid = np.isfinite(logs)
        if not valid.all():
            logs[np.isneginf(logs)] = np.nan
        comparison, after = self._with(logs, valid)
        outliers = is_outlier(comparison, slice(None))
        if not outliers.any():
            return comparison, np.zeros(outliers.shape, np.int64), after
        runs = run_lengths(outliers, self.outliers)
        added = valid & ((runs == 0) | (runs > LENGTH))
        rows = np.flatnonzero((added != valid).any(axis=0))
        added = added[:, rows]
        while rows.size:
            compared, later = self.of(rows)._with(logs[:, rows], added)
            comparison.update(rows, compared)
            after = after.updated(rows, later)
            runs[:, rows] = run_lengths(is_outlier(compared, rows), self.outliers[rows])
            again = valid[:, rows] & ((runs[:, rows] == 0) | (runs[:, rows] > LENGTH))
            changed = (again != added).any(axis=0)
            rows, added = rows[changed], again[:, changed]
        return comparison, runs, replace(after, outliers=runs[-1].copy())

    def _with(self, logs: Floats, added: Mask) -> tuple[Comparison, "Baseline"]:
        """Compare logarithms, [records, rows], with the past, to which those in the mask are added."""
        counts = np.concatenate([self.count[None], added]).cumsum(axis=0)
        np.minimum(counts, LENGTH, out=counts)
        recent = np.concatenate([self.recent, np.where(added, logs, np.nan)])
        past, centers, spreads = self.past, self.center[None], self.spread[None]
        fresh = _are_fresh(self.compared + np.arange(len(logs)))
        at = fresh.nonzero()[0]
        if at.size:
            pasts = self._pasts(recent, len(self.recent) + at)
            past, recent = pasts[-1].copy(), recent[len(self.recent) + at[-1] :].copy()
            center, spread = _center_and_spread(pasts, counts[at])
            centers, spreads = np.concatenate([centers, center]), np.concatenate([spreads, spread])
        after = Baseline(
            past=past,
            recent=recent,
            count=counts[-1].copy(),
            center=centers[-1].copy(),
            spread=spreads[-1].copy(),
            outliers=np.zeros(self.outliers.size, np.int64),
            compared=self.compared + len(logs),
        )
        latest = fresh.cumsum()
        score = (logs - centers.take(latest, axis=0)) / spreads.take(latest, axis=0)
        return Comparison(counts[:-1], np.exp(centers).take(latest, axis=0), score), after

    def _pasts(self, recent: Floats, records: Ints) -> Floats:
        """The last LENGTH added logarithms before some of the recent records, [records, rows, LENGTH]."""
        # All logarithms of a row in one sequence: each past is a window of it.
        sequence = np.concatenate([self.past, recent.T], axis=1)
        begins = np.empty((records.size, len(sequence)), np.int64)
        begins[:] = records[:, None]
        known = np.isfinite(recent)
        gaps = np.flatnonzero(~known.all(axis=0))
        if gaps.size:
            known = known[:, gaps]
            order = np.argsort(~known, axis=0, kind="stable")
            sequence[gaps, LENGTH:] = np.take_along_axis(recent[:, gaps], order, axis=0).T
            begins[:, gaps] = (known.cumsum(axis=0) - known)[records]
        # As sliding_window_view, which takes longer to check its arguments than a record may take.
        shape, strides = (sequence.size - LENGTH + 1, LENGTH), sequence.strides[1:] * 2
        windows = np.ndarray(shape, sequence.dtype, sequence, strides=strides)
        pasts: Floats = windows[np.arange(0, sequence.size, sequence.shape[1]) + begins]
        return pasts


def _are_fresh(numbers: Ints) -> Mask:
    """Whether median and spread are computed at the records of these numbers, [records]."""
    return np.asarray((numbers <= EVERY_RECORD_UNTIL) | (numbers % REFRESHED == 0))


def _center_and_spread(pasts: Floats, counts: Ints) -> tuple[Floats, Floats]:
    """Median and robust spread of pasts, [..., LENGTH], with ``counts`` known values; changes the pasts."""
    begins = np.arange(0, pasts.size, LENGTH).reshape(counts.shape)
    low = begins + (np.maximum(counts - 1, 0) >> 1)
    high = begins + np.minimum(counts >> 1, LENGTH - 1)
    center = _median(pasts, low, high)
    pasts -= center[..., None]
    np.abs(pasts, out=pasts)
    return center, NORMAL_CONSISTENCY * _median(pasts, low, high) + SPREAD_FLOOR


def _median(values: Floats, low: Ints, high: Ints) -> Floats:
    """Median along the last axis without its NaNs, which sorting, in place, puts last.

    Args:
        values: [..., LENGTH].
        low: index of the lower middle value in the flattened sorted values, [...].
        high: index of the higher middle value.
    """
    values.sort(axis=-1)
    middle: Floats = (values.take(low) + values.take(high)) / 2
    return middle
