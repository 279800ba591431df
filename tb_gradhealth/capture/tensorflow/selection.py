"""Which tensors of a step become which rows."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

import tensorflow as tf

from tb_gradhealth.capture.tensorflow.activations import INNER_GRAPH, Activations, Call
from tb_gradhealth.capture.tensorflow.structure import (
    RELU_LIKE,
    LayerPlace,
    Structure,
    UniqueNames,
    role_of,
    shared_prefix,
    variable_path,
)
from tb_gradhealth.record import Kind, Row

NO_GRADIENT: Final = "gradient is None"


@dataclass(frozen=True)
class Selection:
    """The rows of a record and the tensors they are measured on.

    Attributes:
        rows: in the record's order: gradients, weights, updates, activations, loss.
        values: for each row the tensor or `tf.IndexedSlices`, None where the row is not measured. An
            update's value is the weight as it is now.
        units: for each row the units watched for being dead, 0 where none are.
    """

    rows: tuple[Row, ...]
    values: tuple[Any, ...]
    units: tuple[int, ...]

    @property
    def key(self) -> tuple[object, ...]:
        """What must be equal for two selections to share their state and row table.

        Shapes are left out: those of activations vary with the batch and the length of sequences.
        """
        parts = ((row.tensor, row.kind, row.dtype, row.not_measured) for row in self.rows)
        return (*parts, self.units)


def select(
    grads_and_vars: Iterable[tuple[Any, Any]],
    weights: Iterable[Any] | None,
    activations: Activations | Mapping[str, Any] | None,
    loss: Any,
) -> Selection:
    """The rows for one step's tensors; arguments as in `summary`."""
    pairs = list(grads_and_vars)
    variables = [variable for _, variable in pairs]
    measured = variables if weights is None else list(weights)
    captured = _as_activations(activations)
    names = _Naming([*variables, *measured], captured)
    chosen: list[tuple[Row, Any, int]] = []
    for gradient, variable in pairs:
        chosen.append(_checked(names.row("gradient", variable), gradient, NO_GRADIENT))
    for kind in ("weight", "update"):
        chosen += [_checked(names.row(kind, variable), _tensor(variable)) for variable in measured]
    for call in captured.calls:
        chosen.append(_activation(call, names.depth(call.place.name)))
    if loss is not None:
        row = Row("loss", "loss", "loss", "loss", names.layers, output=True)
        chosen.append(_checked(row, tf.convert_to_tensor(loss)))
    rows, values, units = zip(*chosen, strict=True) if chosen else ((), (), ())
    return Selection(rows, values, units)


class _Naming:
    """Names, layers and depths of one step's tensors.

    Depth follows the order in which layers were called. A layer that was not seen being called comes
    right after the layer of the variable before its own.
    """

    def __init__(self, variables: Sequence[Any], activations: Activations) -> None:
        known = activations.structure
        prefix = known.prefix or shared_prefix([variable_path(v) for v in variables])
        self._structure = Structure(prefix, known.places, known.owners)
        unique = UniqueNames()
        self._names: dict[int, str] = {}
        order = list(dict.fromkeys(call.place.name for call in activations.calls))
        previous = -1
        for variable in variables:
            if id(variable) not in self._names:
                self._names[id(variable)] = unique(self._structure.tensor_name(variable))
            layer = self._structure.place_of(variable).name
            if layer not in order:
                order.insert(previous + 1, layer)
            previous = order.index(layer)
        self._depths = {name: depth for depth, name in enumerate(order)}
        self.layers = len(order)

    def depth(self, layer: str) -> int:
        return self._depths[layer]

    def row(self, kind: Kind, variable: Any) -> Row:
        name = self._names[id(variable)]
        place = self._structure.place_of(variable)
        shape = tuple(-1 if size is None else int(size) for size in variable.shape)
        return Row(
            tensor=name,
            kind=kind,
            layer=place.name,
            role=role_of(name, len(shape)),
            depth=self.depth(place.name),
            shape=shape,
            dtype=tf.as_dtype(variable.dtype).name,
            activation=place.activation,
            output=place.output,
        )


def _tensor(variable: Any) -> Any:
    return tf.convert_to_tensor(variable)


def _checked(row: Row, value: Any, missing: str = "") -> tuple[Row, Any, int]:
    """The row with its value, or with the reason why it has none."""
    if value is None:
        return _unmeasured(row, missing), None, 0
    if not isinstance(value, (tf.Tensor, tf.IndexedSlices)):
        if tf.is_tensor(value):
            return _unmeasured(row, f"a {type(value).__name__} is not measured"), None, 0
        value = tf.convert_to_tensor(value)
    if not value.dtype.is_floating:
        return _unmeasured(row, f"dtype {value.dtype.name} is not a floating one"), None, 0
    if value.shape.rank is None:
        return _unmeasured(row, "its rank is not known while tracing"), None, 0
    if value.shape.num_elements() == 0:
        return _unmeasured(row, "it has no elements"), None, 0
    if not tf.executing_eagerly() and _foreign(value):
        return _unmeasured(row, INNER_GRAPH), None, 0
    return replace(row, dtype=value.dtype.name), value, 0


def _activation(call: Call, depth: int) -> tuple[Row, Any, int]:
    row = Row(
        tensor=call.name,
        kind="activation",
        layer=call.place.name,
        role="activation",
        depth=depth,
        activation=call.place.activation,
        output=call.place.output,
    )
    if call.tensor is None:
        return _unmeasured(row, call.reason), None, 0
    row, value, _ = _checked(row, call.tensor)
    if value is None:
        return row, None, 0
    # The first axis is the batch even where this trace knows its size: the last batch may be smaller.
    sizes = [-1 if size is None else int(size) for size in value.shape]
    row = replace(row, shape=(-1, *sizes[1:]) if sizes else ())
    units = sizes[-1] if len(sizes) > 1 and row.activation in RELU_LIKE else 0
    return row, value, max(units, 0)


def _as_activations(activations: Activations | Mapping[str, Any] | None) -> Activations:
    if isinstance(activations, Activations):
        return activations
    calls = [Call(name, LayerPlace(name), tensor) for name, tensor in (activations or {}).items()]
    return Activations(calls=calls)


def _foreign(value: Any) -> bool:
    """Whether a tensor belongs to a graph that is not this one nor around it."""
    tensor = value.values if isinstance(value, tf.IndexedSlices) else value
    if isinstance(tensor, tf.__internal__.EagerTensor):
        return False
    graph = tf.compat.v1.get_default_graph()
    while graph is not None:
        if tensor.graph is graph:
            return False
        graph = getattr(graph, "outer_graph", None)
    return True


def _unmeasured(row: Row, reason: str) -> Row:
    return replace(row, not_measured=reason)
