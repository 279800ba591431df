"""One function for all tensors of a type and rank, called for each instead of written out for each."""

import functools
from collections.abc import Callable, Sequence
from typing import Any, Final

import tensorflow as tf

from tb_gradhealth.capture.tensorflow.measuring.extremes import is_compiled

FUNCTIONS: Final = 256
"""So many are remembered."""


def shared(body: Callable[..., Any], tensors: Sequence[Any], *settings: object) -> Any:
    """What ``body(*tensors, *settings)`` gives, as one operation.

    Written out, what is measured of a layer's output are a hundred operations, to be traced, optimized and
    sent to the executor for each of fifty layers. A compiler takes calls apart, and makes better code where
    it knows the shapes; so it gets the operations themselves.

    Args:
        body: a function of a module; it may not rely on shapes beyond ranks.
        tensors: what it is called with.
        settings: what else, hashable.
    """
    if tf.executing_eagerly() or tf.config.functions_run_eagerly() or is_compiled():
        return body(*tensors, *settings)
    kinds = tuple((x.dtype, x.shape.rank) for x in tensors)
    return _function(body, kinds, settings)(*tensors)


@functools.lru_cache(FUNCTIONS)
def _function(
    body: Callable[..., Any], kinds: Sequence[tuple[Any, int | None]], settings: Sequence[object]
) -> Any:
    function = tf.function(
        lambda *tensors: body(*tensors, *settings),
        input_signature=[
            tf.TensorSpec(None if rank is None else [None] * rank, dtype) for dtype, rank in kinds
        ],
        autograph=False,
        experimental_attributes={"_noinline": True},
    )
    with tf.init_scope():  # it belongs to no graph, device or replica
        return function.get_concrete_function()
