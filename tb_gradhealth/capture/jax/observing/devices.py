"""Several devices that run the same step: what differs between them becomes one value.

Inside `jax.pmap` and `jax.shard_map` each device has its own part of the batch. The names of the mapped axes
make it possible to exchange a few numbers, so the state is the same on all devices.
"""

from collections.abc import Sequence
from typing import Any

import jax
import jax.numpy as jnp


class Devices:
    """The devices along some mapped axes; without axes there is one."""

    def __init__(self, axes: str | Sequence[str] | None) -> None:
        self._axes = (axes,) if isinstance(axes, str) else tuple(axes or ())

    def first(self, value: jax.Array) -> jax.Array:
        """The value of the first device."""
        if not self._axes:
            return value
        is_first = jax.lax.axis_index(self._axes) == 0
        return self._exchanged(jax.lax.psum, jnp.where(is_first, value, jnp.zeros_like(value)))

    def largest(self, value: jax.Array) -> jax.Array:
        """The largest value of all devices; NaN if it is NaN on one of them."""
        if not self._axes:
            return value
        nan = self._exchanged(jax.lax.pmax, jnp.isnan(value).astype(jnp.float32)) > 0
        found = self._exchanged(jax.lax.pmax, jnp.where(jnp.isnan(value), -jnp.inf, value))
        return jnp.where(nan, jnp.nan, found)

    def _exchanged(self, exchange: Any, value: jax.Array) -> jax.Array:
        result: jax.Array = exchange(value, self._axes)
        return result
