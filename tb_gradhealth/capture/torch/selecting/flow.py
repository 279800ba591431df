"""What a measured output was computed from, and which functions follow it, from the graph of the gradients.

PyTorch's graph of a step has a node for each operation that has a gradient, from the loss back to the
parameters. It is walked once for each set of rows, after the first step.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

import torch
from torch.nn import functional

Node = Any
"""A node of the graph, `torch.autograd.graph.Node`."""

Function = Callable[[torch.Tensor], torch.Tensor]

FUNCTIONS: Final[Mapping[str, tuple[str, Callable[[Node], Function]]]] = {
    "ReluBackward": ("relu", lambda node: torch.relu),
    "LeakyReluBackward": (
        "leaky_relu",
        lambda node: partial(functional.leaky_relu, negative_slope=node._saved_negative_slope),
    ),
    "GeluBackward": (
        "gelu",
        lambda node: partial(functional.gelu, approximate=node._saved_approximate),
    ),
    "SiluBackward": ("silu", lambda node: functional.silu),
    "HardswishBackward": ("hard_silu", lambda node: functional.hardswish),
    "MishBackward": ("mish", lambda node: functional.mish),
    "SigmoidBackward": ("sigmoid", lambda node: torch.sigmoid),
    "HardsigmoidBackward": ("hard_sigmoid", lambda node: functional.hardsigmoid),
    "TanhBackward": ("tanh", lambda node: torch.tanh),
}
"""Activation functions by the name of their node: the name in rows, and the function of a node."""

SELECTING: Final = frozenset({"MaxPool2DWithIndicesBackward", "MaxPool3DWithIndicesBackward"})
"""Operations that a monotonic function may be applied before or after."""

UNCHANGED: Final = frozenset(
    {
        *("ViewBackward", "ReshapeAliasBackward", "UnsafeViewBackward", "UnsqueezeBackward"),
        *("SqueezeBackward", "PermuteBackward", "TransposeBackward", "TBackward", "ExpandBackward"),
        *("SliceBackward", "SelectBackward", "ToCopyBackward", "CloneBackward", "AliasBackward"),
        *("SplitBackward", "UnbindBackward", "CatBackward", "NativeDropoutBackward"),
    }
)
"""Operations that forward values: they are not named between two layers."""

ACCUMULATE: Final = "AccumulateGrad"


@dataclass(frozen=True)
class Output:
    """A measured output, or one of a module that only forwards its inputs.

    Attributes:
        name: its name, ``""`` for a module that forwards.
        node: the node that computed it; None without a gradient.
        inputs: the nodes that computed the module's arguments.
        data: names of the model's inputs among the arguments.
        is_activation: whether the module is itself an activation function.
    """

    name: str
    node: Node
    inputs: Sequence[Node]
    data: tuple[str, ...] = ()
    is_activation: bool = False


@dataclass(frozen=True)
class Place:
    """The place of an output in the network.

    Attributes:
        inputs: names of the outputs and inputs that it was computed from.
        between: names of the operations between those and its module, that change values.
        activation: the activation function that is applied to it outside of modules; ``""`` for none.
        function: that function; None if the output is its result already.
    """

    inputs: tuple[str, ...] = ()
    between: str = ""
    activation: str = ""
    function: Function | None = None


def places(outputs: Sequence[Output], losses: Sequence[torch.Tensor]) -> dict[str, Place]:
    """The place of each measured output, by name.

    Args:
        outputs: of one forward pass, in the order of the calls.
        losses: the losses that were computed from them; without their graph functions are unknown.
    """
    by_node = {output.node: output for output in outputs if output.node is not None}
    consumers = _consumers([loss.grad_fn for loss in losses if loss.grad_fn is not None])
    found = {}
    for output in outputs:
        if not output.name:
            continue
        names, between = _origin(output, by_node)
        activation, function = "", None
        if not output.is_activation and output.node is not None:
            activation, function = _function_of(output.node, consumers, by_node)
        found[output.name] = Place(names, ", ".join(between), activation, function)
    return found


def _origin(output: Output, by_node: Mapping[Node, Output]) -> tuple[tuple[str, ...], list[str]]:
    """The names that an output was computed from, and the operations in between, in their order."""
    names, between = dict.fromkeys(output.data), dict[str, None]()
    pending, visited = list(output.inputs), set()
    while pending:
        node = pending.pop(0)
        if node is None or node in visited:
            continue
        visited.add(node)
        source = by_node.get(node)
        if source is not None and source.name and source is not output:
            names.setdefault(source.name)
        elif source is not None and source is not output:
            names.update(dict.fromkeys(source.data))
            pending.extend(source.inputs)
        elif _kind(node) != ACCUMULATE:
            following = [each for each, _ in node.next_functions]
            applied = _kind(node) in FUNCTIONS and any(each in by_node for each in following)
            if not applied and _kind(node) not in UNCHANGED | SELECTING:
                between.setdefault(_kind(node).removesuffix("Backward").lower())
            pending.extend(following)
    return tuple(names), list(between)[::-1]


def _function_of(
    node: Node, consumers: Mapping[Node, Sequence[Node]], by_node: Mapping[Node, Output]
) -> tuple[str, Function | None]:
    """The activation function of an output: the one that computed it, or that all its users apply first."""
    own = FUNCTIONS.get(_kind(node))
    if own is not None:
        return own[0], None
    users = list(_users(node, consumers))
    kinds = {_kind(user) for user in users}
    if len(kinds) != 1 or any(user in by_node and by_node[user].is_activation for user in users):
        return "", None
    known = FUNCTIONS.get(kinds.pop())
    return (known[0], known[1](users[0])) if known is not None else ("", None)


def _users(node: Node, consumers: Mapping[Node, Sequence[Node]]) -> Iterable[Node]:
    for user in consumers.get(node, ()):
        if _kind(user) in SELECTING:
            yield from _users(user, consumers)
        else:
            yield user


def _consumers(last: Sequence[Node]) -> dict[Node, list[Node]]:
    """The nodes that use each node's result, of all nodes from which the ``last`` ones were computed."""
    consumers: dict[Node, list[Node]] = {}
    pending, visited = list(last), set(last)
    while pending:
        node = pending.pop()
        for used, _ in node.next_functions:
            if used is not None:
                consumers.setdefault(used, []).append(node)
                if used not in visited:
                    visited.add(used)
                    pending.append(used)
    return consumers


def _kind(node: Node) -> str:
    """The name of a node without its version: ``"ReluBackward"``."""
    return str(node.name()).rstrip("0123456789").rpartition("::")[2]
