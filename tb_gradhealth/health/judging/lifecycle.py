"""Opens, weighs and resolves findings: judgements of records become changes of finding states."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from tb_gradhealth.health.arrays import Floats, Ints, Mask, newest_where
from tb_gradhealth.health.judging.finding_states import NEVER, FindingStates
from tb_gradhealth.health.loss import Outcome
from tb_gradhealth.health.protocol import Judgement
from tb_gradhealth.health.results import SEVERITIES

WINDOW: Final = 5
"""Records that are remembered. Each record covers the steps since the record before."""

OPENS_AT: Final = 3
"""Breaches among the remembered records that open a finding."""

WORSE: Final = 1.25
"""Factor by which a value must exceed the tolerated value to explain a loss that does not improve."""

_ALL: Final = (1 << WINDOW) - 1
_POPCOUNT: Final = np.array([bits.bit_count() for bits in range(1 << WINDOW)], np.int64)
_LEVELS: Final = len(SEVERITIES)


@dataclass(frozen=True)
class LifecyclePolicy:
    """How a symptom's findings open and how they are weighed.

    Attributes:
        immediate: a single breach opens a finding.
        below: small values are the bad ones.
        weighed_by_loss: the loss changes the severity: a loss that improves lowers it to ``minimum_level``...
        raised_by_loss: ...a loss that does not improve raises it by one...
        info_while_undecided: ...and an undecided loss lowers it too.
        info_when_resolved: a resolved finding gets ``minimum_level``...
        unless_diverged: ...except where the loss diverges at that record.
        minimum_level: lower bound of the severity, an index into SEVERITIES.
        maximum_level: upper bound of the severity.
    """

    immediate: bool = False
    below: bool = False
    weighed_by_loss: bool = True
    raised_by_loss: bool = True
    info_while_undecided: bool = False
    info_when_resolved: bool = False
    unless_diverged: bool = False
    minimum_level: int = 0
    maximum_level: int = len(SEVERITIES) - 1


@dataclass(frozen=True)
class LossOutcomes:
    """The outcome of the loss at some records, and in how many in a row it has improved, int64 [records]."""

    outcomes: tuple[Outcome, ...]
    learning_records: Ints

    def are(self, *outcomes: Outcome) -> Mask:
        """The records with one of these outcomes, [records]."""
        return np.array([outcome in outcomes for outcome in self.outcomes], bool)


@dataclass(frozen=True)
class LifecycleEvents:
    """What happens to the rows at some records; arrays of shape [records, rows].

    Attributes:
        suspected: the first breach among the remembered records.
        opens: a finding opens.
        earlier: remembered breaches before the record, int64; they count once a finding opens.
        breaching: the value is beyond the threshold while a finding is open.
        weighed: the loss weighs the finding.
        resolved: the finding is resolved.
    """

    suspected: Mask
    opens: Mask
    earlier: Ints
    breaching: Mask
    weighed: Mask
    resolved: Mask


def advance(
    states: FindingStates,
    judged: Judgement,
    steps: Ints,
    outcomes: Sequence[Outcome],
    policy: LifecyclePolicy,
) -> Mask:
    """Update the states by some records, in place.

    A row without a measured value keeps its remembered records: not measured is not healthy. Rows without a
    remembered breach, an open finding or a new breach are skipped, which is nearly all rows of most rules.

    Returns:
        At which records a finding opened or was resolved, [records].
    """
    # A copy: a view would keep the whole block in memory.
    before, states.newest_value = states.learning_records, judged.value[-1].copy()
    states.learning_records = _learning_records(outcomes, before)
    if states.idle and not judged.breach.any():
        return np.zeros(steps.size, bool)
    loss = _loss_outcomes(outcomes, before)
    breaching = (judged.breach & ~np.isnan(judged.value)).any(axis=0)
    rows = np.flatnonzero(breaching if states.idle else breaching | states.active)
    selected, judged_rows = states.select(rows), judged.of(rows)
    events = _events(selected, judged_rows, loss, policy)
    _apply(selected, judged_rows, steps, events, loss, policy)
    states.update(rows, selected)
    states.idle = not selected.active.any()
    return np.asarray((events.opens | events.resolved).any(axis=1))


def advance_by_steps(
    states: FindingStates, judged: Judgement, last_step: int, outcome: Outcome, policy: LifecyclePolicy
) -> None:
    """Open what the flight recorder's steps show, in place; findings that are open keep their count."""
    was_open = states.is_open
    opens = (judged.breach & ~was_open)[None]
    events = LifecycleEvents(
        suspected=opens,
        opens=opens,
        earlier=np.zeros(opens.shape, np.int64),
        breaching=opens,
        weighed=opens | was_open,
        resolved=np.zeros(opens.shape, bool),
    )
    loss = LossOutcomes((outcome,), np.array([states.learning_records]))
    _apply(states, judged.as_record(), np.array([last_step]), events, loss, policy)
    # The five records that resolve it are counted from here.
    states.keeps_open = states.keeps_open | opens[0]
    states.idle = states.idle and not opens.any()


