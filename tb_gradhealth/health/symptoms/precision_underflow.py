"""Symptom precision-underflow: gradients too small for the number format they are computed in."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from tb_gradhealth.health.arrays import Ints, extended, first_measured
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
from tb_gradhealth.health.results import WARNING, percent
from tb_gradhealth.record import Row
from tb_gradhealth.record.magnitudes import EDGES

NORMAL_RANGE = {"float16": -14, "float8": -6}
"""Exponent of the smallest normal number, by format; bfloat16 has the range of float32."""


@dataclass(frozen=True)
class PrecisionUnderflowLimits(Limits):
    """Share of a gradient's elements."""

    threshold: float = limit(0.25, "share of magnitudes below the format's normal range", maximum=1)
    risen: float = limit(0.2, "how much the share must have risen since the first record", maximum=1)


class PrecisionUnderflow(Symptom[PrecisionUnderflowLimits]):
    """Share of a gradient's non-zero magnitudes below the normal range of float16 (2^-14) or float8 (2^-6).

    It is computed from the log2 histogram, whose bin edges include those limits. Gradients are recorded
    without the loss scale but computed with it, so the limit is divided by the scale. Zeros do not count:
    ReLU makes them.
    """

    id = "precision-underflow"
    title = "Precision underflow"
    meaning = (
        "A growing part of this gradient is too small for the format it is computed in: it loses its digits, "
        "then becomes zero, and the weights behind it stop learning."
    )
    causes = (
        "float16 without loss scaling, or with a scale that is too low.",
        "A training that nears its end: gradients shrink.",
    )
    advice = (
        "Scale the loss: by Keras's LossScaleOptimizer (added under mixed_float16), PyTorch's GradScaler.",
        "Use bfloat16 where the hardware has it.",
        "Keep this layer in float32.",
    )
    measure = "share of |g| * loss scale below the format's smallest normal number"
    needs = "the training does not compute in a format with a short range"
    statistic = "rms"
    labels = Labels("share below the normal range", "gradient RMS")
    unit = "share"
    judges = ("gradient",)
    limits_type = PrecisionUnderflowLimits
    leads_to = frozenset({"dead-layer", "vanishing-gradient"})

    def __init__(self, limits: PrecisionUnderflowLimits) -> None:
        super().__init__(limits)
        self._first = self._limit = np.empty(0)
        self._formats: dict[str, str] = {}

    def scope(self, structure: Structure) -> Scope:
        """Gradients that are not tiny, where the policy names a format with a short range."""
        scope = structure.tensors("gradient")
        self._formats = {row.layer: row.dtype for row in structure.rows if row.kind == "activation"}
        long = np.zeros(len(structure.rows), bool)
        for row in np.flatnonzero(scope.judged).tolist():
            long[row] = self._smallest(structure.settings, structure.rows[row]) is None
        return scope.without(long, "it is not computed in a format with a short range")

    def update_structure(self, structure: Structure, rows: Ints) -> None:
        """Extend the state by further rows."""
        self._first = extended(self._first, rows.size, np.nan)
        exponents = [self._smallest(structure.settings, structure.rows[row]) for row in rows.tolist()]
        self._limit = np.array([0 if exponent is None else exponent for exponent in exponents])

    def observe(self, view: View) -> Judgement:
        """Sum the histogram's bins below the limit."""
        scale = view.training("loss_scale", absent=1.0)
        scale = np.where(np.isfinite(scale), np.maximum(scale, 1e-30), 1.0)
        limit_exponent = self._limit - np.log2(scale)[:, None]
        shares = view.magnitudes()
        # Bin i + 1 begins at the i-th edge; a bin counts where all of it is below the limit.
        below = np.concatenate([EDGES, [EDGES[-1] + 999]]) <= limit_exponent[..., None]
        share = np.minimum((shares * below).sum(axis=-1), 1)
        value = np.where(np.isnan(shares).any(axis=-1), np.nan, share)
        value = np.where(view.column("zero_fraction") == 1, 0.0, value)
        self._first = first_measured(value, self._first)
        risen = value - self._first >= self.limits.risen
        return judgement(value, self.limits.threshold, WARNING, where=risen)

    def message(self, facts: Facts) -> str:
        """Which share of the gradient is too small."""
        return (
            f"{percent(facts.value)} of the gradient of {facts.row.tensor} has been too small for its number "
            f"format {facts.since}; {percent(facts.threshold)} is the limit{facts.loss_clause}."
        )

    def _smallest(self, settings: Mapping[str, Any], row: Row) -> int | None:
        """Exponent of the smallest normal number of a gradient's format, None for a long range.

        Without a dtype policy in the settings, the dtype of the layer's output is used.
        """
        policy = f"{settings.get('dtype_policy', '')} {row.dtype} {self._formats.get(row.layer, '')}"
        found = (
            exponent for name, exponent in NORMAL_RANGE.items() if name in policy and "b" + name not in policy
        )
        return next(found, None)
