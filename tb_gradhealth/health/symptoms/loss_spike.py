"""A loss that suddenly leaves its usual range."""

import numpy as np

from tb_gradhealth.health.protocol import Facts, Judgement, Labels, Scope, Spike, SpikeLimits, Structure, View
from tb_gradhealth.health.results import WARNING, loss_name, number, times


class LossSpike(Spike[SpikeLimits]):
    """Robust z of ln|loss| against its own past, above 6: a warning.

    The largest loss since the last record counts. Three in 1,000 steps are critical. PaLM and OLMo restart
    from a checkpoint and skip the batches around a spike that does not come back by itself.
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
        "Clip gradients (clipnorm=1.0) or lower the learning rate.",
    )
    measure = "(ln|loss| - median) / (1.4826 MAD + 0.05) over its last 32 records"
    needs = "its past is too short to say what is usual"
    statistic = "peak_max"
    labels = Labels("robust z", "largest |loss|", "usual |loss|")
    unit = "z"
    leads_to = frozenset({"loss-diverging", "non-finite"})
    judges = ("loss",)
    limits_type = SpikeLimits

    def scope(self, structure: Structure) -> Scope:
        """The loss."""
        return structure.all_of("loss")

    def observe(self, view: View) -> Judgement:
        """Compare the largest loss since the last record with its own past."""
        level = np.full(view.steps.size, WARNING)
        return self.judge(view, view.column("peak_max"), view.column("peak_max_ago"), level)

    def message(self, facts: Facts) -> str:
        """Say when it jumped, and how far out it was."""
        return (
            f"{loss_name(facts.row.tensor)} jumped out of its usual range at step {facts.peak_step:,}: it "
            f"lies {times(facts.value)} × its usual spread above normal, {number(facts.threshold)} × is the "
            "limit."
        )
