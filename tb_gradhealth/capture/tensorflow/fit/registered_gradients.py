"""Removes the gradients that TensorFlow registers while it traces a step, and never removes itself.

Each `tf.custom_gradient` in a graph adds a function to a registry of the process. The function refers to its
tensors, and through them to the whole graph and everything that the graph uses. Keras's optimizers create one
in each traced step, so every traced training would leak its graph, and our variables with it.
"""

import weakref
from collections.abc import Iterator
from typing import Any, Final

import tensorflow as tf
from tensorflow.python.framework import ops

IDENTITY: Final = "IdentityN"
"""Type of the operations that have a `tf.custom_gradient`, ..."""

ATTRIBUTE: Final = "_gradient_op_type"
"""... their attribute with its name, ..."""

PREFIX: Final = "CustomGradient-"
"""... and the prefix of such a name, which belongs to one operation. Other names are those of a user
(`tf.RegisterGradient`)."""

BRANCHES: Final = ("_true_graph", "_false_graph", "_cond_graph", "_body_graph")
"""Attributes of conditions and loops with the graphs of their branches, which only they run."""


class RegisteredGradients:
    """The registered gradients of a training's traced steps."""

    def __init__(self) -> None:
        self._graphs: weakref.WeakSet[Any] = weakref.WeakSet()

    def add_current_graph(self) -> None:
        """Add the graph that is being traced, if any."""
        if not tf.executing_eagerly():
            self._graphs.add(tf.compat.v1.get_default_graph())

    def remove(self) -> None:
        """Remove the gradients of the graphs, and of their conditions and loops, from the registry.

        Call it when the graphs will not run again. Gradients of functions that the step calls stay: a layer
        may keep such a function, and it may be saved.
        """
        for graph in list(self._graphs):
            for operation in _operations(graph):
                if operation.type == IDENTITY:
                    _remove_gradient(operation)
        self._graphs.clear()


def _operations(graph: Any) -> Iterator[Any]:
    """All operations of a graph, including those in its conditions and loops at every depth."""
    for operation in graph.get_operations():
        yield operation
        for name in BRANCHES:
            branch = getattr(operation, name, None)
            if branch is not None:
                yield from _operations(branch)


def _remove_gradient(operation: Any) -> None:
    try:
        name = tf.compat.as_str(operation.get_attr(ATTRIBUTE))
    except ValueError:  # it has no custom gradient
        return
    if name.startswith(PREFIX):
        # There is no public API to remove one.
        ops.gradient_registry._registry.pop(name, None)
