"""Moments of tensors on the device: one number in every watched step, all moments in a record.

In a record each tensor is read once, by one operation with several results, and tensors of one shape share a
loop. XLA compiles a step with hundreds of tensors much faster then, and keeps few temporary arrays.
"""

import math
from collections.abc import Sequence
from typing import Any, Final

import jax
import jax.numpy as jnp
import numpy as np

from tb_gradhealth.capture.jax.measuring.operands import operand

PART: Final = 512
"""Elements that are added at first: the error of a float32 sum grows with the number of elements."""

LARGE: Final = 1e15
"""The square of a larger number is added in parts of its scale, so that it does not overflow, ..."""

SMALL: Final = 1e-15
"""... and that of a smaller one so that it does not vanish."""

SCALE: Final = 1e20


STACKED: Final = 1 << 24
"""Elements of tensors of one shape that are copied into one array, so that one loop reads them: 64 MiB."""


def rms(tensors: Sequence[jax.Array]) -> jax.Array:
    """The RMS of each tensor, float32 [tensors]; not finite if an element is not, or its square overflows."""
    totals = [_total(jnp.square(operand(tensor))) for tensor in tensors]
    sizes = np.array([operand(tensor).size for tensor in tensors], np.float32)
    return jnp.sqrt(jnp.stack(totals) / sizes)


def largest(tensor: jax.Array) -> jax.Array:
    """The largest |x|, float32 scalar; NaN if an element is."""
    return jnp.max(jnp.abs(operand(tensor)))


def moments(tensors: Sequence[jax.Array]) -> jax.Array:
    """The columns `statistics.moments.MOMENTS` of each tensor, float32 [tensors, 6].

    No square overflows or vanishes: those of large, usual and small numbers are added apart (J. Blue, A
    Portable Fortran Program to Find the Euclidean Norm of a Vector, 1978).
    """
    found = _sums_of_all([operand(tensor) for tensor in tensors])
    large, usual, small, total, low, high, nans, infinities = found.T
    sizes = np.array([operand(tensor).size for tensor in tensors], np.float32)
    count = sizes - nans - infinities
    rest = jnp.sqrt((usual + small / SCALE / SCALE) / count)
    mean_square = jnp.where(usual > 0, rest, jnp.sqrt(small / count) / SCALE)
    root = jnp.where(large > 0, jnp.sqrt(large / count) * SCALE, mean_square)
    known = count > 0
    columns = [root, total / count * sizes, low, high]
    return jnp.stack([*(jnp.where(known, each, jnp.nan) for each in columns), nans, infinities], axis=1)


def extremes(tensors: Sequence[jax.Array]) -> jax.Array:
    """The columns `statistics.moments.EXTREMES` of each tensor, float32 [tensors, 4]."""
    return moments(tensors)[:, 2:]


def _sums_of_all(tensors: Sequence[jax.Array]) -> jax.Array:
    """The result of `_sums` of each tensor, float32 [tensors, 8]; tensors of one shape share a loop."""
    groups: dict[tuple[int, ...], list[int]] = {}
    for index, values in enumerate(tensors):
        groups.setdefault(values.shape, []).append(index)
    order, parts = [], []
    for shape, indices in groups.items():
        together = max(STACKED // math.prod(shape), 1)
        for begin in range(0, len(indices), together):
            chunk = indices[begin : begin + together]
            order += chunk
            stack = jnp.stack([tensors[index] for index in chunk])
            parts.append(jax.lax.map(_sums, stack) if len(chunk) > 1 else _sums(stack[0])[None])
    return jnp.concatenate(parts)[np.argsort(order)]


def _sums(values: jax.Array) -> jax.Array:
    """Sums, extremes and counts of a tensor, float32 [8]; the fourth is the sum divided by the size."""
    finite, nan = jnp.isfinite(values), jnp.isnan(values)
    known = jnp.where(finite, values, 0)
    size = jnp.abs(known)
    is_large, is_small = size > LARGE, size < SMALL
    parts = [
        jnp.square(jnp.where(is_large, known / SCALE, 0)),
        jnp.square(jnp.where(is_large | is_small, 0, known)),
        jnp.square(jnp.where(is_small, known * SCALE, 0)),
        known * (1 / values.size),
        jnp.where(finite, values, jnp.inf),
        jnp.where(finite, values, -jnp.inf),
        nan.astype(jnp.float32),
        (~finite & ~nan).astype(jnp.float32),
    ]
    inner = _inner_axes(values.shape)
    first = _reduced(parts, inner) if inner else parts
    return jnp.stack(_reduced(first, tuple(range(first[0].ndim))))


def _reduced(parts: Sequence[jax.Array], axes: tuple[int, ...]) -> Sequence[jax.Array]:
    starts = [np.float32(start) for start in (0, 0, 0, 0, np.inf, -np.inf, 0, 0)]

    def combine(one: Any, other: Any) -> Any:
        return tuple(
            jnp.minimum(a, b) if index == 4 else jnp.maximum(a, b) if index == 5 else a + b
            for index, (a, b) in enumerate(zip(one, other, strict=True))
        )

    found: Sequence[jax.Array] = jax.lax.reduce(tuple(parts), tuple(starts), combine, axes)
    return found


def _total(values: jax.Array) -> jax.Array:
    """The sum of a tensor, in two stages."""
    inner = _inner_axes(values.shape)
    return jnp.sum(jnp.sum(values, axis=inner)) if inner else jnp.sum(values)


def _inner_axes(shape: tuple[int, ...]) -> tuple[int, ...]:
    """The last axes, as few as have `PART` elements together, but not all of them."""
    for axis in range(len(shape) - 1, 0, -1):
        if math.prod(shape[axis:]) >= PART or axis == 1:
            return tuple(range(axis, len(shape)))
    return ()
