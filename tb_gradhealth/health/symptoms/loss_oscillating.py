"""Symptom loss-oscillating: a loss that swings up and down instead of settling."""

from dataclasses import dataclass, replace
from statistics import median as median_of

import numpy as np

from tb_gradhealth.health.arrays import Floats, Ints, Mask
from tb_gradhealth.health.loss import COMPARED, LEARNED, Losses
from tb_gradhealth.health.protocol import (
    Facts,
    Judgement,
    Labels,
    Limits,
    Scope,
    StepsView,
    Structure,
    Symptom,
    View,
    judgement,
    limit,
    loss_level,
)
from tb_gradhealth.health.results import INFO, WARNING, times
from tb_gradhealth.health.series import SMALLEST_WEIGHT_RMS

TENTH = COMPARED // 5
"""Index of the 10 % quantile among the last losses, sorted."""


@dataclass(frozen=True)
class LossOscillatingLimits(Limits):
    """Size of the swings, how often they turn, and what makes them a fault."""

    threshold: float = limit(0.8, "range of the middle 80 % of the last losses over their median")
    turns: float = limit(0.3, "share of changes that reverse one of the same kind", maximum=1)
    swing: float = limit(0.2, "a change counts from this share of the median on")
    unlearned: float = limit(0.25, "share of its first values that the median loss must still have")
    solved: float = limit(
        0.25,
        "share of a constant prediction's loss below which the mean loss may swing as it likes",
        maximum=1,
    )
    opposed: float = limit(
        0.85, "share of neighbours on opposite sides of the median when steps overshoot", maximum=1
    )
    worthless: float = limit(
        0.9,
        "share of a constant prediction's loss that the median must have where large steps are blamed",
        maximum=1,
    )
    wild: float = limit(2.0, "times their median that the range must be to warn", minimum=1)
    steps: float = limit(1e-2, "RMS(update) / RMS(w) above which steps throw the loss")


