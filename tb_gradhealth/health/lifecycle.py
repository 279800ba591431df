"""From judgements to findings: opening on persistence, closing with hysteresis, one identity throughout."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from tb_gradhealth.health.arrays import Floats, Ints, Mask, grown
from tb_gradhealth.health.findings import SEVERITIES
from tb_gradhealth.health.outcome import Outcome
from tb_gradhealth.health.symptom import Judgement

WINDOWS: Final = 5
"""Records that are remembered: one record covers the steps since the one before."""

OPENS_AT: Final = 3
"""Breaches among the remembered records that open a finding."""

WORSE: Final = 1.25
"""Factor by which a value must exceed what the loss improved under, to explain a failure."""

NEVER: Final = int(np.iinfo(np.int64).min)
"""In place of a step; steps may be negative."""

_ALL: Final = (1 << WINDOWS) - 1
_POPCOUNT: Final = np.array([bits.bit_count() for bits in range(1 << WINDOWS)], np.int64)


@dataclass(frozen=True)
class Habits:
    """How a symptom's findings open, and how they are weighed.

    Attributes:
        immediate: a single breach opens.
        below: small values are the bad ones.
        weighed: the outcome moves the severity: a loss that improves lowers it...
        raised: ...one that does not raises it...
        patient: ...and one of which nobody knows yet lowers it too.
        forgiven: what is over weighs the least.
        least: place in SEVERITIES below which its findings never fall.
        most: place above which they never rise.
    """

    immediate: bool = False
    below: bool = False
    weighed: bool = True
    raised: bool = True
    patient: bool = False
    forgiven: bool = False
    least: int = 0
    most: int = len(SEVERITIES) - 1


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


def advance(
    course: Course, judged: Judgement, steps: Ints, outcomes: Sequence[Outcome], habits: Habits
) -> Mask:
    """Take the course some records further, in place.

    A row without a measured value keeps its memory as it is: not measured is not healthy. Rows on which
    nothing is remembered, nothing is open and nothing breaches are left alone: nearly all of most rules.

    Returns:
        At which records a finding opened or was resolved, [records].
    """
    changed = np.zeros(steps.size, bool)
    course.value = judged.value[-1]
    if course.quiet and not judged.breach.any():
        course.learned = _in_a_row("learning", outcomes, course.learned)
        return changed
    ill = (judged.breach & ~np.isnan(judged.value)).any(axis=0)
    rows = np.flatnonzero(ill if course.quiet else ill | course.busy)
    some = course.at(rows)
    for record, (step, outcome) in enumerate(zip(steps.tolist(), outcomes, strict=True)):
        some.learned = _in_a_row("learning", (outcome,), some.learned)
        changed[record] = _advance(some, judged.at(record, rows), step, outcome, habits)
    course.put(rows, some)
    course.learned, course.quiet = some.learned, not some.busy.any()
    return changed


def _in_a_row(wanted: Outcome, outcomes: Sequence[Outcome], before: int) -> int:
    """How many of the last outcomes in a row were a certain one."""
    for outcome in outcomes:
        before = before + 1 if outcome == wanted else 0
    return before


def _advance(course: Course, judged: Judgement, step: int, outcome: Outcome, habits: Habits) -> bool:
    """Take the course one record further, in place; whether a finding opened or was resolved."""
    measured = ~np.isnan(judged.value)
    was_open = course.is_open
    breach = judged.breach & measured
    course.breaches = _remember(course.breaches, breach, measured)
    course.holds = _remember(course.holds, judged.held | breach, measured)

    since = np.full(breach.size, step) if judged.since is None else judged.since
    breaches = _POPCOUNT[course.breaches]
    first = breach & (breaches == 1)
    course.suspected[first] = since[first]

    opens = breach & ~was_open & (breaches >= (1 if habits.immediate else OPENS_AT))
    # The records that led to the opening count too, though they were only suspicions then.
    _open(course, opens, breaches - 1)
    _worsen(course, breach & course.is_open, judged, step, since, habits)
    # What is merely still open has nothing new against it, but a loss that improves speaks for it.
    _weigh(course, (breach | (outcome == "learning")) & course.is_open, outcome, habits)

    over = measured & was_open & (course.holds == 0)
    course.resolved[over] = step
    if habits.forgiven:
        course.severity[over] = course.level[over] = habits.least
    return bool(opens.any() or over.any())


def advance_by_steps(
    course: Course, judged: Judgement, last_step: int, outcome: Outcome, habits: Habits
) -> None:
    """Open what the flight recorder's lines show, in place; what records found already keeps its count."""
    since = np.full(judged.value.size, last_step) if judged.since is None else judged.since
    opens = judged.breach & ~course.is_open
    course.suspected[opens] = since[opens]
    _open(course, opens, np.zeros(since.size, np.int64))
    _worsen(course, opens, judged, last_step, since, habits)
    # The five records that resolve it are counted from here.
    course.holds[opens] |= 1
    course.quiet = course.quiet and not opens.any()
    _weigh(course, course.is_open, outcome, habits)


def reweigh(course: Course, outcome: Outcome, habits: Habits) -> None:
    """Weigh what is open by an outcome that became known otherwise than by a record, in place."""
    if not course.quiet:
        _weigh(course, course.is_open, outcome, habits)


def _open(course: Course, opens: Mask, earlier: Ints) -> None:
    never_before = opens & (course.opened == NEVER)
    course.opened[never_before] = course.suspected[never_before]
    course.resolved[opens] = NEVER
    course.count[opens] += earlier[opens]


def _worsen(course: Course, ill: Mask, judged: Judgement, step: int, since: Ints, habits: Habits) -> None:
    course.count[ill] += 1
    course.last[ill] = step
    course.level[ill] = np.maximum(course.level[ill], judged.level[ill])
    if judged.least is not None:
        course.least[ill] = np.maximum(course.least[ill], judged.least[ill])
    beyond = judged.value < course.extreme if habits.below else judged.value > course.extreme
    worst = ill & (np.isnan(course.extreme) | beyond)
    course.extreme[worst] = judged.value[worst]
    if judged.aspect is not None:
        course.aspect[worst] = judged.aspect[worst]
    course.peak[worst] = since[worst] if habits.immediate else step


def _weigh(course: Course, rows: Mask, outcome: Outcome, habits: Habits) -> None:
    """Learning lowers to the least, not learning raises by one; without a loss the rule's own level holds.

    What the training got along with before does not explain why it fails now: it has to be worse than then.
    """
    severity = course.level
    excused = np.minimum(course.least, severity)
    if habits.weighed and outcome == "learning":
        severity = excused
        if course.learned >= OPENS_AT:  # one record may look like learning by chance
            course.excused[rows] = course.extreme[rows]
    elif habits.weighed and habits.patient and outcome == "undecided":
        severity = excused
    elif habits.weighed and outcome in ("stalled", "diverging"):
        worse = course.excused / WORSE if habits.below else course.excused * WORSE
        known = course.extreme >= worse if habits.below else course.extreme <= worse
        # What is only worth knowing stays that.
        severity = np.where(known, excused, np.where(severity > 0, severity + habits.raised, 0))
    course.severity[rows] = np.clip(severity, habits.least, habits.most)[rows]


def _remember(bits: Ints, new: Mask, measured: Mask) -> Ints:
    return np.where(measured, (bits << 1 | new) & _ALL, bits)
