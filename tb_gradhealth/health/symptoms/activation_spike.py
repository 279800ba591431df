"""Symptom activation-spike: activations that suddenly leave their usual range."""

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
from tb_gradhealth.health.results import INFO, WARNING

LOSS_REACTS = 1.0
"""Robust z of the loss that counts as a reaction to a spike; the loss often reacts only in later steps."""


@dataclass(frozen=True)
class ActivationSpikeLimits(SpikeLimits):
    """Limits of a spike, with a higher threshold: activations have heavier tails than norms."""

    threshold: float = limit(8.0, "robust z on the logarithm above which a layer's largest output is a spike")


class ActivationSpike(Spike[ActivationSpikeLimits]):
    """Robust z of ln(max|h|) against the layer's own past, above 8.

    The maximum is the largest since the last record, so that a single step between two records counts. A
    spike during which the loss stays within its usual spread is information: the loss of those steps counts,
    not the outcome of the training.
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
        "Lower the learning rate or clip gradients (Keras: clipnorm=1.0, PyTorch: clip_grad_norm_).",
        "If the loss does not come back, restart from a checkpoint before the spike.",
    )
    measure = "(ln max|h| - median) / (1.4826 MAD + 0.05) over its last 32 records"
    statistic = "peak_max"
    labels = Labels("robust z", "max |activation|", "usual maximum")
    propagates = True
    judges = ("activation",)
    limits_type = ActivationSpikeLimits
    leads_to = frozenset({"non-finite", "loss-spike", "gradient-spike", "exploding-gradient", "dead-units"})

    def scope(self, structure: Structure) -> Scope:
        """Every layer's output."""
        return structure.all_of("activation")

    def observe(self, view: View) -> Judgement:
        """Compare every layer's largest output since the last record with its own past."""
        level = np.where(view.block.loss_deviation < LOSS_REACTS, INFO, WARNING)
        return self.judge(view, level)

    def subject(self, facts: Facts) -> str:
        """The layer's output."""
        return f"The output of {facts.row.layer}"
