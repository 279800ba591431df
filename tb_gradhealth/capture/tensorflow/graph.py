"""Helpers to build our part of a graph: variables, functions, rare branches, differences under XLA."""

import functools
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Final

import tensorflow as tf
from tensorflow.python.eager import context
from tensorflow.python.ops import control_flow_util
from tensorflow.python.ops.resource_variable_ops import ResourceVariable

FUNCTIONS: Final = 256
"""Functions that are cached."""


def state(value: Any, name: str, shape: Any = None) -> Any:
    """Create a variable outside the function that is being traced; ``shape`` is given if it may change.

    A `tf.function` refuses a new `tf.Variable` in every trace but the first, even under `tf.init_scope`. A
    trace with another set of tensors (an unfrozen layer) needs new variables, so the class behind
    `tf.Variable` is used, which is not checked.
    """
    with tf.init_scope():
        return ResourceVariable(value, trainable=False, name=f"gradhealth/{name}", shape=shape)


def highest(values: Any, axis: Sequence[int] | None = None) -> Any:
    """The maximum, NaN if one of the elements is NaN.

    TensorFlow's own kernels propagate NaN at no cost; XLA's may lose it, so it is checked there.
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
    """Run a long branch that is rarely taken; return its vectors of ``dtypes``, empty if it is not run.

    TensorFlow inlines a `tf.cond` into the surrounding graph: the executor visits every operation of a branch
    that is not taken (1 ms per step for a network of 20 layers), and a switch for every tensor that it uses.
    A branch in one function costs one visit, and so does a condition that stays one operation. Such an
    operation runs its branch on one device, so it is used only without an accelerator.

    Nothing is traced if functions run eagerly (`tf.config.run_functions_eagerly`).
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
    """The result of ``body(*tensors, *settings)``, as one operation.

    Inlined, the measurement of a layer's output takes a hundred operations, which are traced, optimized and
    executed for each of fifty layers. XLA inlines calls anyway and compiles better code for static shapes, so
    there the operations are not put into a function.

    Args:
        body: a function of a module; it may not rely on shapes beyond ranks.
        tensors: its tensor arguments.
        settings: its other arguments, hashable.
    """
    if tf.executing_eagerly() or tf.config.functions_run_eagerly() or is_compiled():
        return body(*tensors, *settings)
    signature = tuple((x.dtype, x.shape.rank) for x in tensors)
    return _function(body, signature, settings)(*tensors)


@functools.lru_cache(FUNCTIONS)
def _function(
    body: Callable[..., Any], signature: Sequence[tuple[Any, int | None]], settings: Sequence[object]
) -> Any:
    function = tf.function(
        lambda *tensors: body(*tensors, *settings),
        input_signature=[
            tf.TensorSpec(None if rank is None else [None] * rank, dtype) for dtype, rank in signature
        ],
        autograph=False,
        experimental_attributes={"_noinline": True},
    )
    with tf.init_scope():  # independent of graph, device and replica
        return function.get_concrete_function()


@contextmanager
def hidden_from_debuggers() -> Iterator[None]:
    """Hide the operations in the block from `tf.debugging.enable_check_numerics` and similar debuggers.

    Here NaN means "not measured" and infinity "no limit". The debuggers see a NaN of the training where it
    arises. There is no public API for this.
    """
    callbacks = context.context().op_callbacks
    hidden = list(callbacks)
    callbacks.clear()
    try:
        yield
    finally:
        callbacks.extend(hidden)
