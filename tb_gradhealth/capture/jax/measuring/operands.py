"""The numbers of a tensor that are measured, as float32."""

import jax
import jax.numpy as jnp


def operand(tensor: jax.Array) -> jax.Array:
    """The numbers of a tensor, float32; of a complex one the real and the imaginary parts."""
    if jnp.issubdtype(tensor.dtype, jnp.complexfloating):
        tensor = jnp.stack([tensor.real, tensor.imag], axis=-1)
    return tensor.astype(jnp.float32)


def flat(tensor: jax.Array) -> jax.Array:
    """All numbers of a tensor, float32 [elements]."""
    return operand(tensor).reshape(-1)
