"""NaN or infinite values: always critical, at once, at the exact step."""

import numpy as np

from tb_gradhealth.health.symptom import Facts, Judgement, Labels, Symptom, View


class NonFinite(Symptom):
    """Any NaN or infinity in a gradient, a weight, an activation or the loss.

    The sticky columns give the first bad step even where it lies between two records. Updates are
    left out: they are the weights' own non-finite values again.
    """

    id = "non-finite"
    title = "NaN or infinite values"
    meaning = (
        "A NaN or an infinity appeared. It spreads to everything computed from it, and once it is in a "
        "weight the training cannot recover by itself."
    )
    causes = (
        "The logarithm of zero, or a division by it, in the loss or a layer of your own.",
        "Gradients that exploded in the steps before: look for an exploding-gradient finding.",
        "Non-finite values in the input data or the labels.",
        "The learning rate is too high.",
    )
    advice = (
        "Look at the tensor marked as the likely origin first; the others received the NaN from it.",
        "Use the loss on logits (from_logits=True), or add a small constant inside logarithms and divisions.",
        "Check the batch of that step with tf.debugging.assert_all_finite.",
        "Clip gradients (clipnorm=1.0) or lower the learning rate, and restart from an earlier checkpoint.",
    )
    measure = "number of NaN and infinite elements"
    statistic = "peak_rms"
    labels = Labels("non-finite elements", "RMS of the finite elements")
    threshold = 0.0
    immediate = True
    weighed = False

    def observe(self, view: View) -> Judgement:
        """Count what the record holds; a bad step between two records counts as one element."""
        columns = view.columns
        kinds = view.structure.kinds
        judged = kinds["gradient"] | kinds["weight"] | kinds["activation"] | kinds["loss"]
        now = np.nan_to_num(columns["nan_count"]) + np.nan_to_num(columns["inf_count"])
        bad_steps = np.nan_to_num(columns["bad_steps"])
        value = np.where(judged, np.maximum(now, bad_steps > 0), np.nan)
        breach = judged & (value > 0)
        ago = np.where(bad_steps > 0, np.nan_to_num(columns["bad_ago"]), 0).astype(np.int64)
        return Judgement(
            value=value,
            breach=breach,
            held=breach,
            level=np.full(value.size, 2, np.int64),
            reference=np.full(value.size, np.nan),
            since=view.step - ago,
        )

    def message(self, facts: Facts) -> str:
        """Say what is not finite, and since when."""
        row = facts.row
        if row.kind == "loss":
            return f"The loss is NaN or infinite since step {facts.opened_step:,}."
        subject = {"gradient": "gradient", "weight": "weight", "activation": "output"}[row.kind]
        count = f"{facts.value:,.0f} NaN or infinite value{'s' if facts.value != 1 else ''}"
        return f"The {subject} of {row.tensor} holds {count}, first at step {facts.opened_step:,}."
