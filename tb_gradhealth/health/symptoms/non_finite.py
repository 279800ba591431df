"""Symptom non-finite: NaN or infinite values, found at the exact step."""

from dataclasses import dataclass

import numpy as np

from tb_gradhealth.health.arrays import Floats, Ints, Mask
from tb_gradhealth.health.protocol import (
    Facts,
    Judgement,
    Labels,
    Limits,
    Scope,
    Structure,
    Symptom,
    View,
    limit,
)
from tb_gradhealth.health.results import CRITICAL, INFO, loss_name, whole

COUNTED, PASSED = 0, 1
"""The aspects: counted in a record, or only found in the steps between two records."""


@dataclass(frozen=True)
class NonFiniteLimits(Limits):
    """Limit of the number of elements: none."""

    threshold: float = limit(0.0, "elements that may be NaN or infinite")


class NonFinite(Symptom[NonFiniteLimits]):
    """Any NaN or infinity in an input, a target, a gradient, a weight, an activation or the loss.

    The columns ``bad_steps`` and ``bad_ago`` give the first bad step even between two records. Updates are
    left out: they repeat the weights' non-finite values. Two cases are information: a gradient that
    overflowed under a loss scaler, which skips that step and halves its scale by design; and an activation
    that holds infinities, but no NaN, while the loss stays finite, such as an attention mask. A finding is
    resolved only when the tensor and the loss are finite again.
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
        "Clip gradients or lower the learning rate, and restart from an earlier checkpoint.",
    )
    measure = "number of NaN and infinite elements"
    needs = "its non-finite elements were not counted"
    statistic = "peak_rms"
    labels = Labels("non-finite elements", "RMS of the finite elements")
    judges = ("gradient", "weight", "activation", "loss", "input", "target")
    unit = "elements"
    limits_type = NonFiniteLimits
    immediate = True
    weighed_by_loss = False
    propagates = True
    needs_finite = False
    leads_to = frozenset(
        {
            "loss-stalled",
            "loss-diverging",
            "loss-oscillating",
            "loss-scaling",
            "dead-units",
            "dead-layer",
            "no-gradient",
            "vanishing-gradient",
            "precision-underflow",
        }
    )

    def __init__(self, limits: NonFiniteLimits) -> None:
        super().__init__(limits)
        self._gradients = self._activations = np.empty(0, bool)

    def scope(self, structure: Structure) -> Scope:
        """All rows except updates and clipped gradients, which only repeat the values of others."""
        return structure.all_of("gradient", "weight", "activation", "loss", "input", "target")

    def update_structure(self, structure: Structure, rows: Ints) -> None:
        """Find the rows of each kind."""
        self._gradients = structure.kinds["gradient"][rows]
        self._activations = structure.kinds["activation"][rows]

    def observe(self, view: View) -> Judgement:
        """Count the elements in the record; a bad step between two records counts as one element."""
        nan, infinite = view.column("nan_count"), view.column("inf_count")
        bad_steps = view.column("bad_steps")
        value = np.maximum(np.fmax(nan, 0) + np.fmax(infinite, 0), bad_steps > 0)  # fmax takes NaN for 0
        value[np.isnan(nan) & np.isnan(bad_steps)] = np.nan
        breach = value > self.limits.threshold
        level = np.where(breach & self._excused(view, breach, nan), INFO, CRITICAL)
        aspect = np.where(np.fmax(nan, 0) + np.fmax(infinite, 0) > 0, COUNTED, PASSED)
        since = None
        if breach.any():
            ago = np.where(bad_steps > 0, np.fmax(view.column("bad_ago"), 0), 0)
            since = view.steps[:, None] - ago.astype(np.int64)
        keeps_open = breach | ~view.block.losses.finite[:, None]
        return Judgement(value, breach, keeps_open, level, since=since, aspect=aspect)

    def _excused(self, view: View, breach: Mask, nan: Floats) -> Mask:
        """Rows whose non-finite values are intended, [records, judged]."""
        if not breach.any():
            return breach
        others = breach & ~self._gradients & ~self._activations
        masked = self._activations & ~(nan > 0) & np.isfinite(view.block.loss)[:, None]
        skipped = (view.block.skipped > 0) | ("skipped_steps" not in view.block.training)
        scaled = skipped & bool(view.settings.get("loss_scale"))
        excused = masked | (self._gradients & scaled[:, None])
        return np.asarray(excused & ~others.any(axis=1, keepdims=True))

    def message(self, facts: Facts) -> str:
        """What is not finite, and since when."""
        row = facts.row
        if row.kind == "loss":
            return f"{loss_name(row.tensor)} {facts.tense('is', 'was')} NaN or infinite {facts.since}."
        subject = {
            "gradient": f"The gradient of {row.tensor}",
            "weight": f"The weight {row.tensor}",
            "activation": f"The output of {row.tensor}",
            "input": f"The model's input {row.tensor}",
            "target": f"The targets {row.tensor}" if row.tensor != "target" else "The targets",
        }[row.kind]
        if facts.aspect == PASSED:
            return f"{subject} held NaN or infinite values, first at step {facts.opened_step:,}."
        count = f"{whole(facts.value)} NaN or infinite value{'s' if facts.value != 1 else ''}"
        held = f"held {count}" if facts.resolved or row.kind == "target" else f"holds {count}"
        return f"{subject} {held}, first at step {facts.opened_step:,}."
