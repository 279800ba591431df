"""A few of a tensor's elements to stand for all of them."""

import math
from typing import Any, Final

import tensorflow as tf

SAMPLES: Final = 8
"""Samples of a batch that are taken where the size of one is not known while tracing."""


def sample(values: Any, most: int) -> Any:
    """At most ``most`` evenly strided elements, of any dtype [m]; all of them where there are no more.

    The stride is odd: an even one would, where the last axis is a power of two, visit only some channels.
    """
    flat = tf.reshape(values, [-1])
    size = flat.shape[0] if flat.shape[0] is not None else tf.size(flat)
    stride = (size + most - 1) // most
    if isinstance(stride, int):
        return flat[:: stride | 1] if stride > 1 else flat
    return flat[:: stride + 1 - stride % 2]


def first_samples(values: Any, most: int) -> Any:
    """The batch's first samples, as many as have ``most`` elements together, at least one.

    They lie side by side, so that nothing is copied.
    """
    sizes = values.shape[1:] if values.shape.rank else None
    if sizes is None:
        return values
    samples = max(most // max(math.prod(sizes), 1), 1) if sizes.is_fully_defined() else SAMPLES
    known = values.shape[0]
    return values if known is not None and known <= samples else values[:samples]
