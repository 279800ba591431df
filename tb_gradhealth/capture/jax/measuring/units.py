"""Dead units: units of a layer, the last axis of its output, that are silent in all batches of a window."""

from collections.abc import Sequence
from typing import Final

import jax
import jax.numpy as jnp
import numpy as np

from tb_gradhealth.capture.statistics.units import MIN_BATCHES

COLUMNS: Final = ("dead_fraction", "window")
"""The columns of `Units.columns`, in order."""


class Units:
    """The largest output of each ReLU-like unit since the begin of a window.

    Each watched step adds the first samples of its batch. At the end of a window the whole batch is searched,
    so a unit counts as dead only if it is silent there too. A window ends with the first record after
    `MIN_BATCHES` batches; until then the dead fraction is NaN.
    """

    def __init__(self, sizes: Sequence[int]) -> None:
        self._sizes = list(sizes)
        self.count = sum(sizes)

    def peaks(self, outputs: Sequence[jax.Array]) -> jax.Array:
        """The largest output of each unit, layer by layer, float32 [units]; 0 where all are negative."""
        parts = [jnp.max(each, axis=tuple(range(each.ndim - 1))) for each in outputs]
        return jnp.maximum(jnp.concatenate([part.astype(jnp.float32) for part in parts]), 0)

    def columns(self, peaks: jax.Array, batches: jax.Array, searched: jax.Array) -> jax.Array:
        """Dead fraction and length of the window in batches, float32 [layers, 2]; NaN before its end.

        Args:
            peaks: of the window, float32 [units].
            batches: number of batches in the window, int32 scalar.
            searched: the peaks of the whole batch, float32 [units].
        """
        silent = jnp.maximum(peaks, searched) == 0  # NaN == 0 is false: a unit that is NaN is not dead
        parts = jnp.split(silent, np.cumsum(self._sizes)[:-1])
        shares = jnp.stack([jnp.mean(part.astype(jnp.float32)) for part in parts])
        columns = jnp.stack([shares, jnp.full(shares.shape, batches, jnp.float32)], axis=1)
        return jnp.where(is_full(batches), columns, jnp.nan)


def is_full(batches: jax.Array) -> jax.Array:
    """Whether a window of so many batches ends with the next record."""
    return batches >= MIN_BATCHES