def reweigh(states: FindingStates, outcome: Outcome, policy: LifecyclePolicy) -> None:
    """Weigh open findings again by an outcome that did not come with a record, in place."""
    if not states.idle:
        loss = LossOutcomes((outcome,), np.array([states.learning_records]))
        levels = states.level[None], states.minimum_level[None]
        _weigh(states, states.is_open[None], *levels, states.worst_value[None], loss, policy)


def _loss_outcomes(outcomes: Sequence[Outcome], learning_records: int) -> LossOutcomes:
    before = learning_records
    in_a_row = [before := _learning_records([outcome], before) for outcome in outcomes]
    return LossOutcomes(tuple(outcomes), np.array(in_a_row))


def _learning_records(outcomes: Sequence[Outcome], before: int) -> int:
    """In how many records in a row the loss improved up to the last one, ``before`` of them earlier."""
    if outcomes.count("learning") == len(outcomes):  # the usual case, at every block and rule
        return before + len(outcomes)
    return next(number for number, outcome in enumerate(reversed(outcomes)) if outcome != "learning")


def _events(
    states: FindingStates, judged: Judgement, loss: LossOutcomes, policy: LifecyclePolicy
) -> LifecycleEvents:
    """What happens at each record; updates the remembered records of the states."""
    measured = ~np.isnan(judged.value)
    breach = judged.breach & measured
    breaches, keeps_open = _remember(states, breach, (judged.keeps_open & measured) | breach, measured)
    count = _POPCOUNT[breaches]
    opening = breach & (count >= (1 if policy.immediate else OPENS_AT))
    closing = measured & (keeps_open == 0)
    was_open = states.is_open
    is_open = newest_where(opening, opening | closing, was_open)
    before = np.concatenate([was_open[None], is_open[:-1]])
    during = before | opening
    return LifecycleEvents(
        suspected=breach & (count == 1),
        opens=opening & ~before,
        earlier=count - 1,
        breaching=breach & during,
        # Without a new breach only a loss that improves changes the severity.
        weighed=(breach | loss.are("learning")[:, None]) & during,
        resolved=closing & before,
    )


def _remember(states: FindingStates, breach: Mask, keeps_open: Mask, measured: Mask) -> tuple[Ints, Ints]:
    """The remembered bits after each record, [records, rows]; one integer holds both, for a single loop."""
    memory = states.breaches | states.keeps_open << 8
    found = np.empty(breach.shape, np.int64)
    new_bits = breach | keeps_open.astype(np.int64) << 8
    for record, (shift, new) in enumerate(zip(measured, new_bits, strict=True)):
        memory = found[record] = (memory << shift | new) & (_ALL | _ALL << 8)
    states.breaches, states.keeps_open = memory & _ALL, memory >> 8
    return found & _ALL, found >> 8


