"""A loss that leaves its best value for good."""

from dataclasses import dataclass

import numpy as np

from tb_gradhealth.health.loss import SOLVED, WINDOW, Losses
from tb_gradhealth.health.protocol import (
    Facts,
    Judgement,
    Labels,
    Limits,
    Lines,
    Scope,
    Structure,
    Symptom,
    View,
    judgement,
    limit,
    of_loss,
)
from tb_gradhealth.health.results import WARNING, times

LATEST = 4
"""Losses of which not even the least may be near the best."""

STEPS = 20
"""Steps in a row, seen by the flight recorder, that do as well."""

MULTIPLE, ABOVE = 0, 1
"""The aspects: a multiple of a positive best value, or a distance from one that is not."""


@dataclass(frozen=True)
class LossDivergingLimits(Limits):
    """How far from its best."""

    threshold: float = limit(
        2.0, "times its best median that the loss must be, in every one of the last four", least=1
    )


class LossDiverging(Symptom[LossDivergingLimits]):
    """1 + (least of the last four losses - best) / |best|; best is the best median of five, or the start.

    The least of four, so that one bad batch or a jump that is coming down again does not count: a loss
    diverges where not even its best moments come near what it had reached.
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
        "Lower the learning rate, clip gradients (clipnorm=1.0).",
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
    weighed = False
    forgiven = True

    def scope(self, structure: Structure) -> Scope:
        """The loss."""
        return structure.main_loss()

    def observe(self, view: View) -> Judgement:
        """Compare the best of the last losses with the best stretch."""
        losses = view.block.losses
        # What is thrown up in the first steps leaves where it began: no stretch is better than that.
        best, least = np.fmin(losses.best, losses.first), np.fmin.reduce(losses.last[:, -LATEST:], axis=1)
        times_best = 1 + (least - best) / np.maximum(np.abs(best), 1e-12)
        times_best[losses.count < 2 * LATEST] = np.nan
        # A loss near zero may double many times and still be solved: it must matter beside the first.
        matters = least >= losses.first - 0.5 * np.abs(losses.first)
        # A jump that comes down again, each loss below the one before, is a spike.
        matters &= ~(np.diff(losses.last[:, -LATEST:], axis=1) < 0).all(axis=1)
        # What single batches say does not hold where the mean of an epoch, or the metrics, say otherwise.
        matters &= ~losses.epoch_at_best & ~(losses.skill >= SOLVED)
        value = np.repeat(times_best[:, None], view.rows.size, axis=1)
        aspect = np.where(best > 0, MULTIPLE, ABOVE)[:, None].repeat(view.rows.size, axis=1)
        return judgement(value, self.limits.threshold, of_loss(view), where=matters[:, None], aspect=aspect)

    def observe_steps(self, lines: Lines) -> Judgement | None:
        """Judge the last steps of a flight recorder's lines: twenty in a row are as good as four records."""
        known, last, rows = lines.latest, lines.loss[-STEPS:], lines.values.shape[1]
        if known is None or last.size < STEPS or not np.isfinite(last).all() or known.count[0] < WINDOW:
            return None
        best, least = float(np.fmin(known.best, known.first)[0]), float(last.min())
        value = 1 + (least - best) / max(abs(best), 1e-12)
        # The lines hold sizes: of a loss that may be negative they do not say enough.
        matters = best > 0 and least >= known.first[0] / 2 and not known.skill[0] >= SOLVED
        since = np.full(rows, lines.steps[-STEPS])
        return judgement(
            np.full(rows, value), self.limits.threshold, WARNING, where=np.full(rows, matters), since=since
        )

    def contradicted(self, losses: Losses) -> bool:
        """Whether the newest epoch is about the best, or the results are good."""
        return bool(losses.epoch_at_best[0] or losses.skill[0] >= SOLVED)

    def message(self, facts: Facts) -> str:
        """Say how far it is from its best."""
        if facts.aspect == ABOVE:
            distance = f"lay {times(facts.value - 1)} × its size above it, {times(facts.threshold - 1)} ×"
        else:
            distance = f"was {times(facts.value)} × as large, {times(facts.threshold)} ×"
        return (
            f"The loss {facts.tense('has left', 'left')} its best value {facts.since}: up to step "
            f"{facts.peak_step:,} even the lowest of four records {distance} is the limit."
        )
