"""A condition around something long that is hardly ever done."""

from collections.abc import Callable
from typing import Any

import tensorflow as tf


def seldom(predicate: Any, branch: Callable[[], Any]) -> None:
    """Run a branch that is long and seldom taken.

    `tf.cond` is unfolded into the graph around it, where every operation of the branch not taken still costs
    a visit, 1 ms a step for a network of 20 layers, and every tensor that the branch uses a switch. As one
    function the operations cost one visit; as one operation, which a condition is at first, so do the
    tensors. That form runs its branch on one device, so it is for machines that have but one kind.

    Nothing is traced where functions are to run operation by operation (`tf.config.run_functions_eagerly`).
    """
    if tf.executing_eagerly():
        if predicate:
            branch()
        return
    if has_accelerator():
        body = tf.function(branch, autograph=False, experimental_attributes={"_noinline": True})
        tf.cond(predicate, body, lambda: None)
        return
    concrete = tf.function(branch, autograph=False).get_concrete_function()
    inputs = concrete.captured_inputs
    specs = [tf.TensorSpec(x.shape, x.dtype, f"unused_{index}") for index, x in enumerate(inputs)]
    nothing = tf.function(lambda *unused: None, autograph=False).get_concrete_function(*specs)
    tf.raw_ops.If(cond=predicate, input=inputs, Tout=[], then_branch=concrete, else_branch=nothing)


def has_accelerator() -> bool:
    """Whether this process has devices other than CPUs."""
    return any(device.device_type != "CPU" for device in tf.config.list_logical_devices())
