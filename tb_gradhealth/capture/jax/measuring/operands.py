"""The numbers of tensors that are measured, as float32: of single ones, and of several of one shape."""

from collections.abc import Sequence

import jax
import jax.numpy as jnp

Operand = tuple[jax.Array, ...]
"""A tensor, or two of which the first minus the second is measured; so tensors of one shape can be subtracted
by one operation."""

HALF = (jnp.float16, jnp.bfloat16)


def operand(tensor: jax.Array) -> jax.Array:
    """The numbers of a tensor, float32; of a complex one the real and the imaginary parts."""
    if jnp.issubdtype(tensor.dtype, jnp.complexfloating):
        tensor = jnp.stack([tensor.real, tensor.imag], axis=-1)
    return tensor.astype(jnp.float32)


def absent(shape: Sequence[int], dtype: str) -> jax.Array:
    """Zeros in the place of a tensor that a step does not have."""
    return jnp.zeros(shape, jax.dtypes.canonicalize_dtype(dtype))


def flat(tensor: jax.Array) -> jax.Array:
    """All numbers of a tensor, float32 [elements]."""
    return operand(tensor).reshape(-1)


def stacked(operands: Sequence[Operand]) -> jax.Array:
    """Operands of one shape and dtype in one array, float32 [operands, *shape]."""
    return operand(_difference([tuple(each[None] for each in parts) for parts in operands]))


def packed(operands: Sequence[Operand]) -> jax.Array:
    """All numbers of operands, one after the other, float32 [elements]."""
    runs: list[list[Operand]] = []
    for parts in operands:
        alike = runs and [each.dtype for each in runs[-1][0]] == [each.dtype for each in parts]
        if not alike:
            runs.append([])
        runs[-1].append(tuple(each.reshape(-1) for each in parts))
    found = [flat(_difference(run)) for run in runs]
    return jnp.concatenate(found) if found else jnp.zeros([0], jnp.float32)


def joined(tensors: Sequence[jax.Array]) -> jax.Array:
    """Tensors in one array, one after the other along the first axis."""
    if len(tensors) == 1:
        return tensors[0]
    dtype = jnp.result_type(*tensors)
    return jax.lax.concatenate([each.astype(dtype) for each in tensors], 0)


def _difference(operands: Sequence[Operand]) -> jax.Array:
    """Operands in one array, one after the other along the first axis."""
    first, *rest = (joined(tensors) for tensors in zip(*operands, strict=True))
    for other in rest:
        if first.dtype in HALF:
            first, other = first.astype(jnp.float32), other.astype(jnp.float32)
        first = first - other
    return first
