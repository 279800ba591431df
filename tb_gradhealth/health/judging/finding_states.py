"""How a symptom fared on every row it judges: what is remembered from one record to the next."""

from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from tb_gradhealth.health.arrays import Floats, Ints, Mask, grown

NEVER: Final = int(np.iinfo(np.int64).min)
"""In place of a step; steps may be negative."""


@dataclass
class Course:
    """How a symptom fared on every row; arrays of shape [judged], steps NEVER where nothing happened.

    ``breaches`` and ``holds`` remember the last records as bits, the newest lowest. ``level`` and ``least``
    are the worst so far, ``aspect`` is that of the worst value.
    """

    breaches: Ints
    holds: Ints
    opened: Ints
    suspected: Ints
    last: Ints
    peak: Ints
    resolved: Ints
    count: Ints
    level: Ints
    least: Ints
    severity: Ints
    aspect: Ints
    extreme: Floats
    excused: Floats
    """The worst value under which the loss improved, NaN where it never did."""
    value: Floats
    """The newest measured value, NaN where there is none."""
    learned: int = 0
    """Records in a row in which the loss improved."""
    quiet: bool = True
    """Nothing is remembered and nothing is open: what most rules are for their whole life."""

    @classmethod
    def of(cls, size: int) -> "Course":
        """A course of ``size`` rows on which nothing happened yet."""
        arrays: dict[str, Any] = {name: np.full(size, fill, kind) for name, (fill, kind) in _EMPTY.items()}
        return cls(**arrays)

    def grow(self, size: int) -> None:
        """Make room for rows that a new row table brought."""
        for name, (fill, _) in _EMPTY.items():
            setattr(self, name, grown(getattr(self, name), size, fill))

    def at(self, rows: Ints) -> "Course":
        """The course of some rows by itself."""
        arrays: dict[str, Any] = {name: getattr(self, name)[rows] for name in _EMPTY}
        return Course(**arrays, learned=self.learned, quiet=self.quiet)

    def put(self, rows: Ints, some: "Course") -> None:
        """Write back how some rows fared."""
        for name in _EMPTY:
            array = getattr(self, name).copy()
            array[rows] = getattr(some, name)
            setattr(self, name, array)

    @property
    def busy(self) -> Mask:
        """Rows on which something is remembered or open."""
        return np.asarray((self.breaches != 0) | (self.holds != 0) | self.is_open)

    @property
    def is_open(self) -> Mask:
        """Rows with an open finding."""
        return np.asarray((self.opened != NEVER) & (self.resolved == NEVER))


_STEPS: Final = ("opened", "suspected", "last", "peak", "resolved")
_NUMBERS: Final = ("extreme", "excused", "value")
_COUNTS: Final = ("breaches", "holds", "count", "level", "least", "severity", "aspect")
_EMPTY: Final[dict[str, tuple[float, type]]] = {
    **dict.fromkeys(_STEPS, (NEVER, np.int64)),
    **dict.fromkeys(_NUMBERS, (np.nan, np.float64)),
    **dict.fromkeys(_COUNTS, (0, np.int64)),
}
"""Of each array of a course what stands for nothing, and its type."""
