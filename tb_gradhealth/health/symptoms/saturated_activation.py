"""Sigmoid and tanh units that sit at the flat ends of their function."""

from dataclasses import dataclass

import numpy as np

from tb_gradhealth.health.loss import SOLVED, Losses
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
"""The aspects: units that stay at an end, and outputs that are thrown from one to the other."""


@dataclass(frozen=True)
class SaturatedActivationLimits(Limits):
    """Share of a layer's units."""

    threshold: float = limit(0.5, "share of saturated units above which a layer is ill", most=1)
    inexcusable: float = limit(
        0.9, "share of saturated units that stays a warning while the results are not good", most=1
    )
    outer: float = limit(
        0.85, "share of outputs in the outer 5 % of the range that is ill while little is learned", most=1
    )


class SaturatedActivation(Symptom[SaturatedActivationLimits]):
    """Share of a sigmoid- or tanh-like layer's units of which over 95 % lie in the outer 3 % of the range.

    Units that inputs of a wrong scale throw from one end to the other count too, where nine in ten outputs
    lie in the outer 5 % and the network is not much better than a constant prediction.

    At the flat ends the slope is next to zero, and so is what comes through of the gradient. A good
    classifier's output is meant to be there; so the model's output is judged only while the loss is known
    not to improve.
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
        "Use Glorot initialization and a lower learning rate.",
        "Normalize before the activation, or use ReLU or GELU in hidden layers.",
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
        flat = structure.squashing
        return structure.all_of("activation").without(~flat, "its activation function has no two flat ends")

    def observe(self, view: View) -> Judgement:
        """Judge hidden layers always, the output where the loss does not improve."""
        output = view.structure.output[view.rows]
        excused = ~view.outcome_is("stalled", "diverging")[:, None] & output
        units, outer = view.column("saturated_fraction"), view.column("outer_fraction")
        unlearned = (view.block.losses.skill < SOLVED) | view.outcome_is("stalled", "diverging")
        thrown = (outer >= self.limits.outer) & unlearned[:, None] & ~(units > self.limits.threshold)
        value = np.where(excused, np.nan, np.where(thrown, outer, units))
        aspect = np.where(thrown, OUTPUTS, UNITS)
        useless = (units >= self.limits.inexcusable) & (view.block.losses.skill < SOLVED)[:, None]
        least = np.where(useless & ~output, WARNING, INFO)
        return judgement(value, self.limits.threshold, WARNING, aspect=aspect, least=least)

    def excused(self, value: float, losses: Losses) -> bool:
        """Whether the network does well all the same."""
        return bool(losses.skill[0] >= SOLVED)

    def message(self, facts: Facts) -> str:
        """Say how many of the layer's units are at their ends."""
        been = facts.tense("have been", "were")
        if facts.aspect == OUTPUTS:
            return (
                f"{percent(facts.value)} of the outputs of {facts.row.layer} {been} in the outer 5 % of the "
                f"range of {facts.row.activation} {facts.since}; {percent(self.limits.outer)} is the "
                f"limit{facts.yet}."
            )
        return (
            f"{percent(facts.value)} of the units of {facts.row.layer} {been} at the flat ends of "
            f"{facts.row.activation} {facts.since}; {percent(facts.threshold)} is the limit{facts.yet}."
        )
