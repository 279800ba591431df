"""Several replicas that train one model: what each of them computes becomes what one device would have."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import tensorflow as tf

from tb_gradhealth.capture.tensorflow.measuring.packs import rms_of


def replicas() -> int:
    """How many replicas train together where this is called, 1 without a distribution strategy."""
    return int(tf.distribute.get_strategy().num_replicas_in_sync)


def replica() -> int:
    """Which of them is being traced or run, 0 for the only one."""
    context = tf.distribute.get_replica_context()
    if context is None:
        return 0
    number = context.replica_id_in_sync_group
    return int(number) if isinstance(number, int) else int(tf.get_static_value(number) or 0)


def whole_batch(
    what: str, grads_and_vars: Sequence[tuple[Any, Any]], clipped: Iterable[Any] | None, loss: Any
) -> tuple[list[tuple[Any, Any]], list[Any] | None, Any, Any]:
    """Gradients, clipped gradients and loss of all replicas together, and the gradients' `spread`.

    Raises:
        RuntimeError: called outside the replicas' step; ``what`` names the caller.
    """
    if tf.distribute.in_cross_replica_context():
        raise RuntimeError(
            f"{what} was called outside the replicas' step: call it in the function that you give "
            "to strategy.run, after the gradients are known"
        )
    variables = [variable for _, variable in grads_and_vars]
    gradients = [gradient for gradient, _ in grads_and_vars]
    known = [gradient for gradient in gradients if gradient is not None]
    apart = spread(known) if known else None
    if clipped is not None:
        clipped = summed(list(clipped))
    named = loss if isinstance(loss, Mapping) else {"loss": loss}
    totals = summed([None if value is None else tf.convert_to_tensor(value) for value in named.values()])
    loss = dict(zip(named, totals, strict=True)) if isinstance(loss, Mapping) else totals[0]
    return list(zip(summed(gradients), variables, strict=True)), clipped, loss, apart


def summed(tensors: Sequence[Any]) -> list[Any]:
    """Each tensor or `tf.IndexedSlices` added up over the replicas; None stays None. All have to call it."""
    context = tf.distribute.get_replica_context()
    present = [tensor for tensor in tensors if tensor is not None]
    if not present:
        return list(tensors)
    reduced = iter(context.all_reduce(tf.distribute.ReduceOp.SUM, present))
    return [None if tensor is None else next(reduced) for tensor in tensors]


def spread(tensors: Sequence[Any]) -> Any:
    """How far the replicas differ in each tensor, float32 [tensors]; all have to call it.

    (Largest - smallest RMS) / mean RMS over the replicas: 0 where they agree in size.
    """
    rms = rms_of(tensors)
    everybody = tf.distribute.get_replica_context().all_gather(rms[None], axis=0)
    widest = tf.reduce_max(everybody, axis=0) - tf.reduce_min(everybody, axis=0)
    return tf.math.divide_no_nan(widest, tf.reduce_mean(everybody, axis=0))
