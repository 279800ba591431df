"""Gradients that TensorFlow registers while it traces a step, and never forgets.

Each `tf.custom_gradient` in a graph adds a function to a registry of the process. It holds the tensors it is
of, and with them the whole graph and all that the graph uses. Optimizers of Keras make one in each step. So
every training that is traced leaves its graph behind, and our variables with it.
"""

import weakref
from collections.abc import Iterator
from typing import Any, Final

import tensorflow as tf
from tensorflow.python.framework import ops

IDENTITY: Final = "IdentityN"
"""The operations that `tf.custom_gradient` gives a gradient of their own, ..."""

ATTRIBUTE: Final = "_gradient_op_type"
"""... their attribute that names it, ..."""

MADE_UP: Final = "CustomGradient-"
"""... and what such a name begins with, each being made up for one operation. Others are a user's own
(`tf.RegisterGradient`)."""

BRANCHES: Final = ("_true_graph", "_false_graph", "_cond_graph", "_body_graph")
"""Where a condition or a loop keeps the graphs it was made of; nobody else runs them."""


class RegisteredGradients:
    """Those of the graphs of steps that nobody will run again."""

    def __init__(self) -> None:
        self._graphs: weakref.WeakSet[Any] = weakref.WeakSet()

    def of_this_step(self) -> None:
        """Remember the graph that is being traced, if one is."""
        if not tf.executing_eagerly():
            self._graphs.add(tf.compat.v1.get_default_graph())

    def forget(self) -> None:
        """Take the gradients of these graphs, and of the conditions and loops in them, out of the registry.

        Those of functions that the step calls stay: a layer may keep such a function, and it may be saved.
        """
        for graph in list(self._graphs):
            for operation in _operations(graph):
                if operation.type == IDENTITY:
                    _forget(operation)
        self._graphs.clear()


def _operations(graph: Any) -> Iterator[Any]:
    """All of a graph, at every depth of its conditions and loops."""
    for operation in graph.get_operations():
        yield operation
        for name in BRANCHES:
            branch = getattr(operation, name, None)
            if branch is not None:
                yield from _operations(branch)


def _forget(operation: Any) -> None:
    try:
        name = tf.compat.as_str(operation.get_attr(ATTRIBUTE))
    except ValueError:  # it has the usual gradient
        return
    if name.startswith(MADE_UP):
        # There is no public way to take one out.
        ops.gradient_registry._registry.pop(name, None)
