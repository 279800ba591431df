"""Combines the tensors of replicas that train one model into those that one device would compute."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import tensorflow as tf

from tb_gradhealth.capture.tensorflow.measuring.packs import rms_of


def replicas() -> int:
    """The number of replicas that train together; 1 without a distribution strategy."""
    return int(tf.distribute.get_strategy().num_replicas_in_sync)


def replica() -> int:
    """The index of the replica that is being traced or run; 0 for the only one."""
    context = tf.distribute.get_replica_context()
    if context is None:
        return 0
    number = context.replica_id_in_sync_group
    return int(number) if isinstance(number, int) else int(tf.get_static_value(number) or 0)


def whole_batch(
    caller: str, grads_and_vars: Sequence[tuple[Any, Any]], clipped: Iterable[Any] | None, loss: Any
) -> tuple[list[tuple[Any, Any]], list[Any] | None, Any, Any]:
    """The sums of gradients, clipped gradients and loss over the replicas, and the gradients' `spread`.

    Raises:
        RuntimeError: it is called outside the replicas' step; the message names ``caller``.
    """
    if tf.distribute.in_cross_replica_context():
        raise RuntimeError(
            f"{caller} was called outside the replicas' step: call it in the function that you give "
            "to strategy.run, after the gradients are known"
        )
    variables = [variable for _, variable in grads_and_vars]
    gradients = [gradient for gradient, _ in grads_and_vars]
    present = [gradient for gradient in gradients if gradient is not None]
    gradient_spread = spread(present) if present else None
    if clipped is not None:
        clipped = summed(list(clipped))
    named = loss if isinstance(loss, Mapping) else {"loss": loss}
    totals = summed([None if value is None else tf.convert_to_tensor(value) for value in named.values()])
    loss = dict(zip(named, totals, strict=True)) if isinstance(loss, Mapping) else totals[0]
    return list(zip(summed(gradients), variables, strict=True)), clipped, loss, gradient_spread


def summed(tensors: Sequence[Any]) -> list[Any]:
    """Each tensor or `tf.IndexedSlices` summed over the replicas, which all must call it; None stays None."""
    context = tf.distribute.get_replica_context()
    present = [tensor for tensor in tensors if tensor is not None]
    if not present:
        return list(tensors)
    reduced = iter(context.all_reduce(tf.distribute.ReduceOp.SUM, present))
    return [None if tensor is None else next(reduced) for tensor in tensors]


def spread(tensors: Sequence[Any]) -> Any:
    """The replicas' spread of each tensor, float32 [tensors]; all replicas must call it.

    The spread is (largest - smallest RMS) / mean RMS over the replicas: 0 where the RMS are equal.
    """
    rms = rms_of(tensors)
    gathered = tf.distribute.get_replica_context().all_gather(rms[None], axis=0)
    ranges = tf.reduce_max(gathered, axis=0) - tf.reduce_min(gathered, axis=0)
    return tf.math.divide_no_nan(ranges, tf.reduce_mean(gathered, axis=0))
