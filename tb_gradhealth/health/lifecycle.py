"""From judgements to findings: opening on persistence, closing with hysteresis, one identity throughout."""

from dataclasses import dataclass, fields
from typing import Final

import numpy as np

from tb_gradhealth.health.arrays import Floats, Ints, Mask
from tb_gradhealth.health.findings import SEVERITIES
from tb_gradhealth.health.outcome import Outcome
from tb_gradhealth.health.symptom import Judgement, gated

WINDOWS: Final = 5
"""Records that are remembered: one record covers the steps since the one before."""

OPENS_AT: Final = 3
"""Breaches among the remembered records that open a finding."""

NEVER: Final = np.iinfo(np.int64).min
"""In place of a step; steps may be negative."""

_ALL: Final = (1 << WINDOWS) - 1


@dataclass
class Course:
    """How a symptom fared on every row; arrays of shape [rows], steps NEVER where nothing happened.

    ``breaches`` and ``holds`` remember the last records as bits, the newest lowest.
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
    severity: Ints
    extreme: Floats

    @classmethod
    def of(cls, size: int) -> "Course":
        """A course of ``size`` rows on which nothing happened yet."""
        zeros, never, unknown = (
            np.zeros(size, np.int64),
            np.full(size, NEVER, np.int64),
            np.full(size, np.nan),
        )
        return cls(
            breaches=zeros.copy(),
            holds=zeros.copy(),
            opened=never.copy(),
            suspected=never.copy(),
            last=never.copy(),
            peak=never.copy(),
            resolved=never.copy(),
            count=zeros.copy(),
            level=zeros.copy(),
            severity=zeros.copy(),
            extreme=unknown.copy(),
        )

    def grow(self, size: int) -> None:
        """Make room for rows that a new row table brought."""
        fresh = Course.of(size - self.count.size)
        for entry in fields(self):
            joined = np.append(getattr(self, entry.name), getattr(fresh, entry.name))
            setattr(self, entry.name, joined)

    @property
    def is_open(self) -> Mask:
        """Rows with an open finding."""
        return np.asarray((self.opened != NEVER) & (self.resolved == NEVER))


def advance(
    course: Course,
    judged: Judgement,
    step: int,
    outcome: Outcome,
    *,
    immediate: bool,
    below: bool,
    weighed: bool,
) -> None:
    """Take the course one record further, in place.

    A row without a measured value keeps its memory as it is: not measured is not healthy.
    """
    measured = ~np.isnan(judged.value)
    was_open = course.is_open
    course.breaches = _remember(course.breaches, judged.breach, measured)
    course.holds = _remember(course.holds, judged.held, measured)

    first = judged.breach & (_popcount(course.breaches) == 1)
    course.suspected[first] = judged.since[first]

    needed = 1 if immediate else OPENS_AT
    opens = measured & ~was_open & judged.breach & (_popcount(course.breaches) >= needed)
    never_before = opens & (course.opened == NEVER)
    course.opened[never_before] = course.suspected[never_before]
    course.resolved[opens] = NEVER

    ill = course.is_open & judged.breach
    # The records that led to the opening count too, though they were only suspicions then.
    course.count[opens] += _popcount(course.breaches)[opens] - 1
    course.count[ill] += 1
    course.last[ill] = step
    course.level[ill] = np.maximum(course.level[ill], judged.level[ill])
    with np.errstate(invalid="ignore"):
        beyond = judged.value < course.extreme if below else judged.value > course.extreme
    worst = ill & (np.isnan(course.extreme) | beyond)
    course.extreme[worst] = judged.value[worst]
    course.peak[worst] = judged.since[worst] if immediate else step
    least = np.zeros_like(judged.level) if judged.least is None else judged.least
    _weigh(course, ill, least, outcome, weighed=weighed)

    over = measured & was_open & ((course.holds & _ALL) == 0)
    course.resolved[over] = step


def _weigh(course: Course, ill: Mask, least: Ints, outcome: Outcome, *, weighed: bool) -> None:
    for row in np.flatnonzero(ill):
        level = int(course.level[row])
        severity = gated(level, int(least[row]), outcome, SEVERITIES) if weighed else SEVERITIES[level]
        course.severity[row] = SEVERITIES.index(severity)


def _remember(bits: Ints, new: Mask, measured: Mask) -> Ints:
    return np.where(measured, (bits << 1 | new) & _ALL, bits)


def _popcount(bits: Ints) -> Ints:
    return sum(((bits >> place) & 1 for place in range(WINDOWS)), start=np.zeros_like(bits))
