"""What is normal for a tensor: the median and spread of its own recent past."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Final

import numpy as np

from tb_gradhealth.health.arrays import Floats, Ints, Mask, grown, run_lengths

LENGTH: Final = 32
"""Records that form the past. OLMo-core's spike statistics look back 128 steps; a record covers several,
and over a longer past the drift of a healthy training would pass for spread and hide a spike."""

SPREAD_FLOOR: Final = 0.05
"""Added to the spread of logarithms: a perfectly steady series may still move by a few percent."""

NORMAL_CONSISTENCY: Final = 1.4826
"""MAD times this estimates the standard deviation of a normal variable (Rousseeuw & Croux, 1993)."""

SETTLED: Final = 16
"""Records from which on median and spread are taken anew..."""

REFRESHED: Final = 4
"""...only at every so many: sorting the past of every row is most of a baseline's time."""


Rows = Ints | slice
"""Places of rows, int64 [rows], or all of them."""


@dataclass(frozen=True)
class Usual:
    """Values held against the past of their rows; arrays of shape [records, rows].

    Attributes:
        count: values in the past, at most LENGTH.
        median: of the past, NaN without one.
        score: robust z on the logarithm, (ln v - median) / (1.4826 MAD + 0.05); NaN without a past.
    """

    count: Ints
    median: Floats
    score: Floats

    def put(self, rows: Ints, some: "Usual") -> None:
        """Write what holds of some rows, in place."""
        self.count[:, rows], self.median[:, rows], self.score[:, rows] = some.count, some.median, some.score


Outlying = Callable[[Usual, Rows], Mask]
"""Which values of some rows are outliers, [records, rows]."""


def never(usual: Usual, rows: Rows) -> Mask:
    """No value is an outlier."""
    return np.zeros(usual.score.shape, bool)


