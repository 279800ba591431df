"""From judgements to findings: opening on persistence, closing with hysteresis, one identity throughout."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from tb_gradhealth.health.arrays import Floats, Ints, Mask, latest
from tb_gradhealth.health.judging.finding_states import NEVER, Course
from tb_gradhealth.health.loss import Outcome
from tb_gradhealth.health.protocol import Judgement
from tb_gradhealth.health.results import SEVERITIES

WINDOWS: Final = 5
"""Records that are remembered: one record covers the steps since the one before."""

OPENS_AT: Final = 3
"""Breaches among the remembered records that open a finding."""

WORSE: Final = 1.25
"""Factor by which a value must exceed what the loss improved under, to explain a failure."""

_ALL: Final = (1 << WINDOWS) - 1
_POPCOUNT: Final = np.array([bits.bit_count() for bits in range(1 << WINDOWS)], np.int64)
_LEVELS: Final = len(SEVERITIES)


@dataclass(frozen=True)
class Habits:
    """How a symptom's findings open, and how they are weighed.

    Attributes:
        immediate: a single breach opens.
        below: small values are the bad ones.
        weighed: the outcome moves the severity: a loss that improves lowers it...
        raised: ...one that does not raises it...
        patient: ...and one of which nobody knows yet lowers it too.
        forgiven: what is over weighs the least...
        unless_lost: ...but where the loss has left its best value by then.
        least: place in SEVERITIES below which its findings never fall.
        most: place above which they never rise.
    """

    immediate: bool = False
    below: bool = False
    weighed: bool = True
    raised: bool = True
    patient: bool = False
    forgiven: bool = False
    unless_lost: bool = False
    least: int = 0
    most: int = len(SEVERITIES) - 1


@dataclass(frozen=True)
class Told:
    """What the loss does at some records; arrays of shape [records].

    Attributes:
        outcomes: whether it improves.
        learned: in how many records in a row it has improved, int64.
    """

    outcomes: tuple[Outcome, ...]
    learned: Ints

    def said(self, *outcomes: Outcome) -> Mask:
        """The records at which it does one of these."""
        return np.array([outcome in outcomes for outcome in self.outcomes], bool)


@dataclass(frozen=True)
class Events:
    """What happens to the rows at some records; masks of shape [records, rows].

    Attributes:
        suspect: nothing is remembered yet, and the value is beyond the threshold.
        opens: a finding opens...
        earlier: ...that so many records led to, int64.
        ill: the value is beyond the threshold while a finding is open, which counts.
        weighed: the outcome weighs the finding.
        over: a finding is resolved.
    """

    suspect: Mask
    opens: Mask
    earlier: Ints
    ill: Mask
    weighed: Mask
    over: Mask


def advance(
    course: Course, judged: Judgement, steps: Ints, outcomes: Sequence[Outcome], habits: Habits
) -> Mask:
    """Take the course some records further, in place.

    A row without a measured value keeps its memory as it is: not measured is not healthy. Rows on which
    nothing is remembered, nothing is open and nothing breaches are left alone: nearly all of most rules.

    Returns:
        At which records a finding opened or was resolved, [records].
    """
    # A copy, as for all that is remembered of a block: it would else keep the whole of it in memory.
    learned, course.value = course.learned, judged.value[-1].copy()
    course.learned = _learned(outcomes, learned)
    if course.quiet and not judged.breach.any():
        return np.zeros(steps.size, bool)
    told = _told(outcomes, learned)
    ill = (judged.breach & ~np.isnan(judged.value)).any(axis=0)
    rows = np.flatnonzero(ill if course.quiet else ill | course.busy)
    some, theirs = course.at(rows), judged.of(rows)
    events = _events(some, theirs, told, habits)
    _take_in(some, theirs, steps, events, told, habits)
    course.put(rows, some)
    course.quiet = not some.busy.any()
    return np.asarray((events.opens | events.over).any(axis=1))


def advance_by_steps(
    course: Course, judged: Judgement, last_step: int, outcome: Outcome, habits: Habits
) -> None:
    """Open what the flight recorder's lines show, in place; what records found already keeps its count."""
    was_open = course.is_open
    opens = (judged.breach & ~was_open)[None]
    events = Events(
        suspect=opens,
        opens=opens,
        earlier=np.zeros(opens.shape, np.int64),
        ill=opens,
        weighed=opens | was_open,
        over=np.zeros(opens.shape, bool),
    )
    told = Told((outcome,), np.array([course.learned]))
    _take_in(course, judged.as_record(), np.array([last_step]), events, told, habits)
    # The five records that resolve it are counted from here.
    course.holds = course.holds | opens[0]
    course.quiet = course.quiet and not opens.any()


