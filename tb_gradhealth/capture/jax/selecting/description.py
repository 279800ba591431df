"""Describes the tensors of a training step, from trees of shapes and from the loss function."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import jax

from tb_gradhealth.capture.jax.selecting.flow import Flow, flow
from tb_gradhealth.capture.jax.selecting.trees import Leaf, batches, outputs, parameters
from tb_gradhealth.record.activation_functions import WITH_UNITS


@dataclass(frozen=True)
class Description:
    """The tensors of a training step.

    Attributes:
        parameters: in an order that is as close to forward as it can be.
        activations: layers' outputs.
        inputs: the model's inputs.
        targets: the targets of the loss.
        losses: names of the losses.
        training: names of the training's own numbers.
        clipped: whether gradients are also measured after clipping.
        functions: by name of an activation, the name of the function of which it is the result.
        flow: what is known of the forward pass.
    """

    parameters: Sequence[Leaf]
    activations: Sequence[Leaf]
    inputs: Sequence[Leaf]
    targets: Sequence[Leaf]
    losses: Sequence[str]
    training: Sequence[str]
    clipped: bool
    functions: Mapping[str, str]
    flow: Flow


def describe(
    params: Any,
    *,
    activations: Any,
    inputs: Any,
    targets: Any,
    losses: Sequence[str],
    training: Sequence[str],
    clipped: bool,
    functions: Mapping[str, str],
    flow: Flow,
) -> Description:
    """The description of a step; the arguments are those of `Watch`.

    Raises:
        ValueError: there is no parameter, or a name is no activation function.
    """
    leaves = parameters(params)
    if not leaves:
        raise ValueError("Watch: params has no floating array, so there is nothing to watch")
    measured = {leaf.name: leaf for leaf in outputs(activations) if leaf.name not in flow.repeated}
    places = {name: node.order for name, node in flow.nodes.items()}
    if not places:
        layers = dict.fromkeys(leaf.layer for leaf in leaves)
        places = {layer: position for position, layer in enumerate(layers)}
    return Description(
        parameters=leaves,
        activations=[measured[name] for name in order_of(list(measured), places)],
        inputs=batches(inputs, "input"),
        targets=batches(targets, "target"),
        losses=[losses] if isinstance(losses, str) else list(losses),
        training=list(training),
        clipped=clipped,
        functions=_checked_functions(functions),
        flow=flow,
    )


def traced(
    loss_fn: Callable[..., Any], params: Any, arguments: Sequence[Any], inputs: Any
) -> tuple[Any, Flow]:
    """The shapes of the layers' outputs that a loss function returns, None without any, and its flow.

    Args:
        loss_fn: returns a loss, or a loss and a tree of layers' outputs.
        params: its first argument.
        arguments: its further arguments.
        inputs: those of the arguments that are inputs of the model, an array or several by name.
    """
    leaves, tree = jax.tree_util.tree_flatten((params, *arguments))
    arrays = [index for index, leaf in enumerate(leaves) if hasattr(leaf, "shape") and hasattr(leaf, "dtype")]

    def function(*values: Any) -> Any:
        filled = list(leaves)
        for index, value in zip(arrays, values, strict=True):
            filled[index] = value
        return loss_fn(*jax.tree_util.tree_unflatten(tree, filled))

    jaxpr, shapes = jax.make_jaxpr(function, return_shape=True)(*(leaves[index] for index in arrays))
    activations = shapes[1] if isinstance(shapes, tuple) and len(shapes) == 2 else None
    begin = len(jax.tree_util.tree_leaves(shapes)) - len(jax.tree_util.tree_leaves(activations))
    input_leaves = jax.tree_util.tree_leaves(inputs)
    names = {id(input_leaves[leaf.position]): leaf.name for leaf in batches(inputs, "input")}
    argument_of = {index: argument for argument, index in enumerate(arrays)}
    return activations, flow(
        jaxpr.jaxpr,
        {argument_of[leaf.position]: leaf for leaf in parameters(params)},
        {
            argument: names[id(leaves[index])]
            for index, argument in argument_of.items()
            if id(leaves[index]) in names
        },
        {begin + leaf.position: leaf for leaf in outputs(activations)},
    )


def order_of(names: Sequence[str], positions: Mapping[str, int]) -> list[str]:
    """Names in the order of their positions; one without follows the name before it."""
    keys, last = {}, -1
    for number, name in enumerate(names):
        last = positions.get(name, last)
        keys[name] = last, number
    return sorted(names, key=lambda name: keys[name])


def _checked_functions(functions: Mapping[str, str]) -> dict[str, str]:
    for name, function in functions.items():
        if function not in WITH_UNITS and function != "softmax":
            raise ValueError(
                f"functions: {name!r} has {function!r}; known are {', '.join(sorted(WITH_UNITS))}"
            )
    return dict(functions)
