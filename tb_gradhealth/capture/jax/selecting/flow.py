"""The order of a model's calls, what each output was computed from, and which functions follow it.

They are read from the operations that JAX traces of the loss function (its jaxpr). It is traced once, and
nothing is computed.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final

import jax
import jax.numpy as jnp
import numpy as np

from tb_gradhealth.capture.jax.selecting.roles import role_of
from tb_gradhealth.capture.jax.selecting.trees import OUTPUT, Leaf

Function = Callable[[jax.Array], jax.Array]

FUNCTIONS: Final[Mapping[str, tuple[str, Function]]] = {
    "relu": ("relu", jax.nn.relu),
    "relu6": ("relu6", jax.nn.relu6),
    "leaky_relu": ("leaky_relu", jax.nn.leaky_relu),
    "elu": ("elu", jax.nn.elu),
    "selu": ("selu", jax.nn.selu),
    "celu": ("celu", jax.nn.celu),
    "silu": ("silu", jax.nn.silu),
    "swish": ("silu", jax.nn.silu),
    "hard_silu": ("hard_silu", jax.nn.hard_silu),
    "hard_swish": ("hard_silu", jax.nn.hard_silu),
    "mish": ("mish", jax.nn.mish),
    "softplus": ("softplus", jax.nn.softplus),
    "logistic": ("sigmoid", jax.nn.sigmoid),
    "sigmoid": ("sigmoid", jax.nn.sigmoid),
    "hard_sigmoid": ("hard_sigmoid", jax.nn.hard_sigmoid),
    "tanh": ("tanh", jnp.tanh),
    "hard_tanh": ("hard_tanh", jax.nn.hard_tanh),
    "soft_sign": ("softsign", jax.nn.soft_sign),
}
"""Activation functions by the name of their operation: the name in rows, and the function. An operation with
further arguments, such as a slope that is not the default, counts as unknown."""

SELECTING: Final = frozenset({"reduce_window_max", "reduce_window"})
"""Operations that a monotonic function may be applied before or after."""

UNCHANGED: Final = frozenset(
    {
        *("reshape", "broadcast_in_dim", "transpose", "squeeze", "expand_dims", "convert_element_type"),
        *("slice", "dynamic_slice", "gather", "concatenate", "pad", "rev", "copy", "stop_gradient"),
        *("optimization_barrier", "sharding_constraint", "pvary", "select_n", "split", "unstack"),
    }
)
"""Operations that forward values: they are not named between two layers."""

INNER: Final = ("jaxpr", "call_jaxpr", "fun_jaxpr")
"""Parameters of an operation that only calls other operations."""

LOOPS: Final = frozenset({"scan", "while", "cond", "custom_linear_solve"})
"""Operations whose inner operations run any number of times: each is one operation here."""

NOWHERE: Final = 1 << 60


@dataclass(frozen=True)
class Node:
    """An output as a node of the network.

    Attributes:
        order: its position among the operations.
        inputs: names of the outputs and inputs that it was computed from.
        between: names of the operations between those and its layer, that change values.
        activation: its activation function, ``""`` for none or an unknown one.
        function: that function; None if the output is its result already.
        output: whether no other measured output was computed from it.
    """

    order: int
    inputs: tuple[str, ...] = ()
    between: str = ""
    activation: str = ""
    function: Function | None = None
    output: bool = False


@dataclass(frozen=True)
class Flow:
    """What is known of the forward pass; empty if no function was traced.

    Attributes:
        nodes: each measured output, by name.
        order: the position of the first operation that uses each parameter, by name.
        categories: names of inputs that are indices of an embedding's rows.
        repeated: names of outputs that are another measured output, unchanged.
    """

    nodes: Mapping[str, Node] = field(default_factory=dict)
    order: Mapping[str, int] = field(default_factory=dict)
    categories: frozenset[str] = frozenset()
    repeated: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Operation:
    """An operation; numbers are those of the values that it uses and computes.

    Attributes:
        name: of its primitive, or of an activation function.
        operands: the values that it uses, without constants.
        results: the values that it computes.
    """

    name: str
    operands: tuple[int, ...]
    results: tuple[int, ...]


class Graph:
    """The operations of a jaxpr, with those that it only calls in place of the calls.

    Attributes:
        operations: in the order in which they are traced.
        inputs: the numbers of its arguments.
        outputs: the numbers of its results; a constant has a number that no operation uses.
    """

    def __init__(self, jaxpr: Any) -> None:
        self.operations: list[Operation] = []
        self._count = 0
        numbers: dict[Any, int] = {}
        self.inputs = [self._fresh(numbers, each) for each in jaxpr.invars]
        self._add(jaxpr, numbers)
        self.outputs = [self._number(numbers, each) for each in jaxpr.outvars]
        self.producer = {
            result: index for index, operation in enumerate(self.operations) for result in operation.results
        }
        self.users: dict[int, list[int]] = {}
        for index, operation in enumerate(self.operations):
            for operand in dict.fromkeys(operation.operands):
                self.users.setdefault(operand, []).append(index)

    def first_use(self, value: int) -> int:
        """The index of the first operation that uses a value for more than to forward it."""
        found = NOWHERE
        for index in self.users.get(value, ()):
            operation = self.operations[index]
            forwards = operation.name in UNCHANGED and len(operation.operands) == 1
            uses = [self.first_use(each) for each in operation.results] if forwards else [index]
            found = min([found, *uses])
        return found

    def _add(self, jaxpr: Any, numbers: dict[Any, int]) -> None:
        for each in jaxpr.constvars:
            self._fresh(numbers, each)
        for equation in jaxpr.eqns:
            name = _function_name(equation)
            inner = None if name else _inner(equation)
            if inner is None:
                operands = tuple(numbers[each] for each in equation.invars if not _is_literal(each))
                results = tuple(self._fresh(numbers, each) for each in equation.outvars)
                self.operations.append(Operation(name or equation.primitive.name, operands, results))
                continue
            known = {
                variable: self._number(numbers, value)
                for variable, value in zip(inner.invars, equation.invars[-len(inner.invars) :], strict=True)
            }
            self._add(inner, known)
            for variable, value in zip(equation.outvars, inner.outvars, strict=True):
                numbers[variable] = self._number(known, value)

    def _fresh(self, numbers: dict[Any, int], variable: Any) -> int:
        self._count += 1
        numbers[variable] = self._count
        return self._count

    def _number(self, numbers: Mapping[Any, int], value: Any) -> int:
        if _is_literal(value):
            self._count += 1
            return self._count
        return numbers[value]


def flow(
    jaxpr: Any,
    parameters: Mapping[int, Leaf],
    data: Mapping[int, str],
    outputs: Mapping[int, Leaf],
) -> Flow:
    """What a jaxpr shows of the forward pass.

    Args:
        jaxpr: of the loss function.
        parameters: by the index of the argument.
        data: names of the inputs by the index of the argument.
        outputs: measured outputs by the index of the result.
    """
    graph = Graph(jaxpr)
    own = {graph.inputs[index]: leaf for index, leaf in parameters.items()}
    named = {graph.inputs[index]: name for index, name in data.items()}
    order = {leaf.name: graph.first_use(value) for value, leaf in own.items()}
    measured: dict[int, str] = {}
    for index, leaf in sorted(outputs.items(), key=lambda item: item[1].name == OUTPUT):
        measured.setdefault(graph.outputs[index], leaf.name)
    nodes = {name: _node(graph, value, name, measured, named, own) for value, name in measured.items()}
    used = {name for node in nodes.values() for name in node.inputs}
    return Flow(
        {name: replace(node, output=name not in used) for name, node in nodes.items()},
        order,
        _categories(graph, own, named),
        frozenset(leaf.name for leaf in outputs.values()) - nodes.keys(),
    )


def _node(
    graph: Graph,
    value: int,
    name: str,
    measured: Mapping[int, str],
    data: Mapping[int, str],
    parameters: Mapping[int, Leaf],
) -> Node:
    producer = graph.producer.get(value, -1)
    inputs, between = _origin(graph, value, name, measured, data, parameters)
    activation, function = _function_of(graph, value, measured)
    return Node(producer, inputs, ", ".join(between), activation, function)


def _origin(
    graph: Graph,
    value: int,
    name: str,
    measured: Mapping[int, str],
    data: Mapping[int, str],
    parameters: Mapping[int, Leaf],
) -> tuple[tuple[str, ...], list[str]]:
    """The names that an output was computed from, and the operations in between, in their order."""
    names, between = dict[str, None](), dict[str, None]()
    is_norm = any(
        leaf.layer == name and role_of(leaf.name, leaf.shape) == "norm" for leaf in parameters.values()
    )
    pending, visited = [value], set[int]()
    while pending:
        current = pending.pop(0)
        if current in visited:
            continue
        visited.add(current)
        if current != value and current in measured:
            names.setdefault(measured[current])
        elif current in data:
            names.setdefault(data[current])
        elif current in graph.producer:
            operation = graph.operations[graph.producer[current]]
            pending.extend(operation.operands)
            applied = operation.name in FUNCTIONS and (
                current == value or any(each in measured for each in operation.operands)
            )
            if not (
                applied or operation.name in UNCHANGED | SELECTING or _uses(graph, operation, parameters)
            ):
                between.setdefault(operation.name)
    # A normalization computes its statistics before it uses its parameters.
    return tuple(names), [] if is_norm else list(between)[::-1]


def _uses(graph: Graph, operation: Operation, parameters: Mapping[int, Leaf]) -> bool:
    """Whether an operation uses a parameter, perhaps a forwarded one."""
    pending = list(operation.operands)
    while pending:
        value = pending.pop()
        if value in parameters:
            return True
        if value in graph.producer:
            source = graph.operations[graph.producer[value]]
            if source.name in UNCHANGED and len(source.operands) == 1:
                pending.extend(source.operands)
    return False


def _function_of(graph: Graph, value: int, measured: Mapping[int, str]) -> tuple[str, Function | None]:
    """The activation function of an output: the one that computed it, or that all its users apply first."""
    if value in graph.producer:
        own = FUNCTIONS.get(graph.operations[graph.producer[value]].name)
        if own is not None:
            return own[0], None
    users = list(_users(graph, value))
    kinds = {user.name for user in users}
    if len(kinds) != 1 or any(result in measured for user in users for result in user.results):
        return "", None
    return FUNCTIONS.get(kinds.pop(), ("", None))


def _users(graph: Graph, value: int) -> Iterable[Operation]:
    for index in graph.users.get(value, ()):
        user = graph.operations[index]
        if user.name in SELECTING:
            for result in user.results:
                yield from _users(graph, result)
        else:
            yield user


def _categories(graph: Graph, parameters: Mapping[int, Leaf], data: Mapping[int, str]) -> frozenset[str]:
    """Inputs from which the indices of a gather from a parameter are computed."""
    found = set()
    for operation in graph.operations:
        if operation.name == "gather" and len(operation.operands) == 2:
            table, indices = operation.operands
            if _uses(graph, Operation("", (table,), ()), parameters):
                found |= _sources(graph, indices, data)
    return frozenset(found)


def _sources(graph: Graph, value: int, data: Mapping[int, str]) -> set[str]:
    names, pending, visited = set(), [value], set[int]()
    while pending:
        current = pending.pop()
        if current in data:
            names.add(data[current])
        if current in graph.producer and current not in visited:
            visited.add(current)
            pending.extend(graph.operations[graph.producer[current]].operands)
    return names


def _function_name(equation: Any) -> str:
    """The name of an activation function, if the operation is one without further arguments."""
    name = equation.primitive.name
    if name == "max" and any(_is_literal(each) and np.all(each.val == 0) for each in equation.invars):
        return "relu"
    if name in FUNCTIONS:
        return str(name)
    name = equation.params.get("name", "") if _inner(equation) is not None else ""
    return name if name in FUNCTIONS and len(equation.invars) == 1 else ""


def _inner(equation: Any) -> Any:
    """The jaxpr that an operation only calls; None for any other operation."""
    if equation.primitive.name in LOOPS:
        return None
    for name in INNER:
        inner = equation.params.get(name)
        if inner is not None:
            inner = getattr(inner, "jaxpr", inner)
            fits = len(inner.invars) <= len(equation.invars) and len(inner.outvars) == len(equation.outvars)
            return inner if fits else None
    return None


def _is_literal(variable: Any) -> bool:
    return hasattr(variable, "val")
