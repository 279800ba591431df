"""Symptom dead-units: ReLU units that give zero for every input, and so get no gradient."""

from dataclasses import dataclass

import numpy as np

from tb_gradhealth.health.loss import CHANCE_SKILL, SOLVED_SKILL, Losses
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
from tb_gradhealth.health.results import CRITICAL, INFO, WARNING, percent

NOT_RELU = "its activation function never gives exact zeros"


@dataclass(frozen=True)
class DeadUnitsLimits(Limits):
    """Shares of a layer's units, and the number of batches for which they must have been zero."""

    threshold: float = limit(0.2, "share of dead units above which a layer is ill", maximum=1)
    critical: float = limit(0.5, "share of dead units above which the layer as such is in danger", maximum=1)
    inexcusable: float = limit(
        0.7,  # AUTOTRAINER's gamma for a dying layer (Zhang et al., ICSE 2021); fewer may be wanted sparsity
        "share of dead units that stays a warning even while the loss improves",
        maximum=1,
    )
    useless: float = limit(
        0.95,
        "share of dead units that stays one even where the results are good: the layer does nothing",
        maximum=1,
    )
    batches: int = limit(10, "batches a unit must have stayed silent for: sparse is not dead", minimum=1)


class DeadUnits(Symptom[DeadUnitsLimits]):
    """Share of a ReLU-like layer's units that were 0 on every sample and position of ten batches or more.

    Single zeros prove nothing: half of the elements are zero in a normal ReLU layer (a rule on 70 % zero
    elements gave 58 of DeepDiagnosis's 68 false alarms). A unit that is always zero does. A layer with 70 %
    dead units, or with 50 % while the loss is no better than a constant prediction's, stays a warning while
    the loss improves, until the results are good: the layer is wide enough then.
    """

    id = "dead-units"
    title = "Dead units"
    meaning = (
        "These units gave zero for every sample they were shown, so no gradient passes through them and "
        "they will hardly ever come back. The layer is effectively narrower than you built it."
    )
    causes = (
        "The learning rate is too high: one large step pushed the biases far below zero.",
        "A strongly negative bias, or a bad initialization.",
        "Inputs that are not centred or scaled.",
        "A very deep stack of ReLU layers without normalization.",
    )
    advice = (
        "Lower the learning rate, or warm it up.",
        "Use {leaky_relu}, {elu} or {gelu} instead of {relu}.",
        "Use {he_initialization}, with biases at zero.",
        "Normalize the inputs, or add {batch_normalization} before the activation.",
    )
    measure = "units that were 0 throughout the window / units"
    needs = "its units have not been watched for ten batches yet"
    statistic = "zero_fraction"
    labels = Labels("share of dead units", "share of zero outputs")
    unit = "share"
    judges = ("activation",)
    limits_type = DeadUnitsLimits
    info_while_undecided = True
    leads_to = frozenset({"vanishing-gradient", "dead-layer", "loss-stalled"})

    def scope(self, structure: Structure) -> Scope:
        """Outputs of ReLU-like layers; other functions give no exact zeros."""
        return structure.all_of("activation").without(~structure.relu_like, NOT_RELU)

    def observe(self, view: View) -> Judgement:
        """Judge every ReLU-like activation with enough batches in its window."""
        limits = self.limits
        long_enough = view.column("window") >= limits.batches
        share = view.column("dead_fraction")
        value = np.where(long_enough & np.isfinite(share), share, np.nan)
        level = np.where(value > limits.critical, CRITICAL, WARNING)
        # Below chance, a falling loss only recovers from a bad start: it does not excuse dead units.
        useless = (value >= limits.critical) & (view.block.losses.skill < CHANCE_SKILL)[:, None]
        minimum_level = np.where((value >= limits.inexcusable) | useless, WARNING, INFO)
        return judgement(value, limits.threshold, level, minimum_level=minimum_level)

    def excused(self, value: float, losses: Losses) -> bool:
        """Whether the network does well with its remaining units."""
        solved = losses.skill[0] >= SOLVED_SKILL and value < self.limits.useless
        begun = losses.skill[0] >= CHANCE_SKILL and value < self.limits.inexcusable
        return bool(solved or (begun and losses.outcomes[0] != "diverging"))

    def message(self, facts: Facts) -> str:
        """How many of the layer's units are dead."""
        shape = facts.row.shape
        units = f" ({round(facts.value * shape[-1])} of {shape[-1]})" if shape and shape[-1] > 0 else ""
        return (
            f"{percent(facts.value)} of the units of {facts.row.layer}{units} gave zero for every sample "
            f"{facts.since}{facts.tense(' and no longer learn', '')}; {percent(facts.threshold)} is the limit"
            f"{facts.loss_clause}."
        )
