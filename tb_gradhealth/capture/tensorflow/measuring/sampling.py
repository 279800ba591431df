"""A few of a tensor's elements to stand for all of them."""

import math
from typing import Any, Final

import tensorflow as tf

from tb_gradhealth.capture.statistics.magnitudes import RUN

ELEMENTS_EVERY_STEP: Final = 1 << 14
"""Elements of a batch that are looked at in every step, at least one sample."""

MEASURED_OF: Final = 1 << 16
"""Elements of a batch that are measured at most: moments are then known to half a percent..."""

LEAST_MEASURED_OF: Final = 1 << 14
ALTOGETHER: Final = 1 << 23
"""...and, of a network with more than 128 such rows, fewer: up to 512 rows they stay 32 MiB together."""


def elements_of_batch(rows: int) -> int:
    """The elements that are measured of each of so many rows."""
    return min(max(ALTOGETHER // max(rows, 1), LEAST_MEASURED_OF), MEASURED_OF)


def sample(values: Any, most: int) -> Any:
    """At most ``most`` elements, of any dtype [m], in evenly spaced runs; all where there are no more.

    A run costs as much to fetch as one element of it. The runs begin an odd number of elements apart: an even
    one would, where the last axis is a power of two, visit only some channels.

    Args:
        values: tensor of any shape.
        most: a multiple of `RUN`.
    """
    flat = tf.reshape(values, [-1])
    runs = most // RUN
    size = flat.shape[0]
    if size is not None:
        return flat if size <= most else _runs(flat, runs, _odd(size // runs), RUN)
    size = tf.size(flat)
    few = size <= most  # one run then takes them all
    apart = tf.where(few, size, _odd(size // runs))
    return _runs(flat, tf.where(few, 1, runs), apart, tf.where(few, size, RUN))


def _runs(flat: Any, runs: Any, apart: Any, length: Any) -> Any:
    return tf.reshape(tf.reshape(flat[: runs * apart], [runs, apart])[:, :length], [-1])


def _odd(number: Any) -> Any:
    """The number, or the one below it."""
    return number - 1 + number % 2


def first_samples(values: Any, most: int) -> Any:
    """The batch's first samples, as many as have ``most`` elements together, at least one.

    They lie side by side, so that nothing is copied.
    """
    if not values.shape.rank:
        return values
    sizes = values.shape[1:]
    if not sizes.is_fully_defined():
        each = tf.reduce_prod(tf.shape(values)[1:])
        return values[: tf.maximum(most // tf.maximum(each, 1), 1)]
    samples = _samples(math.prod(sizes), most)
    known = values.shape[0]
    return values if known is not None and known <= samples else values[:samples]


def most_elements(values: Any, most: int) -> int:
    """The elements that `first_samples` may have; ``most`` where the size of a sample is not known."""
    sizes = values.shape[1:] if values.shape.rank else None
    each = math.prod(sizes) if sizes is not None and sizes.is_fully_defined() else 1
    return _samples(each, most) * each


def _samples(each: int, most: int) -> int:
    """The samples of so many elements ``each`` that have ``most`` together, at least one."""
    return max(most // max(each, 1), 1)
