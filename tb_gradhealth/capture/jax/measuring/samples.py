"""Parts of tensors: evenly spread elements of large ones, the first samples of a batch."""

import math

import jax

from tb_gradhealth.capture.statistics.batch_sizes import samples_within
from tb_gradhealth.capture.statistics.magnitudes import RUN


def spread_sample(values: jax.Array, max_elements: int) -> jax.Array:
    """At most ``max_elements`` elements in evenly spaced runs, as `statistics.magnitudes.sample`.

    Args:
        values: [..., elements]; each row is sampled.
        max_elements: a multiple of `RUN`.
    """
    *rows, size = values.shape
    if size <= max_elements:
        return values
    runs = max_elements // RUN
    stride = size // runs
    stride -= 1 - stride % 2
    return values[..., : runs * stride].reshape(*rows, runs, stride)[..., :RUN].reshape(*rows, -1)


def sample_shape(shape: tuple[int, ...], max_elements: int) -> tuple[int, ...]:
    """The shape of `first_samples`."""
    if not shape or math.prod(shape) <= max_elements:
        return shape
    taken = [samples_within(math.prod(shape[1:]), max_elements), *shape[1:]]
    for axis in range(1, len(shape) - 1):
        total = math.prod(taken)
        if total > max_elements:
            taken[axis] = max(max_elements * taken[axis] // total, 1)
    return tuple(taken)


def first_samples(values: jax.Array, max_elements: int) -> jax.Array:
    """The first samples that have ``max_elements`` together, or a part of the first one.

    Of a sample that is larger, such as the scores of a language model, the first positions are taken. The
    last axis, that of the units, stays whole.

    Args:
        values: a batch, with the samples along the first axis.
        max_elements: elements that are measured.
    """
    return values[tuple(slice(size) for size in sample_shape(values.shape, max_elements))]
