"""The flight recorder: the step statistics of the newest steps, and the limits from which a step trips."""

import jax
import jax.numpy as jnp

from tb_gradhealth.capture.statistics.watched_steps import GOLDEN, MAX_SIZE, MIN_SIZE


def buffer_size(every: int, steps_per_call: int) -> int:
    """Number of steps in the buffer.

    Args:
        every: steps from one record to the next.
        steps_per_call: the largest number of steps between two calls of `Recorder.write`.
    """
    return min(max(2 * every, 2 * steps_per_call, MIN_SIZE), MAX_SIZE)


def is_beyond(statistics: jax.Array, limits: jax.Array) -> jax.Array:
    """Whether one of the statistics is NaN or beyond its limit, bool scalar."""
    return jnp.any(jnp.where(jnp.isnan(statistics), jnp.inf, statistics) > limits)


def next_to_watch(number: jax.Array, interval: jax.Array) -> jax.Array:
    """The next step that is watched: one in each interval, at a varying position.

    Every part of periodic data is watched so. It is `statistics.watched_steps.next_watched` without 64-bit
    integers, which JAX does not have by default.

    Args:
        number: of the step that is watched now, int32 scalar.
        interval: one step in so many is watched, int32 scalar.
    """
    block = (number - 1) // interval + 1
    share = (block.astype(jnp.uint32) * jnp.uint32(GOLDEN)).astype(jnp.float32) / 2.0**32
    offset = jnp.minimum((share * interval).astype(jnp.int32), interval - 1)
    return block * interval + offset + 1
