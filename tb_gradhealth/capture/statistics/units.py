"""Dormant and saturated units; a unit is an element of the last axis of a layer's output."""

from typing import Final

import numpy as np
import numpy.typing as npt

from tb_gradhealth.capture.statistics.arrays import Floats
from tb_gradhealth.capture.statistics.column_reductions import over_rows
from tb_gradhealth.record.activation_functions import GATED, SATURATING

DORMANT: Final = 0.025
"""A unit is dormant when its mean |x| is at most this share of its layer's (Sokar et al., ReDo, 2023)."""

SATURATED_RANGE: Final = 0.97
"""An output is saturated beyond this share of the range, to either side of its middle..."""

SATURATED_SHARE: Final = 0.95
"""...and a unit is saturated if more than this share of its outputs are."""

OUTER_RANGE: Final = 0.95
"""An output counts for the outer fraction beyond this share of the range: |tanh| > 0.95."""


MIN_BATCHES: Final = 10
"""Smallest number of batches in a window: a unit that is silent for fewer batches is not dead."""

SEARCH_INTERVAL: Final = 8
"""Windows from one search of a silent unit in a whole batch to the next."""


def unit_columns(values: Floats, activation: str) -> dict[str, float]:
    """The columns of a layer's units that are defined for its activation function.

    Args:
        values: outputs, float32 [samples, ..., units].
        activation: one of `activation_functions.WITH_UNITS`.
    """
    if activation in GATED:
        return {"dormant_fraction": dormant_fraction(values)}
    return {
        "saturated_fraction": saturated_fraction(values, activation),
        "outer_fraction": outer_fraction(values, activation),
    }


def dormant_fraction(values: Floats) -> float:
    """Share of the units whose mean |x| is at most `DORMANT` of the layer's; NaN for no outputs."""
    units = values.shape[-1]
    if not values.size:
        return float("nan")
    by_unit = np.abs(values).reshape(-1, units)
    means = over_rows(np.add, by_unit) / np.float32(len(by_unit))
    return float(np.mean(means <= DORMANT * means.mean()))


def saturated_fraction(values: Floats, activation: str) -> float:
    """Share of the saturated units; NaN for no outputs."""
    if not values.size:
        return float("nan")
    beyond = _is_beyond(SATURATED_RANGE, values, activation).reshape(-1, values.shape[-1])
    shares = over_rows(np.add, beyond) / len(beyond)
    return float(np.mean(shares > SATURATED_SHARE))


def outer_fraction(values: Floats, activation: str) -> float:
    """Share of the outputs in the outer 5 % of their function's range; NaN for no outputs."""
    return float(_is_beyond(OUTER_RANGE, values, activation).mean()) if values.size else float("nan")


def _is_beyond(share: float, values: Floats, activation: str) -> npt.NDArray[np.bool_]:
    """Whether each output lies beyond this share of the range, to either side of its middle."""
    low, high = SATURATING[activation]
    distance = np.abs(values - np.float32((low + high) / 2))
    return np.asarray(distance > np.float32(share * (high - low) / 2))
