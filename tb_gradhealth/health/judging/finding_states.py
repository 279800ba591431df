"""The state of one symptom's findings on every row it judges, carried from one record to the next."""

from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from tb_gradhealth.health.arrays import Floats, Ints, Mask, extended

NEVER: Final = int(np.iinfo(np.int64).min)
"""Stands for "no step"; steps may be negative."""


@dataclass
class FindingStates:
    """State of one symptom's findings; arrays of shape [judged], steps are NEVER where nothing happened.

    ``opened_step``, ``last_step``, ``peak_step``, ``resolved_step``, ``count`` and ``severity`` are those of
    `Finding`, the severity as an index into SEVERITIES; ``aspect`` is that of the worst value.

    Attributes:
        breaches: the last records as bits, the newest lowest: set where the value was beyond the threshold.
        keeps_open: likewise: set where the value was beyond half of the threshold.
        suspected_step: step of the first breach among the last records.
        level: the worst level so far, before weighing by the loss.
        minimum_level: the highest level so far below which no outcome lowers the finding.
        worst_value: the worst value so far, NaN before the first breach.
        tolerated_value: the worst value under which the loss improved, NaN where it never did.
        newest_value: the newest measured value, NaN where there is none.
        learning_records: records in a row in which the loss improved.
        idle: no breach is remembered and no finding is open on any row. Most rules are idle for a whole run.
    """

    breaches: Ints
    keeps_open: Ints
    opened_step: Ints
    suspected_step: Ints
    last_step: Ints
    peak_step: Ints
    resolved_step: Ints
    count: Ints
    level: Ints
    minimum_level: Ints
    severity: Ints
    aspect: Ints
    worst_value: Floats
    tolerated_value: Floats
    newest_value: Floats
    learning_records: int = 0
    idle: bool = True

    @classmethod
    def empty(cls, size: int) -> "FindingStates":
        """The states of ``size`` rows before the first record."""
        arrays: dict[str, Any] = {name: np.full(size, fill, kind) for name, (fill, kind) in _EMPTY.items()}
        return cls(**arrays)

    def extend(self, size: int) -> None:
        """Add empty states until there are ``size`` rows."""
        for name, (fill, _) in _EMPTY.items():
            setattr(self, name, extended(getattr(self, name), size, fill))

    def select(self, rows: Ints) -> "FindingStates":
        """A copy of the states of some rows."""
        arrays: dict[str, Any] = {name: getattr(self, name)[rows] for name in _EMPTY}
        return FindingStates(**arrays, learning_records=self.learning_records, idle=self.idle)

    def update(self, rows: Ints, selected: "FindingStates") -> None:
        """Replace the states of some rows."""
        for name in _EMPTY:
            array = getattr(self, name).copy()
            array[rows] = getattr(selected, name)
            setattr(self, name, array)

    @property
    def active(self) -> Mask:
        """Rows with a remembered breach or an open finding."""
        return np.asarray((self.breaches != 0) | (self.keeps_open != 0) | self.is_open)

    @property
    def is_open(self) -> Mask:
        """Rows with an open finding."""
        return np.asarray((self.opened_step != NEVER) & (self.resolved_step == NEVER))


_STEPS: Final = ("opened_step", "suspected_step", "last_step", "peak_step", "resolved_step")
_VALUES: Final = ("worst_value", "tolerated_value", "newest_value")
_COUNTS: Final = ("breaches", "keeps_open", "count", "level", "minimum_level", "severity", "aspect")
_EMPTY: Final[dict[str, tuple[float, type]]] = {
    **dict.fromkeys(_STEPS, (NEVER, np.int64)),
    **dict.fromkeys(_VALUES, (np.nan, np.float64)),
    **dict.fromkeys(_COUNTS, (0, np.int64)),
}
"""Initial value and dtype of each array."""
