"""Gradients that dwarf the weights they are meant to correct, or keep growing."""

import numpy as np

from tb_gradhealth.health.baseline import Baseline
from tb_gradhealth.health.symptom import Facts, Judgement, Labels, Symptom, View, judgement
from tb_gradhealth.health.wording import number, times

SMALLEST_WEIGHT = 1e-3
"""Floor of RMS(w), for weights that start at zero."""

BASELINE_RECORDS = 5
"""Records before growth is judged: the first ones of a training are its wildest."""


class ExplodingGradient(Symptom):
    """RMS(g) / max(RMS(w), 1e-3) of a weight matrix, or its growth over its own running median.

    Both have the same limit, ten, and the larger one is the measured value. Gradients are taken before
    the optimizer's clipping.
    """

    id = "exploding-gradient"
    title = "Exploding gradient"
    meaning = (
        "The gradient is many times larger than the weights it corrects, or grows and grows. Each step "
        "then throws the weights far from where they were, and the next gradient is larger still."
    )
    causes = (
        "A recurrent network unrolled over many steps, without clipping.",
        "The learning rate is too high.",
        "Weights initialized too large, or inputs and targets that are not scaled.",
        "A loss that is summed over the batch where a mean was meant.",
    )
    advice = (
        "Clip gradients: optimizer(clipnorm=1.0) or global_clipnorm=1.0.",
        "Lower the learning rate, or warm it up over the first hundreds of steps.",
        "Scale inputs and targets to about unit variance.",
        "In recurrent layers use LSTM or GRU, or an orthogonal recurrent initializer.",
    )
    measure = "max(RMS(g) / max(RMS(w), 1e-3), RMS(g) / its running median while it grows)"
    statistic = "rms"
    labels = Labels("gradient RMS / weight RMS", "gradient RMS", "weight RMS")
    threshold = 10.0
    logarithmic = True

    def __init__(self) -> None:
        self._baseline = Baseline()
        self._previous = np.empty(0)

    def observe(self, view: View) -> Judgement:
        """Compare every weight matrix's gradient with its weight and with its own past."""
        structure = view.structure
        rows = structure.kinds["gradient"] & structure.matrix
        # A gradient with no finite element has no RMS; the largest since the last record stands in.
        rms = np.where(rows, np.fmax(view.columns["rms"], view.columns["peak_rms"]), np.nan)
        weight = np.where(structure.weights >= 0, view.columns["rms"][structure.weights], np.nan)
        ratio = rms / np.maximum(weight, SMALLEST_WEIGHT)  # NaN where the weight is not recorded

        usual = self._baseline.compare(rms)
        previous = np.full(rms.size, np.nan)
        previous[: self._previous.size] = self._previous
        growing = (usual.count >= BASELINE_RECORDS) & (rms > previous)
        growth = np.where(growing, rms / usual.median, np.nan)
        self._baseline.admit(rms, rows)
        self._previous = rms

        value = np.fmax(ratio, growth)
        level = np.where(value > 100 * self.threshold, 2, 1)
        return judgement(value, self.threshold, level, view.step, reference=weight)

    def message(self, facts: Facts) -> str:
        """Say how much larger than what, and since when."""
        return (
            f"The gradient of {facts.row.tensor} is too large since step {facts.opened_step:,}: at step "
            f"{facts.peak_step:,} it was {times(facts.value)} × its weights or its own usual size, "
            f"{number(facts.threshold)} × is the limit."
        )
