"""Symptom dead-layer: weights that get no gradient, or that do not change although they get one."""

from dataclasses import dataclass

import numpy as np

from tb_gradhealth.health.arrays import Floats, Ints, Mask, extended
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
    watched_every,
)
from tb_gradhealth.health.results import INFO, WARNING, whole


@dataclass(frozen=True)
class DeadLayerLimits(Limits):
    """Limit of the number of steps."""

    threshold: float = limit(20.0, "applied steps in a row with a gradient or an update of exactly zero")


class DeadLayer(Symptom[DeadLayerLimits]):
    """Steps in a row in which a variable's gradient, or its update, was exactly zero.

    The largest gradient since the last record covers every watched step in between. Steps that the loss
    scaler skipped, and steps that were not watched, do not count. A zero update counts only where each step
    has to apply one: not under gradient accumulation, nor where no variable at all changed, nor while the
    learning rate is zero. A weight matrix that gets no gradient while others do stays a warning even if the
    loss improves.
    """

    id = "dead-layer"
    title = "Dead layer"
    meaning = (
        "The gradient of this variable, or its update, is exactly zero, step after step: it does not learn. "
        "Small would be another matter; exactly zero means that nothing arrives."
    )
    causes = (
        "All ReLU units of this layer or of the one after it are dead.",
        "The layer's output is not used, or multiplied by zero, on the way to the loss.",
        "An operation that stops gradients, an argmax or a rounding on the way.",
        "The learning rate is so small that updates are lost in the weight's precision (bfloat16).",
    )
    advice = (
        "Look for dead units in the layers after this one.",
        "Follow the output of the layer to the loss: is it used?",
        "{freeze_layer} if it is not meant to learn.",
        "{float32_weights} if updates are lost in rounding.",
    )
    measure = "steps in a row with RMS(g) = 0 or RMS(w after - w before) = 0"
    needs = "its gradient was not measured"
    statistic = "peak_rms"
    labels = Labels("steps without a gradient", "largest gradient RMS")
    judges = ("gradient",)
    unit = "steps"
    limits_type = DeadLayerLimits
    immediate = True
    leads_to = frozenset({"loss-stalled"})

    def __init__(self, limits: DeadLayerLimits) -> None:
        super().__init__(limits)
        self._steps = np.empty(0)
        self._matrix = np.empty(0, bool)

    def scope(self, structure: Structure) -> Scope:
        """Every variable that is not tiny."""
        return structure.tensors("gradient")

    def update_structure(self, structure: Structure, rows: Ints) -> None:
        """Extend the state by further rows."""
        self._steps = extended(self._steps, rows.size, 0)
        self._matrix = structure.matrices("gradient").judged[rows]

    def observe(self, view: View) -> Judgement:
        """Count the watched steps since the last record where all of them were dead."""
        largest = np.fmax(view.column("peak_rms"), view.column("rms"))
        # A loss of exactly zero leaves nothing to learn.
        dead = ((largest == 0) | self._not_updated(view)) & (view.block.loss != 0)[:, None]
        applied = np.ceil(np.maximum(view.block.gaps - view.block.skipped, 0) / watched_every(view.settings))
        applied[applied == 0] = 1
        steps = self._in_a_row(dead, np.isnan(largest), applied)
        value = np.where(np.isnan(largest), np.nan, steps)
        judged = judgement(value, self.limits.threshold, WARNING)
        since = (view.steps[:, None] - watched_every(view.settings) * (steps - 1)).astype(np.int64)
        # A single weight matrix without a gradient is a fault even where the training succeeds without it.
        minimum_level = np.where(self._matrix & ~dead.all(axis=1, keepdims=True), WARNING, INFO)
        return Judgement(
            value, judged.breach, judged.keeps_open, judged.level, since=since, minimum_level=minimum_level
        )

    def _in_a_row(self, dead: Mask, unknown: Mask, applied: Floats) -> Floats:
        """For how many steps in a row a row has been dead at each record, [records, judged]."""
        steps = np.zeros(dead.shape)
        if not dead.any() and not self._steps.any():
            return steps
        for record, passed in enumerate(applied.tolist()):
            unchanged = np.where(unknown[record], self._steps, 0)
            self._steps = steps[record] = np.where(dead[record], self._steps + passed, unchanged)
        return steps

    def _not_updated(self, view: View) -> Mask:
        """Whether a row's update is zero although the optimizer applied the step, [records, judged]."""
        if (view.settings.get("gradient_accumulation_steps") or 1) != 1:
            return np.zeros(view.shape, bool)
        applied = (view.training("learning_rate") != 0) & (view.block.skipped == 0)
        update = view.counterpart("update", "rms")
        # Where no variable changed, the optimizer did not apply the step, whatever the settings. Small
        # variables, which are not judged, are included: biases often change where no weight does.
        updates = np.flatnonzero(view.structure.kinds["update"])
        changed = (view.block.numbers.of(updates).column("rms") > 0).any(axis=1)
        return np.asarray((update == 0) & (changed & applied)[:, None])

    def message(self, facts: Facts) -> str:
        """For how many steps the variable has not learned."""
        return (
            f"{facts.row.tensor} {facts.tense('has not learned', 'did not learn')} for {whole(facts.value)} "
            f"steps in a row, {facts.since}: its gradient or its update {facts.tense('is', 'was')} exactly "
            f"zero{facts.loss_clause}."
        )
