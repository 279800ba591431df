"""Activations that suddenly leave their usual range."""

from dataclasses import dataclass

import numpy as np

from tb_gradhealth.health.protocol import (
    Facts,
    Judgement,
    Labels,
    Scope,
    Spike,
    SpikeLimits,
    Structure,
    View,
    limit,
)
from tb_gradhealth.health.results import INFO, WARNING, number, times

NOTICED = 1.0
"""Robust z of the loss from which on it took notice: of a jump in the forward pass it often does so later."""


@dataclass(frozen=True)
class ActivationSpikeLimits(SpikeLimits):
    """Tails of activations are heavier than those of norms."""

    threshold: float = limit(8.0, "robust z on the logarithm above which a layer's largest output is a spike")


class ActivationSpike(Spike[ActivationSpikeLimits]):
    """Robust z of ln(max|h|) against the layer's own past, above 8.

    The maximum is the sticky one, so that a single step between two records counts. A spike during which the
    loss stayed within its usual spread is information: what counts is the loss of those very steps, not
    whether the training as a whole gets somewhere.
    """

    id = "activation-spike"
    title = "Activation spike"
    meaning = (
        "The layer's largest output jumped far out of the range it had kept. The steps after such a spike "
        "often undo what was learned, or end in NaN."
    )
    causes = (
        "A step that was too large: the learning rate is too high, or was just raised.",
        "A batch with an extreme input or label.",
        "BatchNormalization on a batch whose variance is close to zero.",
        "Weights that were changed from outside: a faulty checkpoint, a wrong loading.",
    )
    advice = (
        "Look at the first layer in forward order that spikes; the later ones follow it.",
        "Inspect the batch of that step for outliers; scale or clip the inputs.",
        "Lower the learning rate or clip gradients (clipnorm=1.0).",
        "If the loss does not come back, restart from a checkpoint before the spike.",
    )
    measure = "(ln max|h| - median) / (1.4826 MAD + 0.05) over its last 32 records"
    needs = "its past is too short to say what is usual"
    statistic = "peak_max"
    labels = Labels("robust z", "max |activation|", "usual maximum")
    unit = "z"
    propagates = True
    judges = ("activation",)
    limits_type = ActivationSpikeLimits
    leads_to = frozenset({"non-finite", "loss-spike", "gradient-spike", "exploding-gradient", "dead-units"})

    def scope(self, structure: Structure) -> Scope:
        """Every layer's output."""
        return structure.all_of("activation")

    def observe(self, view: View) -> Judgement:
        """Compare every layer's largest output since the last record with its own past."""
        level = np.where(view.block.loss_deviation < NOTICED, INFO, WARNING)
        return self.judge(view, view.column("peak_max"), view.column("peak_max_ago"), level)

    def message(self, facts: Facts) -> str:
        """Say which layer jumped, when, and how far out it was."""
        return (
            f"The output of {facts.row.layer} jumped out of its usual range at step {facts.peak_step:,}: "
            f"it lies {times(facts.value)} × its usual spread above normal, {number(facts.threshold)} × is "
            "the limit."
        )
