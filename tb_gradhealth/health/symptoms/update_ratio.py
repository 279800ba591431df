"""Symptom update-ratio: updates that are out of proportion to their weights."""

from dataclasses import dataclass

import numpy as np

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
from tb_gradhealth.health.results import CRITICAL, WARNING, number
from tb_gradhealth.health.series import SMALLEST_WEIGHT_RMS

TOO_LARGE, TOO_SMALL = 0, 1
"""The aspects."""


@dataclass(frozen=True)
class UpdateRatioLimits(Limits):
    """The healthy range, around the rule of thumb of 1e-3."""

    threshold: float = limit(1.0, "times outside the range from `smallest` to `largest`")
    largest: float = limit(1e-2, "RMS(update) / RMS(w) above which steps are too large")
    smallest: float = limit(1e-6, "RMS(update) / RMS(w) below which steps are too small")
    critical: float = limit(10.0, "times outside the range from which it is critical", minimum=1)
    decayed: float = limit(
        0.01, "share of its largest at which the learning rate is meant to do little", maximum=1
    )


class UpdateRatio(Symptom[UpdateRatioLimits]):
    """RMS(w after - w before) / max(RMS(w), 1e-3) of a weight matrix, in times outside the healthy range.

    The update is measured, since lr * RMS(g) is wrong for Adam. Karpathy's rule of thumb is 1e-3. Trainings
    with ratios far outside may succeed, so it is information as long as the loss improves, and explains a
    loss that does not improve. Updates that shrink with a decaying learning rate are intended.
    """

    id = "update-ratio"
    title = "Update out of proportion"
    meaning = (
        "Each step changes these weights by a share that is far from the usual thousandth: much more makes "
        "the training jump about, much less makes it stand still."
    )
    causes = (
        "A learning rate that is too high, or too low, for this layer.",
        "Weights initialized at a wrong scale.",
        "A learning rate that was copied from another optimizer: Adam's is not SGD's.",
    )
    advice = (
        "Change the learning rate by the factor that leads to about 1e-3.",
        "Give the layer {own_learning_rate}, or use an optimizer that adapts ({adaptive_optimizers}).",
        "Warm the learning rate up.",
    )
    measure = "max(ratio / 1e-2, 1e-6 / ratio), ratio = RMS(w after - w before) / max(RMS(w), 1e-3)"
    needs = "its update was not measured, or nothing arrives at it"
    statistic = "rms"
    labels = Labels("times outside the healthy range", "update RMS", "weight RMS")
    judges = ("update",)
    unit = "times"
    limits_type = UpdateRatioLimits
    logarithmic = True
    raised_by_loss = False
    info_while_undecided = True
    leads_to = frozenset(
        {
            "loss-diverging",
            "loss-oscillating",
            "loss-stalled",
            "dead-units",
            "non-finite",
            "exploding-gradient",
            "saturated-activation",
            "weight-growth",
            "activation-spike",
        }
    )

    def __init__(self, limits: UpdateRatioLimits) -> None:
        super().__init__(limits)
        self._largest_rate = 0.0

    def scope(self, structure: Structure) -> Scope:
        """Updates of weight matrices."""
        return structure.matrices("update")

    def observe(self, view: View) -> Judgement:
        """Compare every matrix's update with the matrix."""
        limits = self.limits
        weight = view.counterpart("weight", "rms")
        update = view.column("rms")
        ratio = np.where(update > 0, update, np.nan) / np.maximum(weight, SMALLEST_WEIGHT_RMS)
        rate = view.training("learning_rate")
        largest_rate = np.maximum.accumulate(np.concatenate([[self._largest_rate], np.nan_to_num(rate)]))[1:]
        self._largest_rate = float(largest_rate[-1])
        decayed = rate <= limits.decayed * largest_rate
        # Without a gradient the momentum fades out: dead-layer judges that.
        fading = (view.counterpart("gradient", "rms") == 0) | decayed[:, None]
        small = np.where(fading, 0, limits.smallest / ratio)
        large = ratio / limits.largest
        value = np.fmax(large, small)
        value[np.isnan(ratio)] = np.nan
        level = np.where(value > limits.critical, CRITICAL, WARNING)
        aspect = np.where(small > large, TOO_SMALL, TOO_LARGE)
        return judgement(value, limits.threshold, level, reference=weight, aspect=aspect)

    def message(self, facts: Facts) -> str:
        """Which share of the weights a step changed, and since when."""
        limits, tensor = self.limits, facts.row.tensor
        sampled = f" (in a sample of {facts.row.sampled:,} elements)" if facts.row.sampled else ""
        since, peak = facts.since, f"step {facts.peak_step:,}"
        if facts.aspect == TOO_SMALL:
            share, minimum = number(limits.smallest / facts.value), number(limits.smallest)
            return (
                f"{tensor} {facts.tense('has hardly moved', 'hardly moved')} {since}: {peak} changed it by "
                f"{share} of its size{sampled}, {minimum} is the least that gets anywhere{facts.loss_clause}."
            )
        share, maximum = number(100 * limits.largest * facts.value), number(100 * limits.largest)
        return (
            f"The steps of {tensor} {facts.tense('have been', 'were')} too large for its weights {since}: "
            f"{peak} changed it by "
            f"{share} % of its size{sampled}, {maximum} % is the limit{facts.loss_clause}."
        )
