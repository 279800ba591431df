"""Skill: the loss of a training relative to the loss of the best constant prediction.

The losses of single batches alone are not conclusive: they start anywhere, have heavy tails, and a loss that
is flat may be as low as it can be. The best constant prediction needs no network, so the skill measures what
the network has learned.
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
    OUTCOMES,
    SMALLEST_SCALE,
    STALLED,
    UNDECIDED,
    WINDOW,
    Losses,
)
from tb_gradhealth.health.series import EpochTrend

CHANCE_SKILL: Final = 0.1
"""Skill below which a network is no better than a constant prediction."""

LATEST: Final = 4
"""Number of newest losses that must all be low for a loss that has just fallen."""

SOLVED_SKILL: Final = 0.5
"""Skill from which a training counts as successful, whatever its loss does now."""


@dataclass(frozen=True)
class References:
    """What losses are compared with; arrays of shape [records], NaN where not known.

    Attributes:
        constant_loss: the loss of the best constant prediction.
        constant_accuracy: its accuracy.
        regularization: the part of the loss that does not depend on the data; 0 where there is none.
        epochs: the trend of the epochs.
    """

    constant_loss: Floats
    constant_accuracy: Floats
    regularization: Floats
    epochs: EpochTrend


def with_references(losses: Losses, known: References) -> Losses:
    """The losses with their `skill`, and the outcomes corrected by it and by the epochs.

    * A skill of `SOLVED_SKILL` or more is learning. Below `CHANCE_SKILL` a loss that still falls from a bad
      start is undecided, and one that does not fall is stalled. In between a flat loss is undecided, never
      stalled.
    * Without a skill, a falling mean loss of the epochs is not stalled. A loss whose newest epoch is near the
      best one is not diverging: medians of single batches miss what only some batches hold.
    """
    known = replace(known, epochs=known.epochs.where(~_outdated(losses, known.epochs)))
    epochs = known.epochs
    # Where even the newest epoch is far above the start, being near the best epoch means nothing.
    at_best = epochs.at_best & ~_far_above_start(losses, known)
    codes = np.array([OUTCOMES.index(outcome) for outcome in losses.outcomes], np.int64)
    # For a loss that leaves its best value, only the newest losses measure the skill.
    leaving = (codes == DIVERGING) & ~at_best
    skill = np.where(leaving, _skill_of(losses.recent, known), _skill(losses, known))
    improving = losses.improves() | epochs.falls
    ready = np.isin(codes, (LEARNING, STALLED, DIVERGING)) & losses.finite
    falls = ready & (epochs.gain >= CHANCE_SKILL) & (codes != LEARNING) & ~(skill < CHANCE_SKILL)
    codes[falls] = np.where(epochs.gain[falls] >= 1 - LEARNED, LEARNING, UNDECIDED)
    codes[ready & (codes == DIVERGING) & at_best] = UNDECIDED
    flat = ready & ~improving
    below = ready & (skill < CHANCE_SKILL) & (codes == LEARNING)
    codes[below] = np.where(improving[below], UNDECIDED, STALLED)
    inconclusive = (flat & (codes == LEARNING)) | (ready & (codes == STALLED))
    codes[inconclusive & (skill >= CHANCE_SKILL)] = UNDECIDED
    codes[ready & (skill >= SOLVED_SKILL)] = LEARNING
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


def _outdated(losses: Losses, epochs: EpochTrend) -> Mask:
    """Whether the minimum of the last five losses is far above the newest epoch's mean, [records].

    The epoch does not describe the current loss then.
    """
    far = losses.recent_minimum - epochs.last > (DIVERGED - 1) * np.maximum(
        np.abs(epochs.last), SMALLEST_SCALE
    )
    return np.asarray(far & (losses.count >= WINDOW))


def _far_above_start(losses: Losses, known: References) -> Mask:
    """Whether the newest epoch's loss is twice that of the start and of a constant prediction, [records]."""
    beyond = DIVERGED * np.fmax(losses.first, known.constant_loss + known.regularization)
    return np.asarray((known.constant_loss > 0) & (losses.first > 0) & (known.epochs.last > beyond))


def _skill(losses: Losses, known: References) -> Floats:
    """The largest of all known skills, by losses, accuracy and area under the curve, [records].

    The loss is the newest epoch's mean, or the mean of the last 20 recorded ones. Before the second epoch
    ends, a loss that falls is measured by the median of the last five too, since the mean includes values
    from before the fall; a flat loss is measured by the mean with its largest value replaced by the second
    largest, since a single spike raises a mean. The median alone would be far below the mean of losses with a
    heavy tail.
    """
    recent = losses.last
    with np.errstate(all="ignore"):
        mean = np.nanmean(np.where(np.isnan(recent).all(axis=1, keepdims=True), np.inf, recent), axis=1)
        candidates = [mean, known.epochs.last]
        size = np.isfinite(recent).sum(axis=1)
        largest = np.sort(np.where(np.isnan(recent), -np.inf, recent), axis=1)[:, -2:]
        without_spike = mean - (largest[:, 1] - largest[:, 0]) / np.maximum(size, 1)
        newest = np.where(losses.improves() | (losses.count < COMPARABLE), losses.recent, without_spike)
        candidates.append(np.where(known.epochs.count < 2, newest, np.nan))
        candidates.append(_confirmed_loss(losses))
        by_loss = [_skill_of(loss, known) for loss in candidates]
        room = 1 - known.constant_accuracy
        by_accuracy = (known.epochs.accuracy - known.constant_accuracy) / np.where(room > 1e-9, room, np.nan)
        by_area = 2 * known.epochs.area - 1
        found = np.fmax.reduce([*by_loss, by_accuracy, by_area])
    return np.where(losses.count >= WINDOW, found, np.nan)


def _confirmed_loss(losses: Losses) -> Floats:
    """The largest of the last four losses where they are lower than those before, [records]; NaN elsewhere.

    Four losses in a row below a constant prediction's are not due to chance.
    """
    confirmed = np.full(losses.count.shape, np.nan)
    ready = losses.count >= COMPARABLE
    before, newest = losses.last[ready, :-LATEST], losses.last[ready, -LATEST:]
    falls = column_median(newest.T) < LEARNED * column_median(before.T)
    confirmed[ready] = np.where(falls, newest.max(axis=1), np.nan)
    return confirmed


def _skill_of(loss: Floats, known: References) -> Floats:
    """1 - loss / constant loss, [records]; NaN where the constant loss is not known or near zero."""
    scale = np.where(known.constant_loss > 1e-9, known.constant_loss, np.nan)
    return np.asarray(1 - (loss - known.regularization) / scale)