def _apply(
    states: FindingStates,
    judged: Judgement,
    steps: Ints,
    events: LifecycleEvents,
    loss: LossOutcomes,
    policy: LifecyclePolicy,
) -> None:
    """Update the states by the events of some records, in place."""
    opens, breaching, resolved = events.opens, events.breaching, events.resolved
    step = np.broadcast_to(steps[:, None], breaching.shape)
    since = step if judged.since is None else judged.since
    suspected = newest_where(since, events.suspected, states.suspected_step)
    states.suspected_step = suspected[-1]
    first = suspected[opens.argmax(axis=0), np.arange(opens.shape[1])]
    states.opened_step = np.where(
        (states.opened_step == NEVER) & opens.any(axis=0), first, states.opened_step
    )
    states.resolved_step = newest_where(np.where(opens, NEVER, step), opens | resolved, states.resolved_step)[
        -1
    ]
    states.count = states.count + np.where(opens, events.earlier, 0).sum(axis=0) + breaching.sum(axis=0)
    states.last_step = newest_where(step, breaching, states.last_step)[-1]

    lowered = resolved & policy.info_when_resolved
    if policy.unless_diverged:
        lowered &= ~loss.are("diverging")[:, None]
    level = _highest(states.level, np.where(breaching, judged.level, 0), lowered, policy.minimum_level)
    minimum = 0 if judged.minimum_level is None else judged.minimum_level
    minimum_level = _highest(
        states.minimum_level, np.where(breaching, minimum, 0), np.zeros(resolved.shape, bool), 0
    )
    worse = np.fmin if policy.below else np.fmax
    values = np.where(breaching, judged.value, np.nan)
    worst_values = worse.accumulate(np.concatenate([states.worst_value[None], values]))
    beyond = judged.value < worst_values[:-1] if policy.below else judged.value > worst_values[:-1]
    worst = breaching & (np.isnan(worst_values[:-1]) | beyond)
    states.level, states.minimum_level = level[-1], minimum_level[-1]
    states.worst_value = worst_values[-1]
    states.peak_step = newest_where(since if policy.immediate else step, worst, states.peak_step)[-1]
    if judged.aspect is not None:
        states.aspect = newest_where(judged.aspect, worst, states.aspect)[-1]

    _weigh(states, events.weighed, level, minimum_level, worst_values[1:], loss, policy)
    if policy.info_when_resolved:
        lowered_last = lowered.any(axis=0) & (_last(lowered) >= _last(events.weighed))
        states.severity = np.where(lowered_last, policy.minimum_level, states.severity)


def _weigh(
    states: FindingStates,
    when: Mask,
    level: Ints,
    minimum_level: Ints,
    worst_value: Floats,
    loss: LossOutcomes,
    policy: LifecyclePolicy,
) -> None:
    """Set the severity of open findings by the loss where a mask holds, in place; the newest record counts.

    A loss that improves lowers the level to the minimum, a loss that does not improve raises it by one;
    without a loss the rule's own level holds. A value that was tolerated before does not explain why the loss
    fails now: it has to be worse by the factor WORSE. Mask, levels and values are of shape [records, rows].
    """
    severity = level
    if policy.weighed_by_loss:
        learning, failing = loss.are("learning")[:, None], loss.are("stalled", "diverging")[:, None]
        # One record may look like learning by chance.
        settled = loss.learning_records[:, None] >= OPENS_AT
        tolerated = newest_where(worst_value, when & learning & settled, states.tolerated_value)
        states.tolerated_value = tolerated[-1]
        bound = tolerated / WORSE if policy.below else tolerated * WORSE
        known = worst_value >= bound if policy.below else worst_value <= bound
        lowered = np.minimum(minimum_level, level)
        # Information is never raised.
        raised = np.where(known, lowered, np.where(level > 0, level + policy.raised_by_loss, 0))
        lenient = learning | (loss.are("undecided")[:, None] & policy.info_while_undecided)
        severity = np.where(lenient, lowered, np.where(failing, raised, level))
    bounded = np.clip(severity, policy.minimum_level, policy.maximum_level)
    states.severity = newest_where(bounded, when, states.severity)[-1]


def _highest(before: Ints, levels: Ints, restarts: Mask, restart_level: int) -> Ints:
    """The highest level up to each record, [records, rows], counted anew where it restarts."""
    # Each restart adds _LEVELS, so that its level exceeds all levels before it.
    coded = restarts.cumsum(axis=0) * _LEVELS + np.where(restarts, restart_level, levels)
    highest: Ints = np.maximum.accumulate(np.concatenate([before[None], coded]))[1:] % _LEVELS
    return highest


def _last(when: Mask) -> Ints:
    """The number of the last record at which the mask holds, counted from 1; 0 for none; [rows]."""
    return np.asarray((when * np.arange(1, len(when) + 1)[:, None]).max(axis=0))
