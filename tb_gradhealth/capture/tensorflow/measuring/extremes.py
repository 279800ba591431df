"""The largest element of a tensor, with or without XLA."""

from collections.abc import Sequence
from typing import Any

import tensorflow as tf
from tensorflow.python.ops import control_flow_util


def highest(values: Any, axis: Sequence[int] | None = None) -> Any:
    """The maximum, NaN where one of the elements is.

    TensorFlow's own kernels pass a NaN on, at no cost; XLA's may lose it, so it is asked for there.
    """
    result = tf.reduce_max(values, axis=axis)
    if not is_compiled():
        return result
    nan = tf.constant(float("nan"), result.dtype)
    return tf.where(tf.reduce_any(tf.math.is_nan(values), axis=axis), nan, result)


def is_compiled() -> bool:
    """Whether a function with ``jit_compile=True`` is being traced."""
    if tf.executing_eagerly():
        return False
    graph = tf.compat.v1.get_default_graph()
    return bool(control_flow_util.GraphOrParentsInXlaContext(graph))
