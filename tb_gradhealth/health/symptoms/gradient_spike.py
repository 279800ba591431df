"""Symptom gradient-spike: gradients that suddenly leave their usual range, and come back."""

from dataclasses import replace

import numpy as np

from tb_gradhealth.health.protocol import Facts, Judgement, Labels, Scope, Spike, SpikeLimits, Structure, View
from tb_gradhealth.health.results import INFO, WARNING


class GradientSpike(Spike[SpikeLimits]):
    """Robust z of ln(RMS(g)) of a weight matrix against its own past, above 6.

    The gradient is measured before clipping; the largest since the last record counts. A spike with a loss
    beyond half of the threshold of a loss spike is a warning, three of them in 1,000 steps are critical; a
    spike without such a loss is information, however often it recurs. Without a loss a lone spike is
    information, a recurrent one a warning. OLMo-core skips a step at 6 sigma over 128 steps; sigma on raw
    norms would make every heavy tail a spike, hence logarithms and MAD.
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
        "Clip gradients: global_clipnorm=1.0 of a Keras optimizer, clip_grad_norm_ in PyTorch.",
        "Inspect the batches of those steps.",
        "Lower the learning rate, or lengthen the warm-up.",
    )
    measure = "(ln RMS(g) - median) / (1.4826 MAD + 0.05) over its last 32 records"
    statistic = "peak_rms"
    labels = Labels("robust z", "largest gradient RMS", "usual gradient RMS")
    propagates = True
    judges = ("gradient",)
    leads_to = frozenset({"non-finite", "loss-spike", "activation-spike", "dead-units", "loss-diverging"})

    def scope(self, structure: Structure) -> Scope:
        """Weight matrices."""
        return structure.matrices("gradient")

    def observe(self, view: View) -> Judgement:
        """Compare the largest gradient since the last record with its own past."""
        loss, reaction = view.block.loss_deviation, self.limits.threshold / 2
        judged = self.judge(view, np.where(loss >= reaction, WARNING, INFO))
        # Recurrence does not count either where the loss is known not to react.
        return replace(judged, level=np.where((loss < reaction)[:, None], INFO, judged.level))

    def subject(self, facts: Facts) -> str:
        """The gradient."""
        return f"The gradient of {facts.row.tensor}"
