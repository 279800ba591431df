"""Samples of a tensor: evenly spread runs of elements, and the first samples of a batch."""

import math
from typing import Any

import tensorflow as tf

from tb_gradhealth.capture.statistics.batch_sizes import samples_within
from tb_gradhealth.capture.statistics.magnitudes import RUN


def sample(values: Any, max_elements: int) -> Any:
    """At most ``max_elements`` elements, of any dtype [m], in evenly spaced runs; all of a small tensor.

    A run costs as much to fetch as one element. The runs begin an odd number of elements apart: with an even
    number and a last axis that is a power of two, the sample would contain only some channels.

    Args:
        values: tensor of any shape.
        max_elements: a multiple of `RUN`.
    """
    flat = tf.reshape(values, [-1])
    runs = max_elements // RUN
    size = flat.shape[0]
    if size is not None:
        return flat if size <= max_elements else _runs(flat, runs, _odd(size // runs), RUN)
    size = tf.size(flat)
    is_small = size <= max_elements  # then one run contains all elements
    stride = tf.where(is_small, size, _odd(size // runs))
    return _runs(flat, tf.where(is_small, 1, runs), stride, tf.where(is_small, size, RUN))


def _runs(flat: Any, runs: Any, stride: Any, length: Any) -> Any:
    return tf.reshape(tf.reshape(flat[: runs * stride], [runs, stride])[:, :length], [-1])


def _odd(number: Any) -> Any:
    """The largest odd number up to ``number``."""
    return number - 1 + number % 2


def first_samples(values: Any, max_elements: int) -> Any:
    """The first samples of the batch that have ``max_elements`` elements together, at least one sample.

    They are contiguous, so nothing is copied.
    """
    if not values.shape.rank:
        return values
    sizes = values.shape[1:]
    if not sizes.is_fully_defined():
        per_sample = tf.reduce_prod(tf.shape(values)[1:])
        return values[: tf.maximum(max_elements // tf.maximum(per_sample, 1), 1)]
    samples = samples_within(math.prod(sizes), max_elements)
    batch_size = values.shape[0]
    return values if batch_size is not None and batch_size <= samples else values[:samples]


def max_first_elements(values: Any, max_elements: int) -> int:
    """Largest size of `first_samples`; ``max_elements`` if the size of a sample is not static."""
    sizes = values.shape[1:] if values.shape.rank else None
    per_sample = math.prod(sizes) if sizes is not None and sizes.is_fully_defined() else 1
    return samples_within(per_sample, max_elements) * per_sample
