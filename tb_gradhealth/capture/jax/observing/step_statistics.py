"""Step statistics: one number for each watched tensor, in every watched step."""

from collections.abc import Mapping
from typing import Final

import jax
import jax.numpy as jnp

from tb_gradhealth.capture.jax.measuring.moments import largest, rms
from tb_gradhealth.capture.jax.selecting.selection import Key, Selection
from tb_gradhealth.capture.statistics.since_record import BY_PEAK

ABSENT: Final = 0.0
"""The statistic of a tensor that is absent in a step, such as a gradient that is None."""


def step_statistics(selection: Selection, tensors: Mapping[Key, jax.Array]) -> jax.Array:
    """The RMS of each gradient and weight, the largest |x| of each loss and activation.

    Args:
        selection: the rows.
        tensors: of the step; activations are the first samples of the batch.

    Returns:
        float32 [watched rows], in the order of ``selection.watched``.
    """
    squared = [key for key in selection.watched if key in tensors and key[0] not in BY_PEAK]
    found = {key: largest(tensors[key]) for key in selection.watched if key in tensors and key[0] in BY_PEAK}
    if squared:
        found.update(zip(squared, rms([tensors[key] for key in squared]), strict=True))
    absent = jnp.full([], ABSENT, jnp.float32)
    values = [found.get(key, absent) for key in selection.watched]
    return jnp.stack(values) if values else jnp.zeros([0], jnp.float32)