@dataclass(frozen=True)
class Baseline:
    """Rolling median and MAD of ln(value) for every row.

    Outliers are not admitted to the past they are compared with, but a level that stays is: from the 33rd
    record in a row on.

    Attributes:
        past: the logarithms admitted before median and spread were last taken, the newest last, NaN in front
            where there are fewer; [rows, LENGTH].
        recent: those since, NaN where not admitted; [records, rows].
        count: how many both hold, at most LENGTH, int64 [rows].
        center: the median as it was last taken, [rows].
        spread: likewise.
        outliers: in how many records in a row the value was an outlier, up to now, int64 [rows].
        compared: records seen.
    """

    past: Floats = field(default_factory=lambda: np.empty((0, LENGTH)))
    recent: Floats = field(default_factory=lambda: np.empty((0, 0)))
    count: Ints = field(default_factory=lambda: np.empty(0, np.int64))
    center: Floats = field(default_factory=lambda: np.empty(0))
    spread: Floats = field(default_factory=lambda: np.empty(0))
    outliers: Ints = field(default_factory=lambda: np.empty(0, np.int64))
    compared: int = 0

    def settled(self, rows: int) -> "Baseline":
        """With room for so many rows; those that are new have no past."""
        return Baseline(
            past=np.concatenate([self.past, np.full((rows - len(self.past), LENGTH), np.nan)]),
            recent=grown(self.recent, rows, np.nan),
            count=grown(self.count, rows, 0),
            center=grown(self.center, rows, np.nan),
            spread=grown(self.spread, rows, np.nan),
            outliers=grown(self.outliers, rows, 0),
            compared=self.compared,
        )

    def of(self, rows: Ints) -> "Baseline":
        """Some rows by themselves."""
        return Baseline(
            past=self.past[rows],
            recent=self.recent[:, rows],
            count=self.count[rows],
            center=self.center[rows],
            spread=self.spread[rows],
            outliers=self.outliers[rows],
            compared=self.compared,
        )

    def put(self, rows: Ints, some: "Baseline") -> "Baseline":
        """With what holds of some rows."""
        past, recent, count = self.past.copy(), self.recent.copy(), self.count.copy()
        center, spread = self.center.copy(), self.spread.copy()
        past[rows], recent[:, rows], count[rows] = some.past, some.recent, some.count
        center[rows], spread[rows] = some.center, some.spread
        return Baseline(past, recent, count, center, spread, self.outliers, self.compared)

    def compare(self, values: Floats, outlying: Outlying) -> tuple[Usual, Ints, "Baseline"]:
        """Hold values against each row's past.

        Whether a value is admitted depends on which were before it. So at first all are, and the rows where
        that was wrong are compared again with what came of it, until the same comes out: each time another
        record at least is right for good, and few rows have an outlier in a block.

        Args:
            values: [records, rows]; what is not positive and finite is never admitted.
            outlying: tells which of the others are outliers.

        Returns:
            What is usual; in how many records in a row the value was an outlier, the record's own included,
            int64 [records, rows]; and the baseline after them.
        """
        logs = np.log(values)
        able = np.isfinite(logs)
        if not able.all():
            logs[np.isneginf(logs)] = np.nan
        usual, after = self._with(logs, able)
        outliers = outlying(usual, slice(None))
        if not outliers.any():
            return usual, np.zeros(outliers.shape, np.int64), after
        runs = run_lengths(outliers, self.outliers)
        admitted = able & ((runs == 0) | (runs > LENGTH))
        rows = np.flatnonzero((admitted != able).any(axis=0))
        admitted = admitted[:, rows]
        while rows.size:
            some, later = self.of(rows)._with(logs[:, rows], admitted)
            usual.put(rows, some)
            after = after.put(rows, later)
            runs[:, rows] = run_lengths(outlying(some, rows), self.outliers[rows])
            again = able[:, rows] & ((runs[:, rows] == 0) | (runs[:, rows] > LENGTH))
            changed = (again != admitted).any(axis=0)
            rows, admitted = rows[changed], again[:, changed]
        return usual, runs, replace(after, outliers=runs[-1].copy())

    def _with(self, logs: Floats, admitted: Mask) -> tuple[Usual, "Baseline"]:
        """Hold logarithms [records, rows] against the past, of which the admitted ones become a part."""
        counts = np.concatenate([self.count[None], admitted]).cumsum(axis=0)
        np.minimum(counts, LENGTH, out=counts)
        recent = np.concatenate([self.recent, np.where(admitted, logs, np.nan)])
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
        return Usual(counts[:-1], np.exp(centers).take(latest, axis=0), score), after

    def _pasts(self, recent: Floats, records: Ints) -> Floats:
        """The last LENGTH admitted logarithms before some of the recent records, [records, rows, LENGTH]."""
        # Of each row all that was ever admitted, one after the other: each past is a window of it.
        line = np.concatenate([self.past, recent.T], axis=1)
        begins = np.empty((records.size, len(line)), np.int64)
        begins[:] = records[:, None]
        known = np.isfinite(recent)
        gaps = np.flatnonzero(~known.all(axis=0))
        if gaps.size:
            torn = known[:, gaps]
            order = np.argsort(~torn, axis=0, kind="stable")
            line[gaps, LENGTH:] = np.take_along_axis(recent[:, gaps], order, axis=0).T
            begins[:, gaps] = (torn.cumsum(axis=0) - torn)[records]
        # What sliding_window_view gives, which takes longer to check its arguments than one record may take.
        windows = np.ndarray((line.size - LENGTH + 1, LENGTH), line.dtype, line, strides=line.strides[1:] * 2)
        pasts: Floats = windows[np.arange(0, line.size, line.shape[1]) + begins]
        return pasts


def _are_fresh(numbers: Ints) -> Mask:
    """Whether median and spread are taken anew for the records of these numbers, [records]."""
    return np.asarray((numbers <= SETTLED) | (numbers % REFRESHED == 0))


def _center_and_spread(pasts: Floats, counts: Ints) -> tuple[Floats, Floats]:
    """Median and robust spread of pasts [..., LENGTH], of which so many are not NaN; reorders them."""
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
        low: where in them, as one line, the lower one of the middle values comes to lie, [...].
        high: likewise the higher one.
    """
    values.sort(axis=-1)
    middle: Floats = (values.take(low) + values.take(high)) / 2
    return middle
