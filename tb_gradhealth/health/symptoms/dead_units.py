"""ReLU units that never activate, whatever the input: they receive no gradient and cannot come back."""

from dataclasses import replace

import numpy as np

from tb_gradhealth.health.symptom import Facts, Judgement, Labels, Symptom, View, judgement
from tb_gradhealth.health.wording import percent

CRITICAL = 0.5
"""Share of dead units from which the layer as such is in danger."""

INEXCUSABLE = 0.7
"""Share of dead units that stays a warning even while the loss improves: AUTOTRAINER's gamma for a dying
layer (Zhang et al., ICSE 2021). Fewer may be sparsity that the task allows."""

SHORTEST_WINDOW = 10
"""Batches a unit must have stayed silent for: sparse is not dead."""


class DeadUnits(Symptom):
    """Share of a ReLU-like layer's units that were 0 on every sample and position of ten batches or more.

    Elements that are zero prove nothing: half of them being so is normal for ReLU (a rule on 70 % zero
    elements gave 58 of DeepDiagnosis's 68 false alarms). A unit that never fires does.
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
        "Use LeakyReLU, ELU or GELU instead of ReLU.",
        "Use He initialization, with biases at zero.",
        "Normalize the inputs, or add BatchNormalization before the activation.",
    )
    measure = "units that were 0 throughout the window / units"
    statistic = "zero_fraction"
    labels = Labels("share of dead units", "share of zero outputs")
    threshold = 0.2

    def observe(self, view: View) -> Judgement:
        """Judge every ReLU-like activation that was watched for long enough."""
        structure = view.structure
        rows = structure.kinds["activation"] & structure.relu_like
        with np.errstate(invalid="ignore"):
            rows &= view.columns["window"] >= SHORTEST_WINDOW
        value = np.where(rows, view.columns["dead_fraction"], np.nan)
        level = np.where(value > CRITICAL, 2, 1)
        judged = judgement(value, self.threshold, level, view.step)
        return replace(judged, least=np.where(value >= INEXCUSABLE, 1, 0))

    def message(self, facts: Facts) -> str:
        """Say how many of the layer's units are silent."""
        shape = facts.row.shape
        units = f" ({round(facts.value * shape[-1])} of {shape[-1]})" if shape and shape[-1] > 0 else ""
        return (
            f"{percent(facts.value)} of the units of {facts.row.layer}{units} gave zero for every sample "
            f"since step {facts.opened_step:,}; they no longer learn."
        )
