"""Sum and maximum of each of several tensors that are concatenated in one vector.

TensorFlow has two kernels for each. The fast one is missing under XLA, and on a GPU if determinism is
enabled; the other takes three times as long.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
import tensorflow as tf
from tensorflow.python.framework.config import is_op_determinism_enabled

from tb_gradhealth.capture.tensorflow.graph import is_compiled


def owners(sizes: Sequence[int]) -> Any:
    """The index of the tensor that each element of the vector belongs to, int32 [m].

    It is created outside the function that is being traced, which captures it. A constant would be in the
    graph once for every operation that uses it: 33 MB for 50 layers of 16 kB.
    """
    with tf.init_scope():
        return tf.constant(np.repeat(np.arange(len(sizes), dtype=np.int32), sizes))


def segment_sum(values: Any, owner: Any, tensors: int) -> Any:
    """The sum of each tensor, float32 [tensors].

    Args:
        values: float32 [m].
        owner: index of each element's tensor, ascending, each at least once, int32 [m].
        tensors: number of tensors.
    """
    if _is_restricted():
        return tf.math.unsorted_segment_sum(values, owner, tensors)
    return tf.math.segment_sum(values, owner)


def segment_max(values: Any, owner: Any, tensors: int) -> Any:
    """The largest element of each tensor, float32 [tensors]; arguments as for `segment_sum`.

    NaN is not propagated reliably.
    """
    if _is_restricted():
        return tf.math.unsorted_segment_max(values, owner, tensors)
    return tf.math.segment_max(values, owner)


def segment_highest(values: Any, owner: Any, tensors: int) -> Any:
    """The largest element of each tensor, NaN if one of the elements is NaN."""
    nans = segment_sum(tf.cast(tf.math.is_nan(values), tf.float32), owner, tensors)
    return tf.where(nans > 0, float("nan"), segment_max(values, owner, tensors))


def _is_restricted() -> bool:
    return is_compiled() or is_op_determinism_enabled()
