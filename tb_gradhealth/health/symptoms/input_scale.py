"""Symptom input-scale: inputs far from unit scale, and targets that the output cannot reach."""

from dataclasses import dataclass
from math import prod
from typing import Final

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
    judgement,
    limit,
)
from tb_gradhealth.health.results import INFO, WARNING, number, percent, times

INF: Final = float("inf")

RANGES: Final[dict[str, tuple[float, float]]] = {
    "sigmoid": (0.0, 1.0),
    "softmax": (0.0, 1.0),
    "hard_sigmoid": (0.0, 1.0),
    "tanh": (-1.0, 1.0),
    "hard_tanh": (-1.0, 1.0),
    "softsign": (-1.0, 1.0),
    "relu": (0.0, INF),
    "relu6": (0.0, 6.0),
}
"""Range of an output by its activation function."""

LARGE, SMALL, UNEVEN, CONSTANT, BEYOND = range(5)
"""The aspects."""


@dataclass(frozen=True)
class InputScaleLimits(Limits):
    """The range of inputs, around unit scale."""

    threshold: float = limit(1.0, "times outside the range of scales")
    largest: float = limit(10.0, "RMS of an input above which it is too large")
    smallest: float = limit(0.01, "RMS of an input below which it is too small")
    spread: float = limit(100.0, "times the median feature that the largest may be", minimum=1)
    constant: float = limit(0.9, "share of features that may be constant throughout a batch", maximum=1)


class InputScale(Symptom[InputScaleLimits]):
    """How far an input is from unit scale, and whether the output can reach the targets.

    Inputs should have an RMS from 0.01 to 10, features within a factor of 100 of their median, and fewer than
    90 % of the features constant throughout a batch. UMLAUT (Schoop et al., CHI 2021) requires inputs within
    [-1, 1]; initializers, learning rates and saturating functions are made for unit scale. Targets must be
    within the range of the last activation function. Many trainings succeed with raw inputs, so it is
    information until the loss is known not to improve. Integers are left out: they are indices or classes.
    """

    id = "input-scale"
    title = "Inputs out of scale"
    meaning = (
        "What the network is given is far from the scale that initializers and learning rates are made for, "
        "or it is asked for answers that its last layer cannot give."
    )
    causes = (
        "Raw data: pixels from 0 to 255, sums of money, dates.",
        "A feature in another unit than the others.",
        "Targets outside the last activation function's range: labels of -1 and 1 for a sigmoid.",
    )
    advice = (
        "Scale the inputs: divide pixels by 255, or {normalize_inputs}.",
        "Remove features that are constant.",
        "Use a linear last layer for targets that are not bounded, or scale the targets.",
    )
    measure = "max(RMS(x) / 10, 0.01 / RMS(x), largest / median feature / 100, constant features / 0.9)"
    needs = "its numbers were not measured"
    statistic = "rms"
    labels = Labels("times outside the range", "RMS")
    judges = ("input",)
    unit = "times"
    limits_type = InputScaleLimits
    logarithmic = True
    raised_by_loss = False
    leads_to = frozenset(
        {
            "saturated-activation",
            "loss-stalled",
            "loss-diverging",
            "loss-oscillating",
            "exploding-gradient",
            "vanishing-gradient",
            "dead-units",
            "non-finite",
        }
    )

    def __init__(self, limits: InputScaleLimits) -> None:
        super().__init__(limits)
        self._low = self._high = np.empty(0)

    def scope(self, structure: Structure) -> Scope:
        """Inputs and targets of real numbers."""
        whole = _are_whole(structure)
        scope = structure.all_of("input", "target").without(whole, "whole numbers: they are looked up")
        reachable = structure.kinds["target"] & ~np.isinf(_reach(structure)).all(axis=0)
        unknown = structure.kinds["target"] & ~reachable
        return scope.without(unknown, "the output reaches any target, as far as is known")

    def update_structure(self, structure: Structure, rows: Ints) -> None:
        """Find the range of the output."""
        self._low, self._high = _reach(structure)[:, rows]

    def observe(self, view: View) -> Judgement:
        """Compare every input with unit scale, and the targets with the range of the output."""
        measures = self._measures(view)
        value = np.fmax.reduce(measures)
        value[np.isnan(view.column("rms"))] = np.nan
        aspect = np.where(np.isnan(measures), -1, measures).argmax(axis=0)
        failing = view.outcome_is("stalled", "diverging")[:, None]
        level = np.where(failing & (value > 0), WARNING, INFO)
        return judgement(value, self.limits.threshold, level, aspect=aspect)

    def _measures(self, view: View) -> Floats:
        """Times outside each range, [aspects, records, judged]; NaN where it does not apply."""
        limits, rms = self.limits, view.column("rms")
        inputs = view.structure.kinds["input"][view.rows]
        outside = np.fmax(self._low - view.column("minimum"), view.column("maximum") - self._high)
        beyond = np.where(outside > 1e-6, 1 + outside, 0.0)
        of_input = np.stack(
            [
                rms / limits.largest,
                np.where(rms > 0, limits.smallest / rms, np.nan),
                view.column("feature_spread") / limits.spread,
                view.column("constant_fraction") / limits.constant,
            ]
        )
        return np.concatenate([np.where(inputs, of_input, np.nan), np.where(inputs, np.nan, beyond)[None]])

    def message(self, facts: Facts) -> str:
        """What is out of scale, and by how much."""
        limits, name, at = self.limits, facts.row.tensor, f"at step {facts.peak_step:,}"
        if facts.aspect == BEYOND:
            return (
                f"Targets lie up to {number(facts.value - 1)} outside what the last layer's activation "
                f"function can give, {at}{facts.loss_clause}."
            )
        if facts.aspect == UNEVEN:
            return (
                f"The largest feature of {name} is {times(facts.value * limits.spread)} × the median feature "
                f"{at}; {times(limits.spread)} × is the limit{facts.loss_clause}."
            )
        if facts.aspect == CONSTANT:
            return (
                f"{percent(facts.value * limits.constant)} of the features of {name} are the same throughout "
                f"the batch {at}; {percent(limits.constant)} is the limit{facts.loss_clause}."
            )
        if facts.aspect == SMALL:
            size, bound = number(limits.smallest / facts.value), number(limits.smallest)
        else:
            size, bound = number(limits.largest * facts.value), number(limits.largest)
        return (
            f"{name} has an RMS of {size} {at}, far from unit scale; {bound} is the limit{facts.loss_clause}."
        )


def _reach(structure: Structure) -> Floats:
    """Minimum and maximum of the output that belongs to a target row, [2, rows]; infinite for other rows.

    Infinite too where the output is unbounded, and where it is not known which output a target belongs to:
    with several outputs, or a target of another shape, such as class indices.
    """
    reach = np.repeat([[-INF], [INF]], len(structure.rows), axis=1)
    outputs = [row for row in structure.rows if row.kind == "activation" and row.output]
    if len(outputs) == 1:
        for index, row in enumerate(structure.rows):
            if row.kind == "target" and abs(prod(row.shape)) == abs(prod(outputs[0].shape)):
                reach[:, index] = RANGES.get(outputs[0].activation, (-INF, INF))
    return reach


def _are_whole(structure: Structure) -> Mask:
    """Rows of integers or booleans, [rows]."""
    return np.array([row.dtype.startswith(("int", "uint", "bool")) for row in structure.rows], bool)
