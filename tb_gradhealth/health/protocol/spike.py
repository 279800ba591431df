"""The rule that gradient, loss and activation spikes share: a jump out of a series' own past."""

from dataclasses import dataclass, replace
from typing import Final, TypeVar

import numpy as np

from tb_gradhealth.health.arrays import Floats, Ints, Mask, grown
from tb_gradhealth.health.protocol.baseline import Baseline, Rows, Usual
from tb_gradhealth.health.protocol.block import View
from tb_gradhealth.health.protocol.limits import Limits, limit
from tb_gradhealth.health.protocol.structure import Structure
from tb_gradhealth.health.protocol.symptom import Judgement, Symptom


@dataclass(frozen=True)
class SpikeLimits(Limits):
    """The numbers of a spike."""

    threshold: float = limit(6.0, "robust z on the logarithm above which a value is a spike")
    factor: float = limit(4.0, "a spike is also at least this many times the usual value", least=1)
    past: int = limit(8, "records of normal behaviour before a spike can be told from it", least=2, most=32)
    past_steps: int = limit(30, "steps that those records must cover at least")
    recurrent: int = limit(3, "spikes within `recurrence_steps` that make it recurrent", least=2, most=8)
    recurrence_steps: int = limit(1000, "steps within which spikes are counted together")


SHORT: Final = 3
"""So many times the factor a spike must be while its past is short."""

S = TypeVar("S", bound=SpikeLimits)


class Spike(Symptom[S]):
    """Robust z of ln(value) against the row's own past: (ln v - median) / (1.4826 MAD + 0.05).

    A spike is above the threshold and at least four times the median: heavy tails make sigma on raw norms
    useless, and a perfectly steady series has no spread. Where only half of the past is known yet it must be
    twice the threshold and twelve times the median. Outliers are not admitted to the past they are
    compared with, but a level that stays is: after 32 records in a row beyond the limit it is the new usual
    one, and no spike any more. Three spikes in 1,000 steps are recurrent and weigh one severity more.
    """

    immediate = True
    weighed = False

    def __init__(self, limits: S) -> None:
        super().__init__(limits)
        self._baseline = Baseline()
        self._first_step: int | None = None
        self._spikes = np.empty((limits.recurrent, 0), np.int64)

    def settle(self, structure: Structure, rows: Ints) -> None:
        """Make room for the past of further rows."""
        self._baseline = self._baseline.settled(rows.size)
        self._spikes = grown(self._spikes, rows.size, _LONG_AGO)

    def judge(self, view: View, value: Floats, ago: Floats, level: Ints) -> Judgement:
        """Compare each row's largest value since the last record with its own past.

        Args:
            view: the records.
            value: float64 [records, judged].
            ago: how many steps before the record it was, float64 [records, judged].
            level: place in SEVERITIES of a lone spike at each record, [records].
        """
        limits = self.limits
        self._first_step = int(view.steps[0]) if self._first_step is None else self._first_step
        late_enough = (view.steps - self._first_step >= limits.past_steps)[:, None]

        def outlying(usual: Usual, rows: Rows) -> Mask:
            far = usual.score > limits.threshold
            if not far.any():
                return far
            # Half a past tells what is twice as far out, and threefold as large.
            enough = usual.count >= limits.past
            short = ~enough & (usual.count >= limits.past // 2) & (usual.score > 2 * limits.threshold)
            least = limits.factor * np.where(enough, 1, SHORT)
            return late_enough & far & (enough | short) & (value[:, rows] >= least * usual.median)

        usual, runs, self._baseline = self._baseline.compare(value, outlying)
        breach = runs > 0
        known = ((usual.count >= limits.past) | breach) & late_enough
        since = view.steps[:, None] - np.fmax(ago, 0).astype(np.int64) if breach.any() else None
        return Judgement(
            value=np.where(known, usual.score, np.nan),
            breach=breach,
            held=known & (usual.score > limits.threshold / 2),
            # A value that is still up at the next record is the same spike.
            level=level[:, None] + self._recurs(runs == 1, since),
            reference=usual.median,
            since=since,
        )

    def _recurs(self, begins: Mask, since: Ints | None) -> Ints:
        """1 where a spike that begins makes it recurrent, else 0; [records, judged]."""
        recurs = np.zeros(begins.shape, np.int64)
        if since is None:
            return recurs
        self._spikes = self._spikes.copy()
        for record in np.flatnonzero(begins.any(axis=1)).tolist():
            rows = begins[record]
            self._spikes[:, rows] = np.vstack([self._spikes[1:, rows], since[record, rows][None]])
            span = self._spikes[-1] - self._spikes[0]
            recurs[record] = rows & (span <= self.limits.recurrence_steps)
        return recurs


def quietened(judged: Judgement, records: Mask) -> Judgement:
    """The judgement with every level of some records, [records], at information."""
    return replace(judged, level=np.where(records[:, None], 0, judged.level))


_LONG_AGO = -(1 << 60)
"""In place of a spike that never was."""
