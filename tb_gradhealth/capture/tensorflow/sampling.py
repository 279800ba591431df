"""A few of a tensor's elements to stand for all of them."""

from typing import Any

import tensorflow as tf


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
