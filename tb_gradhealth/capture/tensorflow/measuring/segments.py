"""Several tensors that lie end to end in one vector: the sum and the largest of each.

TensorFlow has two kernels for each of these. The fast one is not there under XLA, nor, on a GPU, where a
program asks for determinism; the other takes three times as long.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
import tensorflow as tf
from tensorflow.python.framework.config import is_op_determinism_enabled

from tb_gradhealth.capture.tensorflow.graph import is_compiled


def owners(sizes: Sequence[int]) -> Any:
    """Which tensor each element belongs to where they lie end to end, int32 [m].

    A tensor that exists outside the function that is being traced, so that the function is handed it. As a
    constant it would stand in the graph once for every operation that uses it: 33 MB for 50 layers of 16 kB.
    """
    with tf.init_scope():
        return tf.constant(np.repeat(np.arange(len(sizes), dtype=np.int32), sizes))


def segment_sum(values: Any, owner: Any, tensors: int) -> Any:
    """The sum of each tensor, float32 [tensors].

    Args:
        values: float32 [m].
        owner: which tensor each element belongs to, in order, each at least once, int32 [m].
        tensors: how many there are.
    """
    if _is_restricted():
        return tf.math.unsorted_segment_sum(values, owner, tensors)
    return tf.math.segment_sum(values, owner)


def segment_max(values: Any, owner: Any, tensors: int) -> Any:
    """The largest element of each tensor, float32 [tensors]; arguments as for `segment_sum`.

    A NaN may get lost.
    """
    if _is_restricted():
        return tf.math.unsorted_segment_max(values, owner, tensors)
    return tf.math.segment_max(values, owner)


def segment_highest(values: Any, owner: Any, tensors: int) -> Any:
    """Likewise, NaN where one of the elements is."""
    nans = segment_sum(tf.cast(tf.math.is_nan(values), tf.float32), owner, tensors)
    return tf.where(nans > 0, float("nan"), segment_max(values, owner, tensors))


def _is_restricted() -> bool:
    return is_compiled() or is_op_determinism_enabled()
