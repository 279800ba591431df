"""Symptom poor-initialization: signals that grow or fade from layer to layer before training."""

from dataclasses import dataclass

import numpy as np

from tb_gradhealth.health.arrays import Floats, Ints, extended
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
from tb_gradhealth.health.results import WARNING, number, times


@dataclass(frozen=True)
class PoorInitializationLimits(Limits):
    """Gain of a layer, and the number of layers in a row."""

    threshold: float = limit(10.0, "factor by which each layer in a row may change the signal", minimum=1)
    layers: int = limit(3, "layers in a row that must", minimum=2)
    steps: int = limit(10, "steps from the start that count as untrained")


class PoorInitialization(Symptom[PoorInitializationLimits]):
    """RMS of a layer's output over that of the layer before, for three layers in a row, in the first steps.

    Each must change the signal by a factor of more than ten, all upwards or all downwards: He and Glorot
    initialization keep the factor near one. It is information until the loss is known not to improve.
    """

    id = "poor-initialization"
    title = "Poor initialization"
    meaning = (
        "Before anything was learned, the signal grows or fades from layer to layer. Gradients do the same "
        "on their way back, so the first layers learn far too fast or not at all."
    )
    causes = (
        "An initializer that does not know the layer's width (a constant, a fixed standard deviation).",
        "Inputs that are not scaled.",
    )
    advice = (
        "Use {he_initialization} for ReLU, {glorot_initialization} for tanh and sigmoid.",
        "Scale the inputs to about unit variance.",
        "Normalize between the layers.",
    )
    measure = (
        "least factor by which three layers in a row change the RMS of the signal, in the first 10 steps"
    )
    needs = "the signal before it is not known"
    statistic = "rms"
    labels = Labels("factor per layer", "activation RMS", "RMS of the layer before")
    judges = ("activation",)
    unit = "times"
    limits_type = PoorInitializationLimits
    logarithmic = True
    raised_by_loss = False
    info_while_undecided = True
    leads_to = frozenset(
        {
            "vanishing-gradient",
            "exploding-gradient",
            "loss-stalled",
            "loss-diverging",
            "dead-units",
            "saturated-activation",
            "non-finite",
        }
    )

    def __init__(self, limits: PoorInitializationLimits) -> None:
        super().__init__(limits)
        self._order = np.empty(0, np.int64)
        self._found = self._before = np.empty(0)
        self._first_step: int | None = None

    def scope(self, structure: Structure) -> Scope:
        """Outputs of layers, except the model's own, which is bounded by its function."""
        return structure.all_of("activation").without(structure.output, "the model's output")

    def update_structure(self, structure: Structure, rows: Ints) -> None:
        """Order the layers from the input to the output."""
        self._order = np.argsort(structure.depth[rows], kind="stable")
        self._found = extended(self._found, rows.size, np.nan)
        self._before = extended(self._before, rows.size, np.nan)

    def observe(self, view: View) -> Judgement:
        """Measure in the first steps; later the value stays, until the loss improves."""
        self._first_step = int(view.steps[0]) if self._first_step is None else self._first_step
        early = int(np.count_nonzero(view.steps - self._first_step <= self.limits.steps))
        found, before = np.empty(view.shape), np.empty(view.shape)
        if early:
            for record, rms in enumerate(view.column("rms")[:early]):
                self._found, self._before = found[record], before[record] = self._measured(rms)
        found[early:], before[early:] = self._found, self._before
        value, learning = found, view.outcome_is("learning")
        if learning.any():
            value = np.where(learning[:, None] & ~np.isnan(found), 1.0, found)
        return judgement(value, self.limits.threshold, WARNING, reference=before)

    def _measured(self, rms: Floats) -> tuple[Floats, Floats]:
        """The worst gain so far of the runs that end in each layer, and the RMS before it, [judged]."""
        layers = self.limits.layers
        ordered = self._order[rms[self._order] > 0]
        found, before = self._found.copy(), self._before.copy()
        if ordered.size <= layers:
            return found, before
        gains = np.diff(np.log(rms[ordered]))
        runs = np.lib.stride_tricks.sliding_window_view(gains, layers)
        smallest = np.exp(np.fmax(runs.min(axis=1), -runs.max(axis=1)))  # all up, or all down
        found[ordered[layers:]] = np.fmax(found[ordered[layers:]], smallest)
        before[ordered[1:]] = rms[ordered[:-1]]
        return found, before

    def message(self, facts: Facts) -> str:
        """By how much the signal changes."""
        return (
            f"Up to {facts.row.layer}, {self.limits.layers} layers in a row each changed the signal by more "
            f"than {times(facts.value)} × before anything was learned; {number(facts.threshold)} × is the "
            f"limit{facts.loss_clause}."
        )
