"""Runs parts of a measurement one after the other, so that they use the same temporary memory."""

from collections.abc import Callable

import jax


def in_turn(always: jax.Array, value: jax.Array, function: Callable[[jax.Array], jax.Array]) -> jax.Array:
    """The result of a function, whose temporary arrays exist only while it runs.

    XLA starts independent operations at once: the copies of all tensors would exist together. The branches of
    conditions that depend on each other share their memory.

    Args:
        always: true, which the compiler does not know, bool scalar.
        value: what the function takes and returns.
        function: may use other arrays, too.
    """
    found: jax.Array = jax.lax.cond(always, function, lambda value: value, value)
    return found