def reweigh(course: Course, outcome: Outcome, habits: Habits) -> None:
    """Weigh what is open by an outcome that became known otherwise than by a record, in place."""
    if not course.quiet:
        told = Told((outcome,), np.array([course.learned]))
        _weigh(
            course,
            course.is_open[None],
            course.level[None],
            course.least[None],
            course.extreme[None],
            told,
            habits,
        )


def _told(outcomes: Sequence[Outcome], learned: int) -> Told:
    in_a_row = [learned := _learned([outcome], learned) for outcome in outcomes]
    return Told(tuple(outcomes), np.array(in_a_row))


def _learned(outcomes: Sequence[Outcome], before: int) -> int:
    """In how many records in a row the loss has improved after these, of so many before them."""
    if outcomes.count("learning") == len(outcomes):  # the usual case, at every block and rule
        return before + len(outcomes)
    return next(number for number, outcome in enumerate(reversed(outcomes)) if outcome != "learning")


def _events(course: Course, judged: Judgement, told: Told, habits: Habits) -> Events:
    """What happens, by what is remembered, of which the course takes in what is new."""
    measured = ~np.isnan(judged.value)
    breach = judged.breach & measured
    breaches, holds = _remember(course, breach, (judged.held & measured) | breach, measured)
    count = _POPCOUNT[breaches]
    opening = breach & (count >= (1 if habits.immediate else OPENS_AT))
    closing = measured & (holds == 0)
    was_open = course.is_open
    is_open = latest(opening, opening | closing, was_open)
    before = np.concatenate([was_open[None], is_open[:-1]])
    during = before | opening
    return Events(
        suspect=breach & (count == 1),
        opens=opening & ~before,
        # The records that led to the opening count too, though they were only suspicions then.
        earlier=count - 1,
        ill=breach & during,
        # What is merely still open has nothing new against it, but a loss that improves speaks for it.
        weighed=(breach | told.said("learning")[:, None]) & during,
        over=closing & before,
    )


def _remember(course: Course, breach: Mask, held: Mask, measured: Mask) -> tuple[Ints, Ints]:
    """What is remembered after each record as bits, [records, rows]; both in one number, for one loop."""
    memory = course.breaches | course.holds << 8
    found = np.empty(breach.shape, np.int64)
    for record, (shift, new) in enumerate(zip(measured, breach | held.astype(np.int64) << 8, strict=True)):
        memory = found[record] = (memory << shift | new) & (_ALL | _ALL << 8)
    course.breaches, course.holds = memory & _ALL, memory >> 8
    return found & _ALL, found >> 8


