"""Out of the sight of TensorFlow's own debuggers."""

from collections.abc import Iterator
from contextlib import contextmanager

from tensorflow.python.eager import context


@contextmanager
def unchecked() -> Iterator[None]:
    """Operations in the block are not shown to `tf.debugging.enable_check_numerics` and its like.

    NaN stands for "not measured" here and infinity for "no limit", and a NaN of the training's has been shown
    to them where it arose. There is no public way to say so.
    """
    callbacks = context.context().op_callbacks
    hidden = list(callbacks)
    callbacks.clear()
    try:
        yield
    finally:
        callbacks.extend(hidden)
