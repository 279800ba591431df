"""Variables that outlive the function they are first needed in."""

from typing import Any

import tensorflow as tf
from tensorflow.python.ops.resource_variable_ops import ResourceVariable


def state(value: Any, name: str, shape: Any = None) -> Any:
    """A variable of ours, made outside whatever function is being traced; ``shape`` says if it may change.

    A `tf.function` refuses a `tf.Variable` in any trace but its first, even under `tf.init_scope`. A trace
    that meets another set of tensors (an unfrozen layer) needs new ones, so the class behind
    `tf.Variable` is used, which asks nobody.
    """
    with tf.init_scope():
        return ResourceVariable(value, trainable=False, name=f"gradhealth/{name}", shape=shape)
