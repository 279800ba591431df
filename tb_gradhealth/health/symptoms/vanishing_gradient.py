"""Gradients that fade on their way back, so that the first layers do not learn."""

from dataclasses import replace

import numpy as np
import numpy.typing as npt

from tb_gradhealth.health.arrays import Floats, Ints, Mask
from tb_gradhealth.health.symptom import Facts, Judgement, Labels, Symptom, View, judgement
from tb_gradhealth.health.wording import times

FALLING_LAYERS = 3
"""Layers over which the gradient must fall towards the input: a lone small one is no vanishing."""

SLACK = 2.0
"""A layer in a fall may still be this many times its follower: layers differ in width."""

LARGEST_STEP = 0.8
"""Share of the fall (in logarithms) that a single pair of layers may account for."""

SMALL_NORM = 1e-4
"""Norm under which the last layer is the reference (AUTOTRAINER, Zhang et al., ICSE 2021)."""


class VanishingGradient(Symptom):
    """RMS(g) of a weight matrix far below the network's other matrices, falling towards the input.

    Measured as RMS(g_l) / median_k RMS(g_k) over the weight matrices k. A network of few layers has
    its median inside the fall; there a layer whose gradient norm is also tiny in absolute terms is
    compared with the matrix nearest to the output, as AUTOTRAINER does.
    """

    id = "vanishing-gradient"
    title = "Vanishing gradient"
    meaning = (
        "The gradient shrinks from layer to layer on its way back to the input. The layers it hardly "
        "reaches stay as they were initialized: the network learns only in its last layers, or not at all."
    )
    causes = (
        "Saturating activations (sigmoid, tanh) in a deep stack: each layer multiplies by at most 0.25 or 1.",
        "Weights initialized too small for the depth.",
        "No normalization and no skip connections in a deep network.",
    )
    advice = (
        "Replace sigmoid or tanh in the hidden layers by ReLU, GELU or SiLU.",
        "Use He (for ReLU) or Glorot (for tanh) initialization.",
        "Add BatchNormalization or LayerNormalization, or skip connections around blocks of layers.",
    )
    measure = "RMS(g of the layer) / median of RMS(g) over the weight matrices"
    statistic = "rms"
    labels = Labels("gradient RMS / reference layer", "gradient RMS", "reference layer")
    threshold = 1e-3
    direction = "below"
    logarithmic = True
    # The layer furthest from the output is the one that learns least; nobody means the one where the
    # product happened to cross the limit.
    worst_first_from_output = False

    def observe(self, view: View) -> Judgement:
        """Compare every weight matrix's gradient with the median and with the output's."""
        structure = view.structure
        matrix = structure.kinds["gradient"] & structure.matrix
        rms = np.where(matrix, view.columns["rms"], np.nan)
        known = np.flatnonzero(np.isfinite(rms))
        if known.size <= FALLING_LAYERS:
            return judgement(np.full(rms.size, np.nan), self.threshold, _levels(rms.size), view.step)
        ordered = known[np.argsort(structure.depth[known], kind="stable")]
        median = np.median(rms[known])
        tiny = rms * np.sqrt(structure.size) < SMALL_NORM
        reference = np.where(tiny, max(median, rms[ordered[-1]]), median)
        value = np.divide(rms, reference, out=np.full(rms.size, np.nan), where=reference > 0)
        value[structure.output] = np.nan
        judged = judgement(
            value, self.threshold, _levels(rms.size), view.step, below=True, reference=reference
        )
        if judged.breach.any():
            judged = replace(judged, breach=judged.breach & _falling(rms, ordered))
        return judged

    def message(self, facts: Facts) -> str:
        """Say how much smaller, since when, and what the loss did."""
        smaller = times(1 / facts.value) if facts.value > 0 else "infinitely many"
        if facts.outcome == "learning":
            loss = ", yet the loss improves"
        elif facts.outcome == "unknown":
            loss = ""
        else:
            loss = ", and the loss has not improved"
        return (
            f"{facts.row.tensor} receives gradients {smaller} × smaller than layers nearer to the output "
            f"since step {facts.opened_step:,}{loss}."
        )


def _levels(size: int) -> Ints:
    return np.ones(size, np.int64)


def _falling(rms: Floats, ordered: npt.NDArray[np.intp]) -> Mask:
    """Rows from which the gradient rises, layer after layer, over the next ones towards the output."""
    falling = np.zeros(rms.size, bool)
    along = rms[ordered]
    for place in range(len(ordered) - FALLING_LAYERS):
        falling[ordered[place]] = _rises(along[place : place + FALLING_LAYERS + 1])
    # The last layers of a fall have fewer followers than the rule wants; they belong to it all the same.
    for place in range(max(len(ordered) - FALLING_LAYERS, 1), len(ordered) - 1):
        falling[ordered[place]] = falling[ordered[place - 1]] and along[place - 1] <= SLACK * along[place]
    return falling


def _rises(run: Floats) -> bool:
    if run[0] == 0:
        return bool(np.all(run[1:-1] <= run[-1]))
    if np.any(run[:-1] > SLACK * run[1:]) or run[-1] <= run[0]:
        return False
    steps = np.diff(np.log(run))
    return bool(steps.max() <= LARGEST_STEP * steps.sum())
