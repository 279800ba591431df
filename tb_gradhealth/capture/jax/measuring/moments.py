"""Moments of tensors on the device: one number in every watched step, all moments in a record."""

from typing import Final

import jax
import jax.numpy as jnp

from tb_gradhealth.capture.jax.measuring.operands import flat

PART: Final = 1024
"""Elements that are added at first: the error of a float32 sum grows with the number of elements."""


def rms(tensor: jax.Array) -> jax.Array:
    """The RMS, float32 scalar; not finite if an element is not, or if its square overflows."""
    values = flat(tensor)
    return jnp.sqrt(_total(jnp.square(values)) / values.size)


def largest(tensor: jax.Array) -> jax.Array:
    """The largest |x|, float32 scalar; NaN if an element is."""
    return jnp.max(jnp.abs(flat(tensor)))


def moments(tensor: jax.Array) -> jax.Array:
    """The columns `statistics.moments.MOMENTS`, float32 [6]; no square overflows or vanishes."""
    values = flat(tensor)
    finite = jnp.isfinite(values)
    known = jnp.where(finite, values, 0)
    count = jnp.sum(finite).astype(jnp.float32)
    scale = jnp.max(jnp.abs(known))
    divisor = jnp.where(scale > 0, scale, 1)
    shares = known / divisor
    # In parts per count, so that the sum of many large numbers does not overflow.
    square = _total(jnp.square(shares)) / count
    mean = _total(shares) / count
    return jnp.stack([jnp.sqrt(square) * scale, mean * scale, *extremes(values)])


def extremes(tensor: jax.Array) -> list[jax.Array]:
    """The columns `statistics.moments.EXTREMES`, each a float32 scalar."""
    values = flat(tensor)
    finite = jnp.isfinite(values)
    nans = jnp.isnan(values)
    low = jnp.min(jnp.where(finite, values, jnp.inf))
    high = jnp.max(jnp.where(finite, values, -jnp.inf))
    any_finite = jnp.any(finite)
    return [
        jnp.where(any_finite, low, jnp.nan),
        jnp.where(any_finite, high, jnp.nan),
        jnp.sum(nans).astype(jnp.float32),
        jnp.sum(~finite & ~nans).astype(jnp.float32),
    ]


def _total(values: jax.Array) -> jax.Array:
    """The sum of a vector, in two stages."""
    whole = values.size // PART * PART
    if not whole:
        return jnp.sum(values)
    parts = jnp.sum(values[:whole].reshape(-1, PART), axis=1)
    return jnp.sum(parts) + jnp.sum(values[whole:])
