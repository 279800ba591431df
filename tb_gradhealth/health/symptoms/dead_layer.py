"""Weights to which no gradient arrives, or which do not move though one does."""

from dataclasses import dataclass

import numpy as np

from tb_gradhealth.health.arrays import Floats, Ints, Mask, grown
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
    looked_every,
)
from tb_gradhealth.health.results import INFO, WARNING, whole


@dataclass(frozen=True)
class DeadLayerLimits(Limits):
    """How long nothing may happen."""

    threshold: float = limit(20.0, "applied steps in a row with a gradient or an update of exactly zero")


class DeadLayer(Symptom[DeadLayerLimits]):
    """Steps in a row in which a variable's gradient, or what the optimizer made of it, was exactly zero.

    The sticky largest gradient since the last record says of every step between that was looked at whether it
    was zero. Steps that the loss scaler skipped, or that nobody looked at, do not count. A zero update counts
    only where one is due in every step: not under gradient accumulation, nor where no variable at all moved,
    nor while the learning rate is zero.
    A weight matrix that gets nothing while others do stays a warning even if the loss improves.
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
        "A stop_gradient, an argmax or a rounding on the way.",
        "The learning rate is so small that updates are lost in the weight's precision (bfloat16).",
    )
    advice = (
        "Look for dead units in the layers after this one.",
        "Follow the output of the layer to the loss: is it used?",
        "Freeze the layer (trainable = False) if it is not meant to learn.",
        "Keep weights in float32 (a mixed policy) if updates are lost in rounding.",
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

    def settle(self, structure: Structure, rows: Ints) -> None:
        """Make room for further rows."""
        self._steps = grown(self._steps, rows.size, 0)
        self._matrix = structure.matrices("gradient").judged[rows]

    def observe(self, view: View) -> Judgement:
        """Count the steps since the last record where nothing happened in them."""
        largest = np.fmax(view.column("peak_rms"), view.column("rms"))
        # Where the loss is exactly zero nothing is left to learn.
        dead = ((largest == 0) | self._still(view)) & (view.block.loss != 0)[:, None]
        # Only steps that were looked at count: of the others nobody knows.
        applied = np.ceil(np.maximum(view.block.gaps - view.block.skipped, 0) / looked_every(view.settings))
        applied[applied == 0] = 1
        steps = self._in_a_row(dead, np.isnan(largest), applied)
        value = np.where(np.isnan(largest), np.nan, steps)
        judged = judgement(value, self.limits.threshold, WARNING)
        since = (view.steps[:, None] - looked_every(view.settings) * (steps - 1)).astype(np.int64)
        # A weight matrix that alone gets nothing is a fault even in a training that succeeds without it.
        least = np.where(self._matrix & ~dead.all(axis=1, keepdims=True), WARNING, INFO)
        return Judgement(value, judged.breach, judged.held, judged.level, since=since, least=least)

    def _in_a_row(self, dead: Mask, unknown: Mask, applied: Floats) -> Floats:
        """For how many steps in a row a row has been dead at each record, [records, judged]."""
        steps = np.zeros(dead.shape)
        if not dead.any() and not self._steps.any():
            return steps
        for record, passed in enumerate(applied.tolist()):
            kept = np.where(unknown[record], self._steps, 0)
            self._steps = steps[record] = np.where(dead[record], self._steps + passed, kept)
        return steps

    def _still(self, view: View) -> Mask:
        if (view.settings.get("gradient_accumulation_steps") or 1) != 1:
            return np.zeros(view.shape, bool)
        applied = (view.training("learning_rate") != 0) & (view.block.skipped == 0)
        update = view.beside("update", "rms")
        # Where nothing at all moved the optimizer did not apply this step, whatever the settings say. What is
        # too small to be judged may move all the same: biases often do where no weight does.
        updates = np.flatnonzero(view.structure.kinds["update"])
        moved = (view.block.matrices.of(updates).column("rms") > 0).any(axis=1)
        return np.asarray((update == 0) & (moved & applied)[:, None])

    def message(self, facts: Facts) -> str:
        """Say for how long nothing arrived."""
        return (
            f"{facts.row.tensor} {facts.tense('has not learned', 'did not learn')} for {whole(facts.value)} "
            f"steps in a row, {facts.since}: its gradient or its update {facts.tense('is', 'was')} exactly "
            f"zero{facts.yet}."
        )
