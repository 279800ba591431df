"""NaN or infinite values: at once, at the exact step."""

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
"""The aspects: counted in a record, or only known of the steps between two records."""


@dataclass(frozen=True)
class NonFiniteLimits(Limits):
    """No number of them is fine."""

    threshold: float = limit(0.0, "elements that may be NaN or infinite")


class NonFinite(Symptom[NonFiniteLimits]):
    """Any NaN or infinity in an input, a target, a gradient, a weight, an activation or the loss.

    The sticky columns give the first bad step even where it lies between two records. Updates are left
    out: they are the weights' own non-finite values again. Two things are information only: a gradient
    that overflowed under a loss scaler, which skips that step and halves its scale, as it is meant to;
    and an activation that holds infinities, but no NaN, while the loss stays finite: an attention mask.
    It is over only when finite values are back in the tensor and in the loss.
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
    needs = "its non-finite elements were not counted"
    statistic = "peak_rms"
    labels = Labels("non-finite elements", "RMS of the finite elements")
    judges = ("gradient", "weight", "activation", "loss", "input", "target")
    unit = "elements"
    limits_type = NonFiniteLimits
    immediate = True
    weighed = False
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
        """Everything but updates and clipped gradients, which only pass on what others hold."""
        return structure.all_of("gradient", "weight", "activation", "loss", "input", "target")

    def settle(self, structure: Structure, rows: Ints) -> None:
        """Remember which rows are of which kind."""
        self._gradients = structure.kinds["gradient"][rows]
        self._activations = structure.kinds["activation"][rows]

    def observe(self, view: View) -> Judgement:
        """Count what the record holds; a bad step between two records counts as one element."""
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
        held = breach | ~view.block.losses.finite[:, None]
        return Judgement(value, breach, held, level, since=since, aspect=aspect)

    def _excused(self, view: View, breach: Mask, nan: Floats) -> Mask:
        """Rows whose non-finite values are part of the plan."""
        if not breach.any():
            return breach
        others = breach & ~self._gradients & ~self._activations
        masked = self._activations & ~(nan > 0) & np.isfinite(view.block.loss)[:, None]
        skipped = (view.block.skipped > 0) | ("skipped_steps" not in view.block.training)
        scaled = skipped & bool(view.settings.get("loss_scale"))
        excused = masked | (self._gradients & scaled[:, None])
        return np.asarray(excused & ~others.any(axis=1, keepdims=True))

    def message(self, facts: Facts) -> str:
        """Say what is not finite, and since when."""
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
