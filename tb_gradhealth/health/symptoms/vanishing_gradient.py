"""Symptom vanishing-gradient: gradients that shrink from layer to layer towards the input."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from tb_gradhealth.health.arrays import Floats, Ints, Mask
from tb_gradhealth.health.loss import SOLVED_SKILL
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
    """How small a gradient is, and what counts as a fall."""

    threshold: float = limit(
        1e-3, "share of the reference layer's gradient below which one has vanished", maximum=1
    )
    layers: int = limit(3, "layers over which the gradient must fall towards the input", minimum=2)
    slack: float = limit(
        2.0, "a layer in a fall may be so many times its follower: layers differ in width", minimum=1
    )
    largest_step: float = limit(
        0.8, "share of the fall, in logarithms, that one pair of layers may have", maximum=1
    )
    small_norm: float = limit(
        1e-4,  # AUTOTRAINER (Zhang et al., ICSE 2021)
        "norm below which a gradient is tiny: then the one at the output is the reference",
    )


class VanishingGradient(Symptom[VanishingGradientLimits]):
    """RMS(g) of a weight matrix far below the network's other matrices, falling towards the input.

    It is measured as RMS(g_l) / median_k RMS(g_k) over the weight matrices k. In a network of few layers the
    median is inside the fall; a layer whose gradient norm is also tiny in absolute terms is compared with the
    matrix nearest to the output there, as in AUTOTRAINER. A gradient of exactly zero is a measured value of
    zero, even where it is zero in every layer.

    Two or three matrices, as in a shallow or a recurrent network, are too few for a fall. There, and where
    the loss does not improve, AUTOTRAINER's rule alone is enough: the first matrix's gradient norm is below
    1e-4 and a thousandth of the last one's.

    There is no floor in units of the optimizer's epsilon: in a large network with a mean loss healthy
    gradients are below it. Whether the weights still change is measured by update-ratio.
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
        "Replace sigmoid or tanh in the hidden layers by {relu}, {gelu} or {silu}.",
        "Use {he_initialization} (for ReLU) or {glorot_initialization} (for tanh).",
        "Add {normalization_layers}, or skip connections around blocks of layers.",
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
    # The layer furthest from the output learns least; the one where the limit is crossed is arbitrary.
    origin_near_output = False

    def __init__(self, limits: VanishingGradientLimits) -> None:
        super().__init__(limits)
        self._order = np.empty(0, np.int64)
        self._norm = np.empty(0)
        self._output = np.empty(0, bool)

    def scope(self, structure: Structure) -> Scope:
        """Weight matrices."""
        return structure.matrices("gradient")

    def update_structure(self, structure: Structure, rows: Ints) -> None:
        """Order the matrices from the input to the output."""
        self._order = np.argsort(structure.depth[rows], kind="stable")
        self._norm = np.sqrt(structure.size[rows])
        self._output = structure.output[rows]

    def observe(self, view: View) -> Judgement:
        """Compare every weight matrix's gradient with the median and with the output's."""
        rms = view.column("rms")
        # A layer with few active units may get no gradient from single batches.
        rms = np.where(rms == 0, np.fmax(view.column("peak_rms"), 0), rms)
        value, reference = np.full(rms.shape, np.nan), np.full(rms.shape, np.nan)
        falling = np.zeros(rms.shape, bool)
        for records, matrices in _grouped_by_rows(np.isfinite(rms)):
            ordered = self._order[matrices[self._order]]
            if ordered.size < 2:
                continue
            if ordered.size > self.limits.layers:
                value[records], reference[records] = self._compare_with_median(rms[records], ordered)
                small = records[(value[records] < self.limits.threshold).any(axis=1)]
                if small.size:
                    falling[np.ix_(small, ordered)] = self._falling(rms[np.ix_(small, ordered)])
            self._compare_with_last(view, rms, records, ordered, value, reference, falling)
        return judgement(value, self.limits.threshold, below=True, where=falling, reference=reference)

    def _compare_with_last(
        self,
        view: View,
        rms: Floats,
        records: Ints,
        ordered: Ints,
        value: Floats,
        reference: Floats,
        falling: Mask,
    ) -> None:
        """Judge the first matrix by the last one's norm where the loss does not improve, in place."""
        first, last = ordered[0], ordered[-1]
        unlearned = view.outcome_is("stalled", "diverging") & ~(view.block.losses.skill >= SOLVED_SKILL)
        norm, other = rms[records, first] * self._norm[first], rms[records, last] * self._norm[last]
        share = norm / other
        shallow = ordered.size <= self.limits.layers
        found = unlearned[records] & (norm < self.limits.small_norm) & (share < self.limits.threshold)
        measured = found | (shallow & np.isfinite(share))
        value[records[measured], first] = share[measured]
        reference[records[measured], first] = other[measured] / self._norm[first]
        falling[records[found], first] = True

    def _compare_with_median(self, rms: Floats, ordered: Ints) -> tuple[Floats, Floats]:
        """The gradients as shares of their reference layer's, and the references, [records, judged]."""
        forward = rms[:, ordered]
        middle = forward.shape[1] // 2
        # All are finite: np.median would check for NaN, which takes longer than this.
        sizes = np.sort(forward, axis=1)
        median, last = (sizes[:, ~middle] + sizes[:, middle]) / 2, forward[:, -1]
        small = rms * self._norm < self.limits.small_norm
        reference = np.where(small & (last > median)[:, None], last[:, None], median[:, None])
        value = np.where(rms > 0, rms / reference, 0.0)
        value[np.isnan(rms) | self._output] = np.nan
        return value, reference

    def _falling(self, forward: Floats) -> Mask:
        """Layers from which the gradient rises over the next ones towards the output; [records, ordered].

        Args:
            forward: RMS of the gradients in forward order, [records, ordered].
        """
        limits, layers = self.limits, self.limits.layers
        runs = np.lib.stride_tricks.sliding_window_view(forward, layers + 1, axis=1)
        rises = (runs[..., :-1] <= limits.slack * runs[..., 1:]).all(axis=-1) & (runs[..., -1] > runs[..., 0])
        steps = np.diff(np.log(runs), axis=-1)
        rises &= steps.max(axis=-1) <= limits.largest_step * steps.sum(axis=-1)
        falling = np.zeros(forward.shape, bool)
        # From exactly zero no rise can be measured, and none is needed.
        falling[:, : rises.shape[1]] = np.where(runs[..., 0] == 0, True, rises)
        # The last layers of a fall have fewer layers after them than the rule requires, but belong to it.
        for layer in range(max(forward.shape[1] - layers, 1), forward.shape[1] - 1):
            follows = forward[:, layer - 1] <= limits.slack * forward[:, layer]
            falling[:, layer] = falling[:, layer - 1] & follows
        return falling

    def message(self, facts: Facts) -> str:
        """How much smaller the gradient is, and since when."""
        row, since = facts.row, facts.since
        if facts.value == 0:
            return (
                f"No gradient {facts.tense('arrives', 'arrived')} at {row.tensor} {since}{facts.loss_clause}."
            )
        smaller, allowed = times(1 / facts.value), times(1 / facts.threshold)
        return (
            f"{row.tensor} {facts.tense('has received', 'received')} gradients {smaller} × smaller than "
            f"layers nearer to the output {since}; {allowed} × is the limit{facts.loss_clause}."
        )


def _grouped_by_rows(known: Mask) -> Iterator[tuple[Ints, Mask]]:
    """Groups of records in which the same rows are known, and those rows.

    Args:
        known: [records, judged].
    """
    if (known == known[0]).all():
        yield np.arange(len(known)), known[0]
        return
    groups: dict[bytes, list[int]] = {}
    for record, rows in enumerate(known):
        groups.setdefault(rows.tobytes(), []).append(record)
    for records in groups.values():
        yield np.array(records), known[records[0]]
