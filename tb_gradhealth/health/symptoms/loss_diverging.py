"""Symptom loss-diverging: a loss that leaves its best value and does not return."""

from dataclasses import dataclass

import numpy as np

from tb_gradhealth.health.loss import SOLVED_SKILL, WINDOW, Losses
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
from tb_gradhealth.health.results import WARNING, times

LATEST = 4
"""Number of newest losses that must all be far from the best."""

STEPS = 20
"""Number of the flight recorder's newest steps that are judged instead."""

MULTIPLE, ABOVE = 0, 1
"""The aspects: a multiple of a positive best value, or a distance from one that is not."""


@dataclass(frozen=True)
class LossDivergingLimits(Limits):
    """Distance of the loss from its best value."""

    threshold: float = limit(
        2.0, "times its best median that the loss must be, in every one of the last four", minimum=1
    )


class LossDiverging(Symptom[LossDivergingLimits]):
    """1 + (minimum of the last four losses - best) / |best|; best is the best median of five, or the start.

    The minimum of four, so that one bad batch, or a jump from which the loss is falling again, does not
    count.
    """

    id = "loss-diverging"
    title = "Loss diverges"
    meaning = "The loss left the value it had reached and does not come back."
    causes = (
        "A learning rate that is too high, or that was raised.",
        "Exploding gradients: look for them.",
        "Data that changed: another epoch, another file, another scale.",
    )
    advice = (
        "Lower the learning rate, clip gradients (Keras: clipnorm=1.0, PyTorch: clip_grad_norm_).",
        "Go back to a checkpoint from before.",
        "Look at the data that was read when it began.",
    )
    measure = "1 + (least of the last 4 losses - best) / |best|, best = min(best median of 5, start)"
    needs = "fewer than eight losses were recorded"
    statistic = "mean"
    labels = Labels("times its best", "loss", "best median")
    judges = ("loss",)
    unit = "times"
    limits_type = LossDivergingLimits
    logarithmic = True
    immediate = True
    weighed_by_loss = False
    info_when_resolved = True

    def scope(self, structure: Structure) -> Scope:
        """The loss."""
        return structure.main_loss()

    def observe(self, view: View) -> Judgement:
        """Compare the minimum of the last losses with the best window."""
        losses = view.block.losses
        # A loss that jumps in the first steps has no window better than its start.
        best, lowest = np.fmin(losses.best, losses.first), np.fmin.reduce(losses.last[:, -LATEST:], axis=1)
        times_best = 1 + (lowest - best) / np.maximum(np.abs(best), 1e-12)
        times_best[losses.count < 2 * LATEST] = np.nan
        # A loss near zero may double many times while the task is solved: it must be near the first loss.
        counts = lowest >= losses.first - 0.5 * np.abs(losses.first)
        # A jump after which each loss is below the one before is a spike.
        counts &= ~(np.diff(losses.last[:, -LATEST:], axis=1) < 0).all(axis=1)
        # The mean of an epoch, and the metrics, are more reliable than single batches.
        counts &= ~losses.epoch_at_best & ~(losses.skill >= SOLVED_SKILL)
        value = np.repeat(times_best[:, None], view.rows.size, axis=1)
        aspect = np.where(best > 0, MULTIPLE, ABOVE)[:, None].repeat(view.rows.size, axis=1)
        return judgement(value, self.limits.threshold, loss_level(view), where=counts[:, None], aspect=aspect)

    def observe_steps(self, view: StepsView) -> Judgement | None:
        """Judge the flight recorder's last steps: twenty steps in a row count like four records."""
        known, last, rows = view.latest, view.loss[-STEPS:], view.values.shape[1]
        if known is None or last.size < STEPS or not np.isfinite(last).all() or known.count[0] < WINDOW:
            return None
        best, lowest = float(np.fmin(known.best, known.first)[0]), float(last.min())
        value = 1 + (lowest - best) / max(abs(best), 1e-12)
        # The steps hold |loss|, which is not enough where the loss may be negative.
        counts = best > 0 and lowest >= known.first[0] / 2 and not known.skill[0] >= SOLVED_SKILL
        since = np.full(rows, view.steps[-STEPS])
        return judgement(
            np.full(rows, value), self.limits.threshold, WARNING, where=np.full(rows, counts), since=since
        )

    def contradicted(self, losses: Losses) -> bool:
        """Whether the newest epoch is near the best, or the results are good."""
        return bool(losses.epoch_at_best[0] or losses.skill[0] >= SOLVED_SKILL)

    def message(self, facts: Facts) -> str:
        """How far the loss is from its best value."""
        if facts.aspect == ABOVE:
            distance = f"lay {times(facts.value - 1)} × its size above it, {times(facts.threshold - 1)} ×"
        else:
            distance = f"was {times(facts.value)} × as large, {times(facts.threshold)} ×"
        return (
            f"The loss {facts.tense('has left', 'left')} its best value {facts.since}: up to step "
            f"{facts.peak_step:,} even the lowest of four records {distance} is the limit."
        )
