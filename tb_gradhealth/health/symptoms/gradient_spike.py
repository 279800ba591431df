"""Gradients that suddenly leave their usual range, and come back."""

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
    quietened,
)
from tb_gradhealth.health.results import INFO, WARNING, number, times


class GradientSpike(Spike[SpikeLimits]):
    """Robust z of ln(RMS(g)) of a weight matrix against its own past, above 6.

    The gradient is taken before clipping, and the largest since the last record. A spike that the loss took
    notice of, by half of what makes a spike there, is a warning, three of them in 1,000 steps are critical;
    what the loss did not notice is information, however often it comes. Without a loss a lone spike is
    information, a recurrent one a warning. OLMo-core skips a step at 6 sigma
    over 128 steps; sigma on raw norms would call every heavy tail a spike, hence logarithms and MAD.
    """

    id = "gradient-spike"
    title = "Gradient spike"
    meaning = (
        "The gradient of this weight matrix jumped far out of the range it had kept. One such step can undo "
        "many; when it happens again and again, the training is close to instability."
    )
    causes = (
        "A batch with an extreme input or a wrong label.",
        "A learning rate at the edge of stability.",
        "A change of batch size or sequence length, or a restart of the learning-rate schedule.",
        "Adam's second moment forgets too quickly or too slowly (beta_2), in large transformers above all.",
    )
    advice = (
        "Clip gradients: optimizer(clipnorm=1.0) or global_clipnorm=1.0.",
        "Inspect the batches of those steps.",
        "Lower the learning rate, or lengthen the warm-up.",
    )
    measure = "(ln RMS(g) - median) / (1.4826 MAD + 0.05) over its last 32 records"
    needs = "its past is too short to say what is usual"
    statistic = "peak_rms"
    labels = Labels("robust z", "largest gradient RMS", "usual gradient RMS")
    unit = "z"
    propagates = True
    judges = ("gradient",)
    limits_type = SpikeLimits
    leads_to = frozenset({"non-finite", "loss-spike", "activation-spike", "dead-units", "loss-diverging"})

    def scope(self, structure: Structure) -> Scope:
        """Weight matrices."""
        return structure.matrices("gradient")

    def observe(self, view: View) -> Judgement:
        """Compare the largest gradient since the last record with its own past."""
        loss, notice = view.block.loss_deviation, self.limits.threshold / 2
        level = np.where(loss >= notice, WARNING, INFO)
        judged = self.judge(view, view.column("peak_rms"), view.column("peak_rms_ago"), level)
        return quietened(judged, loss < notice)

    def message(self, facts: Facts) -> str:
        """Say which gradient jumped, when, and how far out it was."""
        return (
            f"The gradient of {facts.row.tensor} jumped out of its usual range at step {facts.peak_step:,}: "
            f"it lies {times(facts.value)} × its usual spread above normal, {number(facts.threshold)} × is "
            "the limit."
        )
