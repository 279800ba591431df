"""The rule that gradient, loss and activation spikes share: an outlier against a series' own past."""

from abc import abstractmethod
from dataclasses import dataclass
from typing import ClassVar, Final, TypeVar

import numpy as np

from tb_gradhealth.health.arrays import Ints, Mask, extended
from tb_gradhealth.health.protocol.baseline import Baseline, Comparison, RowSelection
from tb_gradhealth.health.protocol.block import View
from tb_gradhealth.health.protocol.limits import Limits, limit
from tb_gradhealth.health.protocol.structure import Structure
from tb_gradhealth.health.protocol.symptom import Facts, Judgement, Symptom
from tb_gradhealth.health.results import number, times


@dataclass(frozen=True)
class SpikeLimits(Limits):
    """The limits of a spike."""

    threshold: float = limit(6.0, "robust z on the logarithm above which a value is a spike")
    factor: float = limit(4.0, "a spike is also at least this many times the usual value", minimum=1)
    past: int = limit(
        8, "records of normal behaviour before a spike can be told from it", minimum=2, maximum=32
    )
    past_steps: int = limit(30, "steps that those records must cover at least")
    recurrent: int = limit(3, "spikes within `recurrence_steps` that make it recurrent", minimum=2, maximum=8)
    recurrence_steps: int = limit(1000, "steps within which spikes are counted together")


SHORT_PAST_FACTOR: Final = 3
"""Multiple of ``factor`` that a spike must reach while its past is short."""

NO_SPIKE: Final = -(1 << 60)
"""Stands for the step of a spike that has not happened."""

S = TypeVar("S", bound=SpikeLimits)


class Spike(Symptom[S]):
    """Robust z of ln(value) against the row's own past: (ln v - median) / (1.4826 MAD + 0.05).

    The value is the largest since the last record, in the column ``statistic``. A spike is above the
    threshold and at least four times the median: heavy tails make sigma on raw norms useless, and a steady
    series has no spread. While only half of the past is known it must be twice the threshold and twelve times
    the median. Outliers are not added to the past they are compared with. A level that stays is added: after
    32 records in a row beyond the limit it is the usual one, and no spike any more. Three spikes within 1,000
    steps are recurrent and weigh one severity more.
    """

    needs = "its past is too short to say what is usual"
    unit = "z"
    limits_type: ClassVar[type[Limits]] = SpikeLimits
    immediate = True
    weighed_by_loss = False

    def __init__(self, limits: S) -> None:
        super().__init__(limits)
        self._baseline = Baseline()
        self._first_step: int | None = None
        self._spikes = np.empty((limits.recurrent, 0), np.int64)

    def update_structure(self, structure: Structure, rows: Ints) -> None:
        """Extend the past by further rows."""
        self._baseline = self._baseline.resized(rows.size)
        self._spikes = extended(self._spikes, rows.size, NO_SPIKE)

    def judge(self, view: View, level: Ints) -> Judgement:
        """Compare each row's largest value since the last record with its own past.

        Args:
            view: the records.
            level: index into SEVERITIES of a lone spike at each record, [records].
        """
        limits = self.limits
        value, ago = view.column(self.statistic), view.column(f"{self.statistic}_ago")
        self._first_step = int(view.steps[0]) if self._first_step is None else self._first_step
        late_enough = (view.steps - self._first_step >= limits.past_steps)[:, None]

        def is_outlier(usual: Comparison, rows: RowSelection) -> Mask:
            far = usual.score > limits.threshold
            if not far.any():
                return far
            enough = usual.count >= limits.past
            short = ~enough & (usual.count >= limits.past // 2) & (usual.score > 2 * limits.threshold)
            minimum = limits.factor * np.where(enough, 1, SHORT_PAST_FACTOR)
            return late_enough & far & (enough | short) & (value[:, rows] >= minimum * usual.median)

        usual, runs, self._baseline = self._baseline.compare(value, is_outlier)
        breach = runs > 0
        known = ((usual.count >= limits.past) | breach) & late_enough
        since = view.steps[:, None] - np.fmax(ago, 0).astype(np.int64) if breach.any() else None
        return Judgement(
            value=np.where(known, usual.score, np.nan),
            breach=breach,
            keeps_open=known & (usual.score > limits.threshold / 2),
            # A value that is still high at the next record is the same spike.
            level=level[:, None] + self._recurs(runs == 1, since),
            reference=usual.median,
            since=since,
        )

    def _recurs(self, begins: Mask, since: Ints | None) -> Ints:
        """1 where a spike that begins is recurrent, else 0; [records, judged]."""
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

    @abstractmethod
    def subject(self, facts: Facts) -> str:
        """What jumped, as the subject of the message."""

    def message(self, facts: Facts) -> str:
        """What jumped, when, and how far out it was."""
        return (
            f"{self.subject(facts)} jumped out of its usual range at step {facts.peak_step:,}: it lies "
            f"{times(facts.value)} × its usual spread above normal, {number(facts.threshold)} × is the limit."
        )
