"""How far a training has come, measured against what a constant prediction reaches.

The loss of single batches says little by itself: it starts anywhere, its tails are heavy, and a loss that
rests may have nothing left to gain. The best constant prediction needs no network; what a network is worth
shows in how much less it loses.
"""

from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from tb_gradhealth.health.arrays import Floats, Mask, column_median
from tb_gradhealth.health.loss.outcome import (
    COMPARABLE,
    DIVERGED,
    DIVERGING,
    LEARNED,
    LEARNING,
    LEAST,
    OUTCOMES,
    STALLED,
    UNDECIDED,
    WINDOW,
    Losses,
)
from tb_gradhealth.health.series import EpochTrend

CHANCE: Final = 0.1
"""Skill below which a network is no better than a constant prediction."""

LATEST: Final = 4
"""Losses that have all to be low for a loss that has just fallen."""

SOLVED: Final = 0.5
"""Skill from which a training counts as successful, whatever its loss does now."""


@dataclass(frozen=True)
class References:
    """What losses are compared with; arrays of shape [records], NaN where not known.

    Attributes:
        constant_loss: the loss of the best constant prediction.
        constant_accuracy: its accuracy.
        regularization: the part of the loss that does not depend on the data; 0 where there is none.
        epochs: what the training reported.
    """

    constant_loss: Floats
    constant_accuracy: Floats
    regularization: Floats
    epochs: EpochTrend


def with_references(losses: Losses, known: References) -> Losses:
    """The losses with their `skill`, and the outcomes that follow from it and from the epochs.

    * Skill of `SOLVED` or more is learning. Below `CHANCE` a loss that still falls from a bad start has not
      learned anything yet, and one that does not is stalled. In between a loss that rests proves
      nothing, and none is stalled.
    * Without a skill, epochs whose mean loss falls are not stalled. A newest epoch near the best one does not
      diverge, whatever medians of single batches say: these miss what only some batches hold.
    """
    known = replace(known, epochs=known.epochs.where(~_overtaken(losses, known.epochs)))
    epochs = known.epochs
    # Where the first epoch already ended far from where the training began, the best of them is no good one.
    at_best = epochs.at_best & ~_thrown_up(losses, known)
    codes = np.array([OUTCOMES.index(outcome) for outcome in losses.outcomes], np.int64)
    # Of a loss that leaves its best value only the newest ones say how good it is now.
    leaving = (codes == DIVERGING) & ~at_best
    skill = np.where(leaving, _skill_of(losses.recent, known), _skill(losses, known))
    improving = losses.improves() | epochs.falls
    ready = np.isin(codes, (LEARNING, STALLED, DIVERGING)) & losses.finite
    falls = ready & (epochs.gain >= CHANCE) & (codes != LEARNING) & ~(skill < CHANCE)
    codes[falls] = np.where(epochs.gain[falls] >= 1 - LEARNED, LEARNING, UNDECIDED)
    codes[ready & (codes == DIVERGING) & at_best] = UNDECIDED
    resting = ready & ~improving
    below = ready & (skill < CHANCE) & (codes == LEARNING)
    codes[below] = np.where(improving[below], UNDECIDED, STALLED)
    proves_nothing = (resting & (codes == LEARNING)) | (ready & (codes == STALLED))
    codes[proves_nothing & (skill >= CHANCE)] = UNDECIDED
    codes[ready & (skill >= SOLVED)] = LEARNING
    outcomes = tuple(OUTCOMES[code] for code in codes.tolist())
    return replace(
        losses,
        outcomes=outcomes,
        skill=skill,
        epoch_gain=epochs.gain,
        epoch_at_best=at_best,
        epoch_falls=epochs.falls,
        constant=known.constant_loss + known.regularization,
    )


def _overtaken(losses: Losses, epochs: EpochTrend) -> Mask:
    """Whether even the lowest of the last five losses is far above the newest epoch's mean, [records].

    Then the epoch says what was before, and no longer what is.
    """
    far = losses.least - epochs.last > (DIVERGED - 1) * np.maximum(np.abs(epochs.last), LEAST)
    return np.asarray(far & (losses.count >= WINDOW))


def _thrown_up(losses: Losses, known: References) -> Mask:
    """Whether the newest epoch lost twice as much as the start and as a constant prediction, [records]."""
    beyond = DIVERGED * np.fmax(losses.first, known.constant_loss + known.regularization)
    return np.asarray((known.constant_loss > 0) & (losses.first > 0) & (known.epochs.last > beyond))


def _skill(losses: Losses, known: References) -> Floats:
    """1 - loss / constant loss, or the same of an accuracy: the best of what is known, [records].

    The loss is the newest epoch's mean, or the mean of the last 20 recorded ones. Before the second epoch
    ends the median of the last five counts too where the loss falls, and holds the whole way down in a mean;
    where it rests the mean, its largest no larger than the second, since a single spike lifts a mean. The
    median of losses with a heavy tail is far below what they lose on the whole.
    """
    recent = losses.last
    with np.errstate(all="ignore"):
        mean = np.nanmean(np.where(np.isnan(recent).all(axis=1, keepdims=True), np.inf, recent), axis=1)
        candidates = [mean, known.epochs.last]
        size = np.isfinite(recent).sum(axis=1)
        largest = np.sort(np.where(np.isnan(recent), -np.inf, recent), axis=1)[:, -2:]
        calmed = mean - (largest[:, 1] - largest[:, 0]) / np.maximum(size, 1)
        newest = np.where(losses.improves() | (losses.count < COMPARABLE), losses.recent, calmed)
        candidates.append(np.where(known.epochs.count < 2, newest, np.nan))
        candidates.append(_surely(losses))
        by_loss = [_skill_of(loss, known) for loss in candidates]
        room = 1 - known.constant_accuracy
        by_accuracy = (known.epochs.accuracy - known.constant_accuracy) / np.where(room > 1e-9, room, np.nan)
        by_area = 2 * known.epochs.area - 1
        found = np.fmax.reduce([*by_loss, by_accuracy, by_area])
    return np.where(losses.count >= WINDOW, found, np.nan)


def _surely(losses: Losses) -> Floats:
    """The largest of the last four losses where they are lower than those before, [records]; NaN elsewhere.

    What is below a constant prediction's four times in a row is no matter of chance.
    """
    surely = np.full(losses.count.shape, np.nan)
    ready = losses.count >= COMPARABLE
    before, newest = losses.last[ready, :-LATEST], losses.last[ready, -LATEST:]
    falls = column_median(newest.T) < LEARNED * column_median(before.T)
    surely[ready] = np.where(falls, newest.max(axis=1), np.nan)
    return surely


def _skill_of(loss: Floats, known: References) -> Floats:
    """1 - loss / constant loss, [records]; NaN where that is not known or next to nothing."""
    scale = np.where(known.constant_loss > 1e-9, known.constant_loss, np.nan)
    return np.asarray(1 - (loss - known.regularization) / scale)
