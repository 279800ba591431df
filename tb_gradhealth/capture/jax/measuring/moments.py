"""Moments of large tensors on the device, in a step with a record.

Four plain reductions run at the speed of memory and suffice for most tensors. Where an element is not finite,
or a square may overflow or vanish, one careful operation follows.
"""

import math
from collections.abc import Hashable, Sequence
from typing import Any, Final, TypeVar

import jax
import jax.numpy as jnp
import numpy as np

from tb_gradhealth.capture.statistics.moments import UNDERFLOW

CHUNK: Final = 1 << 20
"""Elements of tensors of one shape that are copied into one array: 4 MiB, which stay in the cache."""

PART: Final = 512
"""Elements that are added at first: the error of a float32 sum grows with the number of elements."""

LARGE: Final = 1e15
"""The square of a larger number is added in parts of its scale, so that it does not overflow, ..."""

SMALL: Final = 1e-15
"""... and that of a smaller one so that it does not vanish."""

SCALE: Final = 1e20

Item = TypeVar("Item")


def in_chunks(items: Sequence[tuple[Item, Hashable, int]]) -> list[list[Item]]:
    """Items that are alike, in chunks of at most `CHUNK` elements; a larger item is alone.

    XLA compiles few operations on chunks much faster than one for each tensor.

    Args:
        items: each with what it has to share, such as shape and dtype, and its number of elements.
    """
    groups: dict[Hashable, list[Item]] = {}
    sizes: dict[Hashable, int] = {}
    for item, shared, size in items:
        groups.setdefault(shared, []).append(item)
        sizes[shared] = size
    chunks = []
    for shared, group in groups.items():
        together = max(CHUNK // max(sizes[shared], 1), 1)
        chunks += [group[begin : begin + together] for begin in range(0, len(group), together)]
    return chunks


def moments(stack: jax.Array) -> jax.Array:
    """The columns `statistics.moments.MOMENTS` of the tensors in a stack, float32 [tensors, 6].

    Args:
        stack: tensors of one shape, float32 [tensors, ...].
    """
    size = math.prod(stack.shape[1:])
    squares, total, low, high = _quick(stack.reshape(stack.shape[0], -1))
    mean_square = squares / size
    largest = jnp.maximum(jnp.abs(low), jnp.abs(high))
    is_doubtful = ~jnp.isfinite(mean_square) | ((mean_square < UNDERFLOW) & (largest > 0))

    def known() -> jax.Array:
        none = jnp.zeros_like(low)
        return jnp.stack([jnp.sqrt(mean_square), total / size, low, high, none, none], axis=1)

    found: jax.Array = jax.lax.cond(jnp.any(is_doubtful), lambda: careful_moments(stack), known)
    return found


def extremes(values: jax.Array) -> jax.Array:
    """The columns `statistics.moments.EXTREMES` of a tensor, float32 [4]."""
    low, high = jnp.min(values), jnp.max(values)
    found: jax.Array = jax.lax.cond(
        jnp.isfinite(low) & jnp.isfinite(high),
        lambda: jnp.stack([low, high, jnp.zeros_like(low), jnp.zeros_like(low)]),
        lambda: careful_moments(values[None])[0, 2:],
    )
    return found


def careful_moments(stack: jax.Array) -> jax.Array:
    """The result of `moments` for any numbers: each tensor is read by one operation with several results.

    No square overflows or vanishes: those of large, usual and small numbers are added apart (J. Blue, A
    Portable Fortran Program to Find the Euclidean Norm of a Vector, 1978).
    """
    size = math.prod(stack.shape[1:])
    found = jax.lax.map(_sums, stack) if len(stack) > 1 else _sums(stack[0])[None]
    large, usual, small, total, low, high, nans, infinities = found.T
    count = size - nans - infinities
    rest = jnp.sqrt((usual + small / SCALE / SCALE) / count)
    mean_square = jnp.where(usual > 0, rest, jnp.sqrt(small / count) / SCALE)
    root = jnp.where(large > 0, jnp.sqrt(large / count) * SCALE, mean_square)
    known = count > 0
    columns = [root, total / count * size, low, high]
    return jnp.stack([*(jnp.where(known, each, jnp.nan) for each in columns), nans, infinities], axis=1)


def _quick(values: jax.Array) -> jax.Array:
    """Sum of squares, sum, minimum and maximum of each row, float32 [4, rows]; NaN and infinity spread.

    Args:
        values: float32 [rows, elements].
    """
    return jnp.stack(
        [
            jnp.sum(jnp.square(values), axis=1),
            jnp.sum(values, axis=1),
            jnp.min(values, axis=1),
            jnp.max(values, axis=1),
        ]
    )


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


def _inner_axes(shape: tuple[int, ...]) -> tuple[int, ...]:
    """The last axes, as few as have `PART` elements together, but not all of them."""
    for axis in range(len(shape) - 1, 0, -1):
        if math.prod(shape[axis:]) >= PART or axis == 1:
            return tuple(range(axis, len(shape)))
    return ()