def _take_in(
    course: Course, judged: Judgement, steps: Ints, events: Events, told: Told, habits: Habits
) -> None:
    """Take in what happened at some records, in place."""
    opens, ill, over = events.opens, events.ill, events.over
    step = np.broadcast_to(steps[:, None], ill.shape)
    since = step if judged.since is None else judged.since
    suspected = latest(since, events.suspect, course.suspected)
    course.suspected = suspected[-1]
    first = suspected[opens.argmax(axis=0), np.arange(opens.shape[1])]
    course.opened = np.where((course.opened == NEVER) & opens.any(axis=0), first, course.opened)
    course.resolved = latest(np.where(opens, NEVER, step), opens | over, course.resolved)[-1]
    course.count = course.count + np.where(opens, events.earlier, 0).sum(axis=0) + ill.sum(axis=0)
    course.last = latest(step, ill, course.last)[-1]

    forgiven = over & habits.forgiven
    if habits.unless_lost:
        forgiven &= ~told.said("diverging")[:, None]
    level = _highest(course.level, np.where(ill, judged.level, 0), forgiven, habits.least)
    inexcusable = np.zeros(ill.shape, np.int64) if judged.least is None else np.where(ill, judged.least, 0)
    least = _highest(course.least, inexcusable, np.zeros(over.shape, bool), 0)
    further = np.fmin if habits.below else np.fmax
    extremes = further.accumulate(np.concatenate([course.extreme[None], np.where(ill, judged.value, np.nan)]))
    beyond = judged.value < extremes[:-1] if habits.below else judged.value > extremes[:-1]
    worst = ill & (np.isnan(extremes[:-1]) | beyond)
    course.level, course.least, course.extreme = level[-1], least[-1], extremes[-1]
    course.peak = latest(since if habits.immediate else step, worst, course.peak)[-1]
    if judged.aspect is not None:
        course.aspect = latest(judged.aspect, worst, course.aspect)[-1]

    _weigh(course, events.weighed, level, least, extremes[1:], told, habits)
    if habits.forgiven:
        at_last = forgiven.any(axis=0) & (_last(forgiven) >= _last(events.weighed))
        course.severity = np.where(at_last, habits.least, course.severity)


def _weigh(
    course: Course, when: Mask, level: Ints, least: Ints, extreme: Floats, told: Told, habits: Habits
) -> None:
    """Weigh what is open at some records, in place; the newest weighing is what counts.

    Learning lowers to the least, not learning raises by one; without a loss the rule's own level holds. What
    the training got along with before does not explain why it fails now: it has to be worse than then.

    Args:
        course: the course, but for level, least and extreme as they are after all of the records.
        when: where to weigh, [records, rows].
        level: the worst level, [records, rows].
        least: likewise.
        extreme: likewise.
        told: what the loss does.
        habits: how the symptom's findings are weighed.
    """
    severity = level
    if habits.weighed:
        learning, failing = told.said("learning")[:, None], told.said("stalled", "diverging")[:, None]
        # One record may look like learning by chance.
        settled = told.learned[:, None] >= OPENS_AT
        excused = latest(extreme, when & learning & settled, course.excused)
        course.excused = excused[-1]
        worse = excused / WORSE if habits.below else excused * WORSE
        known = extreme >= worse if habits.below else extreme <= worse
        lowered = np.minimum(least, level)
        # What is only worth knowing stays that.
        raised = np.where(known, lowered, np.where(level > 0, level + habits.raised, 0))
        lenient = learning | (told.said("undecided")[:, None] & habits.patient)
        severity = np.where(lenient, lowered, np.where(failing, raised, level))
    course.severity = latest(np.clip(severity, habits.least, habits.most), when, course.severity)[-1]


def _highest(before: Ints, levels: Ints, over: Mask, least: int) -> Ints:
    """The highest level up to each record, [records, rows], from ``least`` on again where it is over."""
    # What is counted of a level's stretch is higher than all levels of those before.
    coded = over.cumsum(axis=0) * _LEVELS + np.where(over, least, levels)
    highest: Ints = np.maximum.accumulate(np.concatenate([before[None], coded]))[1:] % _LEVELS
    return highest


def _last(when: Mask) -> Ints:
    """The number of the last record at which it was so, 0 for none, [rows]."""
    return np.asarray((when * np.arange(1, len(when) + 1)[:, None]).max(axis=0))
