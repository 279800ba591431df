"""How our operations get into a graph: variables, functions, rare branches, and what a compiler changes."""

import functools
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Final

import tensorflow as tf
from tensorflow.python.eager import context
from tensorflow.python.ops import control_flow_util
from tensorflow.python.ops.resource_variable_ops import ResourceVariable

FUNCTIONS: Final = 256
"""So many are remembered."""


def state(value: Any, name: str, shape: Any = None) -> Any:
    """A variable of ours, made outside whatever function is being traced; ``shape`` says if it may change.

    A `tf.function` refuses a `tf.Variable` in any trace but its first, even under `tf.init_scope`. A trace
    that meets another set of tensors (an unfrozen layer) needs new ones, so the class behind
    `tf.Variable` is used, which asks nobody.
    """
    with tf.init_scope():
        return ResourceVariable(value, trainable=False, name=f"gradhealth/{name}", shape=shape)


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


def run_rarely(predicate: Any, branch: Callable[[], Sequence[Any]], dtypes: Sequence[Any] = ()) -> list[Any]:
    """Run a branch that is long and rarely taken; its vectors of these ``dtypes``, empty where it is not run.

    `tf.cond` is unfolded into the graph around it, where every operation of the branch not taken still costs
    a visit, 1 ms a step for a network of 20 layers, and every tensor that the branch uses a switch. As one
    function the operations cost one visit; as one operation, which a condition is at first, so do the
    tensors. That form runs its branch on one device, so it is for machines that have but one kind.

    Nothing is traced where functions are to run operation by operation (`tf.config.run_functions_eagerly`).
    """

    def nothing(*unused: Any) -> list[Any]:
        return [tf.zeros([0], dtype) for dtype in dtypes]

    if tf.executing_eagerly():
        return list(branch()) if predicate else nothing()
    if has_accelerator():
        body = tf.function(branch, autograph=False, experimental_attributes={"_noinline": True})
        return list(tf.cond(predicate, lambda: list(body()), nothing))
    concrete = tf.function(branch, autograph=False).get_concrete_function()
    inputs = concrete.captured_inputs
    specs = [tf.TensorSpec(x.shape, x.dtype, f"unused_{index}") for index, x in enumerate(inputs)]
    otherwise = tf.function(nothing, autograph=False).get_concrete_function(*specs)
    results = tf.raw_ops.If(
        cond=predicate,
        input=inputs,
        Tout=list(dtypes),
        then_branch=concrete,
        else_branch=otherwise,
        output_shapes=[[None]] * len(dtypes),
    )
    return list(results) if dtypes else []


def has_accelerator() -> bool:
    """Whether this process has devices other than CPUs."""
    return any(device.device_type != "CPU" for device in tf.config.list_logical_devices())


def shared_function(body: Callable[..., Any], tensors: Sequence[Any], *settings: object) -> Any:
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


@contextmanager
def hidden_from_debuggers() -> Iterator[None]:
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
