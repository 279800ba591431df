"""Symptom loss-spike: a loss that suddenly leaves its usual range."""

import numpy as np

from tb_gradhealth.health.protocol import Facts, Judgement, Labels, Scope, Spike, SpikeLimits, Structure, View
from tb_gradhealth.health.results import WARNING, loss_name


class LossSpike(Spike[SpikeLimits]):
    """Robust z of ln|loss| against its own past, above 6: a warning.

    The largest loss since the last record counts. Three in 1,000 steps are critical. PaLM and OLMo restart
    from a checkpoint and skip the batches around a spike after which the loss does not recover by itself.
    """

    id = "loss-spike"
    title = "Loss spike"
    meaning = "The loss jumped far above the range it had kept. It may come back within a few steps, or not."
    causes = (
        "A batch with an extreme input or a wrong label.",
        "A step that was too large: the learning rate is too high, or was just raised.",
        "An epoch boundary where the data is not shuffled well.",
    )
    advice = (
        "Look for a gradient or activation spike at the same step: it names the layer.",
        "Inspect the batches of that step.",
        "Clip gradients (Keras: clipnorm=1.0, PyTorch: clip_grad_norm_) or lower the learning rate.",
    )
    measure = "(ln|loss| - median) / (1.4826 MAD + 0.05) over its last 32 records"
    statistic = "peak_max"
    labels = Labels("robust z", "largest |loss|", "usual |loss|")
    leads_to = frozenset({"loss-diverging", "non-finite"})
    judges = ("loss",)

    def scope(self, structure: Structure) -> Scope:
        """The loss."""
        return structure.all_of("loss")

    def observe(self, view: View) -> Judgement:
        """Compare the largest loss since the last record with its own past."""
        return self.judge(view, np.full(view.steps.size, WARNING))

    def subject(self, facts: Facts) -> str:
        """The loss."""
        return loss_name(facts.row.tensor)
