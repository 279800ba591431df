"""Symptom saturated-activation: sigmoid and tanh units at the flat ends of their function."""

from dataclasses import dataclass

import numpy as np

from tb_gradhealth.health.loss import SOLVED_SKILL, Losses
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
from tb_gradhealth.health.results import INFO, WARNING, percent

UNITS, OUTPUTS = 0, 1
"""The aspects: units that stay at one end, and outputs that jump from one end to the other."""


@dataclass(frozen=True)
class SaturatedActivationLimits(Limits):
    """Share of a layer's units."""

    threshold: float = limit(0.5, "share of saturated units above which a layer is ill", maximum=1)
    inexcusable: float = limit(
        0.9, "share of saturated units that stays a warning while the results are not good", maximum=1
    )
    outer: float = limit(
        0.85, "share of outputs in the outer 5 % of the range that is ill while little is learned", maximum=1
    )


class SaturatedActivation(Symptom[SaturatedActivationLimits]):
    """Share of a sigmoid- or tanh-like layer's units with over 95 % of values in the outer 3 % of the range.

    Units whose outputs jump from one end to the other, for inputs of a wrong scale, count too where 85 % of
    the outputs are in the outer 5 % and the network is not much better than a constant prediction.

    At the flat ends the slope is near zero, and so is the gradient that passes. A good classifier's output is
    there by design, so the model's output is judged only while the loss is known not to improve.
    """

    id = "saturated-activation"
    title = "Saturated activation"
    meaning = (
        "Most units of this layer sit at the flat ends of their function: whatever the input, they say the "
        "same, and hardly any gradient passes through them."
    )
    causes = (
        "Inputs that are not scaled.",
        "Weights that are too large, at initialization or by a learning rate that is too high.",
        "A bounded output (sigmoid, tanh) for targets that are not bounded.",
    )
    advice = (
        "Scale the inputs, and the targets of a bounded output, to the function's range.",
        "Use {glorot_initialization} and a lower learning rate.",
        "Normalize before the activation, or use {relu} or {gelu} in hidden layers.",
    )
    measure = "units with over 95 % of their values in the outer 3 % of the range / units"
    needs = "its saturated units were not counted, or it is the output of a model that learns"
    statistic = "saturated_fraction"
    labels = Labels("share of saturated units", "share of saturated units")
    unit = "share"
    judges = ("activation",)
    limits_type = SaturatedActivationLimits
    leads_to = frozenset({"vanishing-gradient", "loss-stalled", "dead-layer", "loss-oscillating"})

    def scope(self, structure: Structure) -> Scope:
        """Outputs of layers with a function that is flat at both ends."""
        flat = structure.saturating
        return structure.all_of("activation").without(~flat, "its activation function has no two flat ends")

    def observe(self, view: View) -> Judgement:
        """Judge hidden layers, and the output where the loss does not improve."""
        output = view.structure.output[view.rows]
        excused = ~view.outcome_is("stalled", "diverging")[:, None] & output
        units, outer = view.column("saturated_fraction"), view.column("outer_fraction")
        unlearned = (view.block.losses.skill < SOLVED_SKILL) | view.outcome_is("stalled", "diverging")
        by_outputs = (outer >= self.limits.outer) & unlearned[:, None] & ~(units > self.limits.threshold)
        value = np.where(excused, np.nan, np.where(by_outputs, outer, units))
        aspect = np.where(by_outputs, OUTPUTS, UNITS)
        useless = (units >= self.limits.inexcusable) & (view.block.losses.skill < SOLVED_SKILL)[:, None]
        minimum_level = np.where(useless & ~output, WARNING, INFO)
        return judgement(value, self.limits.threshold, WARNING, aspect=aspect, minimum_level=minimum_level)

    def excused(self, value: float, losses: Losses) -> bool:
        """Whether the results are good."""
        return bool(losses.skill[0] >= SOLVED_SKILL)

    def message(self, facts: Facts) -> str:
        """How many of the layer's units or outputs are at the ends."""
        been, end = facts.tense("have been", "were"), f"is the limit{facts.loss_clause}."
        if facts.aspect == OUTPUTS:
            return (
                f"{percent(facts.value)} of the outputs of {facts.row.layer} {been} in the outer 5 % of the "
                f"range of {facts.row.activation} {facts.since}; {percent(self.limits.outer)} {end}"
            )
        return (
            f"{percent(facts.value)} of the units of {facts.row.layer} {been} at the flat ends of "
            f"{facts.row.activation} {facts.since}; {percent(facts.threshold)} {end}"
        )