class LossOscillating(Symptom[LossOscillatingLimits]):
    """Range of the middle 80 % of the last 20 losses over their median, where 30 % of the changes reverse.

    Quantiles, since a single spike is no oscillation. Small batches make a small loss jagged, so the mean
    must be at least a quarter of a constant prediction's loss, or, where that is not known, the median at
    least a quarter of the first losses. That is information, since noise does the same. It is a warning where
    the steps explain the swings:

    * neighbouring losses are on opposite sides of their median, in 17 of 19 pairs. For noise half of them
      are, and 17 with a probability of 4e-4; a step beyond 2 / curvature overshoots the minimum each time,
      with period two (Cohen et al., ICLR 2021);
    * or the swings are wild, around a level where nothing is learned, and the updates of some weight matrix
      have been too large for it.
    """

    id = "loss-oscillating"
    title = "Loss oscillates"
    meaning = "The loss swings up and down, again and again above where it began, and does not settle."
    causes = (
        "A learning rate that is too high: each step overshoots.",
        "Inputs that are not scaled, so that one rate cannot fit all weights.",
        "Batches that are too small, or not shuffled.",
    )
    advice = (
        "Lower the learning rate by ten, or let it decay.",
        "Scale the inputs to about unit variance.",
        "Use larger batches, and shuffle them.",
    )
    measure = "(90 % quantile - 10 % quantile) / median of the last 20 losses"
    needs = "fewer than 20 losses were recorded"
    statistic = "mean"
    labels = Labels("relative swing", "loss")
    unit = "times"
    judges = ("loss",)
    limits_type = LossOscillatingLimits
    weighed_by_loss = False

    def __init__(self, limits: LossOscillatingLimits) -> None:
        super().__init__(limits)
        self._matrices = np.empty(0, np.int64)
        self._steps: list[float] = []

    def update_structure(self, structure: Structure, rows: Ints) -> None:
        """Find the weight matrices' updates."""
        self._matrices = np.flatnonzero(structure.matrices("update").judged)

    def scope(self, structure: Structure) -> Scope:
        """The loss."""
        return structure.main_loss()

    def observe(self, view: View) -> Judgement:
        """Measure the swing and the turns of the last losses."""
        limits, losses = self.limits, view.block.losses
        swing, median = self._swing(losses.last)
        swing = np.where((losses.count >= 2 * COMPARED) & losses.finite, swing, np.nan)
        wide = swing > limits.threshold
        jagged, by_steps = wide.copy(), self._large_steps(view, wide & (swing >= limits.wild))
        if wide.any():
            jagged[wide] = self._jagged(losses.last[wide], median[wide])
            jagged &= self._unsolved(losses, median) & ~losses.improves()
            # A low level is disturbed by single batches; steps that are too large do not let it get low.
            by_steps &= ~(median < self.limits.worthless * losses.constant)
            by_steps[wide] |= self._overshoots(losses.last[wide])
        value = np.repeat(swing[:, None], view.rows.size, axis=1)
        level = np.repeat(np.where(by_steps, loss_level(view), INFO)[:, None], view.rows.size, axis=1)
        return judgement(value, limits.threshold, level, where=jagged[:, None])

    def observe_steps(self, view: StepsView) -> Judgement | None:
        """Find overshooting from step to step, of which records contain only every few steps."""
        known, rows = view.trend or view.latest, view.values.shape[1]
        last = view.loss[-2 * COMPARED :][None]
        if known is None or last.size < 2 * COMPARED or not np.isfinite(last).all():
            return None
        swing, median = self._swing(last)
        large = (swing >= self.limits.wild) & (median_of(self._steps or [0.0]) > self.limits.steps)
        large &= ~(median < self.limits.worthless * known.constant)
        found = self._jagged(last, median) & self._unsolved(replace(known, last=last), median)
        found &= ~_settles(known)
        found &= self._overshoots(last) | large
        since = np.full(rows, view.steps[-2 * COMPARED])
        return judgement(np.full(rows, swing[0]), self.limits.threshold, WARNING, where=found, since=since)

    def contradicted(self, losses: Losses) -> bool:
        """Whether the loss falls significantly by now."""
        return bool(_settles(losses)[0])

    def _swing(self, last: Floats) -> tuple[Floats, Floats]:
        """Range of the middle 80 % of losses, [records, 20], over their median, and the median; [records]."""
        ordered = np.sort(last, axis=1)
        low, high = ordered[:, TENTH], ordered[:, -1 - TENTH]
        sizes = np.sort(np.abs(last), axis=1)
        median = (sizes[:, COMPARED - 1] + sizes[:, COMPARED]) / 2
        return (high - low) / median, median

    def _unsolved(self, losses: Losses, median: Floats) -> Mask:
        """Whether little was learned, [records]."""
        begun = np.minimum(np.abs(losses.first), np.abs(losses.early))
        by_loss = median >= self.limits.unlearned * begun
        known = np.isfinite(losses.constant)
        by_constant = losses.last.mean(axis=1) >= self.limits.solved * losses.constant
        return np.where(known, by_constant, by_loss)

    def _jagged(self, last: Floats, median: Floats) -> Mask:
        """Whether enough large changes of the last losses, [records, 20], reverse another large change."""
        changes = np.diff(last, axis=1)
        large = np.abs(changes) > self.limits.swing * median[:, None]
        turns = np.mean((changes[:, 1:] * changes[:, :-1] < 0) & large[:, 1:] & large[:, :-1], axis=1)
        return np.asarray(turns >= self.limits.turns)

    def _overshoots(self, last: Floats) -> Mask:
        """Whether neighbours among the last losses, [records, 20], are on opposite sides of the median."""
        above = last > np.median(last, axis=1, keepdims=True)
        opposed = (above[:, 1:] != above[:, :-1]).mean(axis=1)
        return np.asarray(opposed >= self.limits.opposed)

    def _large_steps(self, view: View, where: Mask) -> Mask:
        """Whether, at some records, the last 20 updates of any matrix were too large, [records]."""
        numbers = view.block.numbers
        update = numbers.of(self._matrices).column("rms")
        weight = numbers.of(view.structure.counterparts["weight"][self._matrices]).column("rms")
        largest = np.fmax.reduce(update / np.maximum(weight, SMALLEST_WEIGHT_RMS), axis=1, initial=np.nan)
        known = np.isfinite(largest)
        steps = [*self._steps, *largest[known].tolist()]
        ends = len(self._steps) + np.cumsum(known)
        self._steps = steps[-2 * COMPARED :]
        large = np.zeros(where.size, bool)
        for record in np.flatnonzero(where).tolist():
            recent = steps[max(ends[record] - 2 * COMPARED, 0) : ends[record]]
            large[record] = median_of(recent or [0.0]) > self.limits.steps
        return large

    def message(self, facts: Facts) -> str:
        """How large the swings are."""
        return (
            f"The loss {facts.tense('has been', 'was')} swinging up and down {facts.since}: by "
            f"{times(facts.value)} × its median in the {2 * COMPARED} values up to step "
            f"{facts.peak_step:,}, {times(facts.threshold)} × is the limit."
        )


def _settles(losses: Losses) -> Mask:
    """Whether the losses fall significantly, or the epochs' losses have fallen far, [records]."""
    return np.asarray(losses.improves() | (losses.epoch_falls & (losses.epoch_gain >= 1 - LEARNED)))
