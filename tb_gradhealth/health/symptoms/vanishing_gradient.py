"""Gradients that fade on their way back, so that the first layers do not learn."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from tb_gradhealth.health.arrays import Floats, Ints, Mask
from tb_gradhealth.health.loss import SOLVED
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
from tb_gradhealth.health.results import times


@dataclass(frozen=True)
class VanishingGradientLimits(Limits):
    """How small, and what a fall is."""

    threshold: float = limit(
        1e-3, "share of the reference layer's gradient below which one has vanished", most=1
    )
    layers: int = limit(3, "layers over which the gradient must fall towards the input", least=2)
    slack: float = limit(
        2.0, "a layer in a fall may be so many times its follower: layers differ in width", least=1
    )
    largest_step: float = limit(
        0.8, "share of the fall, in logarithms, that one pair of layers may have", most=1
    )
    small_norm: float = limit(
        1e-4,  # AUTOTRAINER (Zhang et al., ICSE 2021)
        "norm below which a gradient is tiny: then the one at the output is the reference",
    )


class VanishingGradient(Symptom[VanishingGradientLimits]):
    """RMS(g) of a weight matrix far below the network's other matrices, falling towards the input.

    Measured as RMS(g_l) / median_k RMS(g_k) over the weight matrices k. A network of few layers has
    its median inside the fall; there a layer whose gradient norm is also tiny in absolute terms is
    compared with the matrix nearest to the output, as AUTOTRAINER does. Where the gradient is exactly
    zero, nothing arrives at all: that is a measured value of zero, even if it is so for every layer.

    Two or three matrices, as in a shallow or a recurrent network, are too few for a fall. There, and where a
    training does not get anywhere, AUTOTRAINER's rule alone is enough: the first matrix's gradient norm is
    below 1e-4 and a thousandth of the last one's.

    A floor in units of the optimizer's epsilon is left out on purpose: in a large network with a mean loss
    healthy gradients are below it. Whether the weights still move is what update-ratio measures.
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
    needs = "it is the only weight matrix that has a gradient, or one of few behind the first"
    statistic = "rms"
    labels = Labels("gradient RMS / reference layer", "gradient RMS", "reference layer")
    judges = ("gradient",)
    unit = "ratio"
    limits_type = VanishingGradientLimits
    leads_to = frozenset({"dead-layer", "loss-stalled"})
    direction = "below"
    logarithmic = True
    # The layer furthest from the output is the one that learns least; nobody means the one where the
    # product happened to cross the limit.
    worst_first_from_output = False

    def __init__(self, limits: VanishingGradientLimits) -> None:
        super().__init__(limits)
        self._order = np.empty(0, np.int64)
        self._norm = np.empty(0)
        self._output = np.empty(0, bool)

    def scope(self, structure: Structure) -> Scope:
        """Weight matrices."""
        return structure.matrices("gradient")

    def settle(self, structure: Structure, rows: Ints) -> None:
        """Order the matrices from the input to the output."""
        self._order = np.argsort(structure.depth[rows], kind="stable")
        self._norm = np.sqrt(structure.size[rows])
        self._output = structure.output[rows]

    def observe(self, view: View) -> Judgement:
        """Compare every weight matrix's gradient with the median and with the output's."""
        rms = view.column("rms")
        # A layer with few live units gets nothing from some batches: that is no reason if others reach it.
        rms = np.where(rms == 0, np.fmax(view.column("peak_rms"), 0), rms)
        value, reference = np.full(rms.shape, np.nan), np.full(rms.shape, np.nan)
        falling = np.zeros(rms.shape, bool)
        for records, matrices in _alike(np.isfinite(rms)):
            ordered = self._order[matrices[self._order]]
            if ordered.size < 2:
                continue
            if ordered.size > self.limits.layers:
                value[records], reference[records] = self._beside_the_others(rms[records], ordered)
                ill = records[(value[records] < self.limits.threshold).any(axis=1)]
                if ill.size:
                    falling[np.ix_(ill, ordered)] = self._falling(rms[np.ix_(ill, ordered)])
            self._beside_the_last(view, rms, records, ordered, value, reference, falling)
        return judgement(value, self.limits.threshold, below=True, where=falling, reference=reference)

    def _beside_the_last(
        self,
        view: View,
        rms: Floats,
        records: Ints,
        ordered: Ints,
        value: Floats,
        reference: Floats,
        falling: Mask,
    ) -> None:
        """Judge the first matrix by the last one's norm where nothing is learned, in place."""
        first, last = ordered[0], ordered[-1]
        unlearned = view.outcome_is("stalled", "diverging") & ~(view.block.losses.skill >= SOLVED)
        norm, other = rms[records, first] * self._norm[first], rms[records, last] * self._norm[last]
        share = norm / other
        shallow = ordered.size <= self.limits.layers
        asked = unlearned[records] & (norm < self.limits.small_norm)
        found = asked & (share < self.limits.threshold)
        told = found | (shallow & np.isfinite(share))
        value[records[told], first], reference[records[told], first] = (
            share[told],
            other[told] / self._norm[first],
        )
        falling[records[found], first] = True

    def _beside_the_others(self, rms: Floats, ordered: Ints) -> tuple[Floats, Floats]:
        """The gradients' shares of their reference layers', and those, [records, judged]."""
        along = rms[:, ordered]
        middle = along.shape[1] // 2
        # All are finite: np.median would look for NaN, for longer than this takes.
        sizes = np.sort(along, axis=1)
        median, last = (sizes[:, ~middle] + sizes[:, middle]) / 2, along[:, -1]
        small = rms * self._norm < self.limits.small_norm
        reference = np.where(small & (last > median)[:, None], last[:, None], median[:, None])
        value = np.where(rms > 0, rms / reference, 0.0)
        value[np.isnan(rms) | self._output] = np.nan
        return value, reference

    def _falling(self, along: Floats) -> Mask:
        """Layers, input first, from which the gradient rises over the next ones; [records, ordered]."""
        limits, layers = self.limits, self.limits.layers
        runs = np.lib.stride_tricks.sliding_window_view(along, layers + 1, axis=1)
        rises = (runs[..., :-1] <= limits.slack * runs[..., 1:]).all(axis=-1) & (runs[..., -1] > runs[..., 0])
        steps = np.diff(np.log(runs), axis=-1)
        rises &= steps.max(axis=-1) <= limits.largest_step * steps.sum(axis=-1)
        falling = np.zeros(along.shape, bool)
        # From an exact zero there is no rise to measure: nothing at all arrives there.
        falling[:, : rises.shape[1]] = np.where(runs[..., 0] == 0, True, rises)
        # The last layers of a fall have fewer followers than the rule wants; they belong to it all the same.
        for place in range(max(along.shape[1] - layers, 1), along.shape[1] - 1):
            follows = along[:, place - 1] <= limits.slack * along[:, place]
            falling[:, place] = falling[:, place - 1] & follows
        return falling

    def message(self, facts: Facts) -> str:
        """Say how much smaller, since when, and what the loss did."""
        row, since = facts.row, facts.since
        if facts.value == 0:
            return f"No gradient {facts.tense('arrives', 'arrived')} at {row.tensor} {since}{facts.yet}."
        smaller, allowed = times(1 / facts.value), times(1 / facts.threshold)
        return (
            f"{row.tensor} {facts.tense('has received', 'received')} gradients {smaller} × smaller than "
            f"layers nearer to the output {since}; {allowed} × is the limit{facts.yet}."
        )


def _alike(known: Mask) -> Iterator[tuple[Ints, Mask]]:
    """Records of which the same rows are known, and those rows; a mask of shape [records, judged]."""
    if (known == known[0]).all():
        yield np.arange(len(known)), known[0]
        return
    alike: dict[bytes, list[int]] = {}
    for record, rows in enumerate(known):
        alike.setdefault(rows.tobytes(), []).append(record)
    for records in alike.values():
        yield np.array(records), known[records[0]]
