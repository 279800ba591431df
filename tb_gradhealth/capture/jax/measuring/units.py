"""Dead units: units of a layer, the last axis of its output, that are silent in all batches of a window.

Each watched step adds the first samples of its batch. At the end of a window the whole batch is searched, so
a unit counts as dead only if it is silent there too. A window ends with the first record after `MIN_BATCHES`
batches.
"""

from collections.abc import Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from tb_gradhealth.capture.statistics.arrays import Floats
from tb_gradhealth.capture.statistics.units import MIN_BATCHES


def unit_peaks(values: jax.Array) -> jax.Array:
    """The largest output of each unit over all samples and positions, float32 [units]."""
    return jnp.max(values, axis=tuple(range(values.ndim - 1))).astype(jnp.float32)


def is_full(batches: Any) -> Any:
    """Whether a window of so many batches ends with the next record."""
    return batches >= MIN_BATCHES


def unit_columns(peaks: Floats, batches: float, sizes: Sequence[int]) -> dict[str, Floats]:
    """Dead fraction and length of the window in batches, float32 [layers]; NaN before its end.

    Args:
        peaks: the largest output of each unit in the window, layer by layer, float32 [units].
        batches: number of batches in the window.
        sizes: units of each layer.
    """
    if not is_full(batches):
        return {name: np.full([len(sizes)], np.nan, np.float32) for name in ("dead_fraction", "window")}
    parts = np.split(peaks <= 0, np.cumsum(sizes)[:-1])  # NaN <= 0 is false: a unit that is NaN is not dead
    return {
        "dead_fraction": np.array([part.mean() for part in parts], np.float32),
        "window": np.full([len(sizes)], batches, np.float32),
    }
