"""Symptom weight-growth: weights far larger than at the start, or far smaller."""

from dataclasses import dataclass

import numpy as np

from tb_gradhealth.health.arrays import Floats, Ints, Mask, extended
from tb_gradhealth.health.protocol import (
    Facts,
    Judgement,
    Labels,
    Limits,
    Scope,
    Structure,
    Symptom,
    View,
    judgement,
    limit,
)
from tb_gradhealth.health.results import WARNING, number, times

NEAR_ZERO_RMS = 1e-3
"""RMS below which weights have just left zero: it is no reference for their growth."""

SETTLED = 5
"""Records after which weights that start near zero are compared with their largest RMS so far."""

GROWN, SHRUNK, DOUBLING = 0, 1, 2
"""The aspects."""

COLLAPSE = 10.0
"""A decrease to 1/100 counts as much as a growth to 10 times."""


@dataclass(frozen=True)
class WeightGrowthLimits(Limits):
    """Growth since the start."""

    threshold: float = limit(
        10.0, "times their size at the start, or a tenth of the factor they shrank by", minimum=1
    )
    doubling: float = limit(2.0, "growth from record to record that is too fast, if it goes on", minimum=1)


class WeightGrowth(Symptom[WeightGrowthLimits]):
    """RMS(w) over its first value, its inverse, or the growth from record to record, whichever is worst.

    The scale of weights before a normalization has no effect and grows by design, so growth is information as
    long as the loss improves.
    """

    id = "weight-growth"
    title = "Weights running away"
    meaning = "The weights are many times larger, or smaller, than they were at the start, and keep going."
    causes = (
        "A learning rate that is too high.",
        "No weight decay where the loss rewards ever larger logits.",
        "Weight decay that is too strong, where they collapse.",
    )
    advice = (
        "Lower the learning rate, or clip gradients {by_norm}.",
        "Add weight decay, or label smoothing in a classifier; weaken it where weights collapse.",
        "Nothing, if a normalization follows and the loss is fine.",
    )
    measure = "max(RMS(w) / first, first / RMS(w) / 10, 5 x its growth since the last record)"
    needs = "it starts at zero and is compared once it has grown"
    statistic = "rms"
    labels = Labels("times its size at the start", "weight RMS", "size at the start")
    judges = ("weight",)
    unit = "times"
    limits_type = WeightGrowthLimits
    logarithmic = True
    raised_by_loss = False
    info_while_undecided = True
    leads_to = frozenset({"non-finite", "saturated-activation", "loss-diverging"})

    def __init__(self, limits: WeightGrowthLimits) -> None:
        super().__init__(limits)
        self._first = self._previous = self._seen = np.empty(0)
        self._from_zero = np.empty(0, bool)

    def scope(self, structure: Structure) -> Scope:
        """Weight matrices."""
        return structure.matrices("weight")

    def update_structure(self, structure: Structure, rows: Ints) -> None:
        """Extend the state by further rows."""
        self._first = extended(self._first, rows.size, np.nan)
        self._previous = extended(self._previous, rows.size, np.nan)
        self._seen = extended(self._seen, rows.size, 0)
        self._from_zero = extended(self._from_zero, rows.size, False)

    def observe(self, view: View) -> Judgement:
        """Compare every matrix with its size at the start and at the last record."""
        rms = view.column("rms")
        first, starting = self._starts(rms)
        growth = rms / first
        previous = np.concatenate([self._previous[None], rms[:-1]])
        doubling = np.where(starting, 0, rms / previous * (self.limits.threshold / self.limits.doubling))
        shrinking = 1 / growth / COLLAPSE
        measures = np.stack([growth, shrinking, doubling])
        value = np.fmax.reduce(measures)
        value[np.isnan(growth)] = np.nan
        self._previous = rms[-1].copy()
        aspect = np.where(np.isnan(measures), 0, measures).argmax(axis=0)
        return judgement(value, self.limits.threshold, WARNING, reference=first, aspect=aspect)

    def _starts(self, rms: Floats) -> tuple[Floats, Mask]:
        """Every matrix's RMS at the start as known at each record, and whether it still changes."""
        first, starting = np.empty(rms.shape), np.zeros(rms.shape, bool)
        first[:] = self._first
        rows = np.flatnonzero(~_known(self._first, self._from_zero, self._seen))
        if not rows.size:
            return first, starting
        start, from_zero, seen = self._first[rows], self._from_zero[rows], self._seen[rows]
        for record, size in enumerate(rms[:, rows]):
            from_zero = from_zero | (np.isnan(start) & (size < NEAR_ZERO_RMS))
            begins = ~_known(start, from_zero, seen) & (size >= NEAR_ZERO_RMS)
            start = np.where(begins, np.fmax(start, size), start)
            seen = seen + (size >= NEAR_ZERO_RMS)
            first[record, rows], starting[record, rows] = start, begins
            if _known(start, from_zero, seen).all():
                first[record + 1 :, rows] = start
                break
        self._first = first[-1].copy()
        self._from_zero, self._seen = self._from_zero.copy(), self._seen.copy()
        self._from_zero[rows], self._seen[rows] = from_zero, seen
        return first, starting

    def message(self, facts: Facts) -> str:
        """By how much the weights grow or shrink, and since when."""
        tensor, at = facts.row.tensor, f"at step {facts.peak_step:,}"
        since, been = facts.since, facts.tense("has been", "was")
        if facts.aspect == SHRUNK:
            smaller, limit = times(facts.value * COLLAPSE), times(facts.threshold * COLLAPSE)
            return (
                f"{tensor} {been} collapsing {since}: {at} it was {smaller} × smaller than at the start, "
                f"{limit} × is the limit{facts.loss_clause}."
            )
        if facts.aspect == DOUBLING:
            growth = times(facts.value * self.limits.doubling / facts.threshold)
            return (
                f"{tensor} {been} running away {since}: {at} it was {growth} × as large as a record "
                f"before, {number(self.limits.doubling)} × again and again is the limit{facts.loss_clause}."
            )
        return (
            f"{tensor} {been} running away from its size at the start {since}: {times(facts.value)} × "
            f"{at}, {number(facts.threshold)} × is the limit{facts.loss_clause}."
        )


def _known(first: Floats, from_zero: Mask, seen: Floats) -> Mask:
    """Whether the RMS at the start is known and final, [judged]."""
    return np.asarray(np.isfinite(first) & ~(from_zero & (seen < SETTLED)))
