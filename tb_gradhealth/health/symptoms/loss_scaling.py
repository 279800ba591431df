"""Symptom loss-scaling: a loss scaler that skips too many steps."""

from dataclasses import dataclass

import numpy as np

from tb_gradhealth.health.arrays import Floats, Ints
from tb_gradhealth.health.protocol import (
    Facts,
    Judgement,
    Labels,
    Limits,
    Scope,
    Structure,
    Symptom,
    View,
    judgement,
    limit,
)
from tb_gradhealth.health.results import WARNING, number, percent, whole

IN_A_ROW, SHARE, EXHAUSTED = 0, 1, 2
"""The aspects."""


@dataclass(frozen=True)
class LossScalingLimits(Limits):
    """Number of skipped steps that is routine."""

    threshold: float = limit(1.0, "times what is routine")
    consecutive: int = limit(5, "steps skipped in a row that are too many", minimum=1)
    share: float = limit(0.01, "share of skipped steps that is too large, over `steps`", maximum=1)
    steps: int = limit(1000, "steps after which the share is judged", minimum=1)
    scale: float = limit(1.0, "loss scale below which there is nothing left to scale")


class LossScaling(Symptom[LossScalingLimits]):
    """Steps skipped in a row / 5, share of skipped steps / 1 % over 1,000 steps, or 1 / scale: the largest.

    Keras's LossScaleOptimizer doubles its scale every 2,000 finite steps and halves it when gradients
    overflow, skipping that step: single skips are its normal operation, a series of them is a fault.
    """

    id = "loss-scaling"
    title = "Loss scaler in trouble"
    meaning = "Steps are skipped again and again because gradients overflow in float16, whatever the scale."
    causes = (
        "Gradients that are not finite at any scale: a NaN in the data or the loss.",
        "Activations beyond float16's range of 65,504.",
        "A scale that starts far too high.",
    )
    advice = (
        "Look for non-finite activations and losses: no scale helps against those.",
        "Use bfloat16 where the hardware has it; it needs no scaling.",
        "Keep the last layers and the loss in float32.",
    )
    measure = "max(skipped in a row / 5, share of skipped / 1 %, 1 / loss scale)"
    needs = "skipped steps are not counted"
    statistic = "mean"
    labels = Labels("times what is routine", "skipped steps")
    judges = ()
    unit = "times"
    limits_type = LossScalingLimits
    immediate = True

    def __init__(self, limits: LossScalingLimits) -> None:
        super().__init__(limits)
        self._in_a_row = 0.0
        self._first_step: int | None = None

    def scope(self, structure: Structure) -> Scope:
        """The count of skipped steps."""
        counts = np.array([row.tensor == "skipped_steps" for row in structure.rows], bool)
        return Scope(structure.kinds["training"] & counts, {})

    def observe(self, view: View) -> Judgement:
        """Count skipped steps in a row and in total."""
        limits, skipped = self.limits, view.block.skipped
        self._first_step = int(view.steps[0]) if self._first_step is None else self._first_step
        seen = (view.steps - self._first_step + 1)[:, None]
        in_a_row = self._skipped_in_a_row(skipped, np.maximum(view.block.gaps, 1))
        total = view.column("mean")
        share = np.where(seen >= limits.steps, total / seen / limits.share, 0)
        exhausted = np.where(view.training("loss_scale") < limits.scale, 2.0 * limits.threshold, 0.0)
        value = np.maximum(np.maximum(share, (in_a_row / limits.consecutive)[:, None]), exhausted[:, None])
        judged = judgement(value, limits.threshold, WARNING)
        aspect = np.where(exhausted[:, None] >= value, EXHAUSTED, np.where(share >= value, SHARE, IN_A_ROW))
        return Judgement(value, value >= limits.threshold, judged.keeps_open, judged.level, aspect=aspect)

    def _skipped_in_a_row(self, skipped: Floats, passed: Ints) -> Floats:
        """Number of steps skipped in a row at each record, [records]."""
        in_a_row = []
        for steps, every in zip(skipped.tolist(), (skipped >= passed).tolist(), strict=True):
            self._in_a_row = self._in_a_row + steps if every else 0.0
            in_a_row.append(self._in_a_row)
        return np.array(in_a_row)

    def message(self, facts: Facts) -> str:
        """How many steps were skipped, or how small the scale is."""
        if facts.aspect == EXHAUSTED:
            return (
                f"The loss scale {facts.tense('is', 'was')} below {number(self.limits.scale)} {facts.since}: "
                f"halving it further {facts.tense('helps', 'helped')} nothing{facts.loss_clause}."
            )
        skipped = facts.tense("has skipped", "skipped")
        if facts.aspect == SHARE:
            return (
                f"The loss scaler {skipped} {percent(facts.value * self.limits.share)} of all steps "
                f"{facts.since}; {percent(self.limits.share)} is routine{facts.loss_clause}."
            )
        return (
            f"The loss scaler {skipped} {whole(facts.value * self.limits.consecutive)} steps in a row "
            f"{facts.since}; fewer than {self.limits.consecutive} are routine{facts.loss_clause}."
        )
