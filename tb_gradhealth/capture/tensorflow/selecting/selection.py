"""Selects the rows of a record, and the tensor of each row, from the tensors of a step."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final

import tensorflow as tf

from tb_gradhealth.capture.tensorflow.selecting.activations import INNER_GRAPH, Activations, Call
from tb_gradhealth.capture.tensorflow.selecting.inputs import named_inputs, named_targets, with_unique_names
from tb_gradhealth.capture.tensorflow.selecting.structure import (
    LayerInfo,
    Structure,
    role_of,
    shared_prefix,
    variable_path,
)
from tb_gradhealth.capture.tensorflow.selecting.targets import Targets, has_accuracy
from tb_gradhealth.capture.unique_names import UniqueNames
from tb_gradhealth.capture.updates import Updates, with_sampling
from tb_gradhealth.record import Kind, Row
from tb_gradhealth.record.activation_functions import WITH_UNITS

NO_GRADIENT: Final = "gradient is None"
FROZEN: Final = "frozen: it is not trained"

NOT_PAIRS: Final = (
    "gradients and variables have to come in pairs, as for optimizer.apply_gradients: "
    "write zip(grads, variables)"
)
NOTHING: Final = (
    "there is nothing to watch: no gradient, no weight, no activation. A model has variables only once it is "
    "built: call it on a batch, or model.build(input_shape), before you ask for model.trainable_variables"
)

SKIPPED: Final = ("training", "skipped_steps")
"""Kind and name of the row that counts the steps that a loss scaler skips."""

CONSTANT_LOSS: Final = "constant_loss"
CONSTANT_ACCURACY: Final = "constant_accuracy"
"""Names of the training rows with the loss and accuracy of the best constant prediction."""

DATA: Final = ("input", "target")
"""Kinds of rows whose tensors may be integers."""

BATCHES: Final = ("input", "activation", "target")
"""Kinds of rows whose tensors have samples along their first axis."""


@dataclass(frozen=True)
class Selection:
    """The rows of a record and the tensors they are measured on.

    Attributes:
        rows: in the record's order: gradients, weights, updates, inputs, activations, targets, loss.
        values: for each row the tensor or `tf.IndexedSlices`, None if the row is not measured. An update's
            value is the current weight.
        lag: optimizer calls per update: more than 1 if gradients are accumulated.
        phase: calls since the last update before the first observed call.
        spread: the replicas' spread of each measured gradient, float32 [gradients], or None.
        dtype_policy: dtype policy of the captured model, "" if unknown.
        features: the rows whose last axis is features: inputs that are not indices of an embedding's rows.
        constant: the targets for the best constant prediction; empty if it has no rows.
        variables: the variables of weights and updates, by row.
    """

    rows: tuple[Row, ...]
    values: tuple[Any, ...]
    lag: int = 1
    spread: Any = None
    phase: int = 0
    dtype_policy: str = ""
    features: tuple[int, ...] = ()
    constant: tuple[Targets, ...] = ()
    variables: Mapping[int, Any] = field(default_factory=dict)

    @property
    def settings(self) -> dict[str, str]:
        """The selection's part of the settings of the row table."""
        return {"dtype_policy": self.dtype_policy} if self.dtype_policy else {}

    @property
    def key(self) -> tuple[object, ...]:
        """The properties that must be equal for two selections to share state, row table and function."""
        parts = (
            (
                row.tensor,
                row.kind,
                row.dtype,
                row.not_measured,
                _fixed_shape(row),
                isinstance(value, tf.IndexedSlices),
                is_scalar_loss(row, value),
            )
            for row, value in zip(self.rows, self.values, strict=True)
        )
        constant = tuple(targets.signature for targets in self.constant)
        return (*parts, self.features, constant, self.lag, self.phase, self.spread is None)


@dataclass(frozen=True)
class StepTensors:
    """The tensors of a training step that can be recorded.

    Attributes:
        grads_and_vars: pairs of gradient and variable.
        weights: the variables to measure; those of ``grads_and_vars`` where None.
        activations: from `capture`, or a mapping of names to tensors.
        loss: the loss of the batch, or several by name.
        clipped: the gradients after clipping, in the order of ``grads_and_vars``.
        training: values for rows of kind ``training``, by name.
        inputs: the model's inputs; those of `capture` where None.
        targets: the targets of the loss.
        constant: the targets with their compiled loss, see `Selection`.
    """

    grads_and_vars: Iterable[tuple[Any, Any]]
    weights: Iterable[Any] | None = None
    activations: Activations | Mapping[str, Any] | None = None
    loss: Any = None
    clipped: Iterable[Any] | None = None
    training: Mapping[str, Any] | None = None
    inputs: Any = None
    targets: Any = None
    constant: Sequence[Targets] = ()


def select(
    step: StepTensors, *, lag: int = 1, phase: int = 0, spread: Any = None, updates: Updates | None = None
) -> Selection:
    """The rows for one step's tensors.

    Args:
        step: the tensors.
        lag: see `Selection`.
        phase: see `Selection`.
        spread: see `Selection`.
        updates: how the updates of weights are measured, see `Recorder`.

    Raises:
        ValueError: gradients do not come in pairs with their variables or do not fit them, there are more or
            fewer clipped gradients than gradients, or there is nothing to record.
    """
    pairs = in_pairs(step.grads_and_vars)
    variables = [variable for _, variable in pairs]
    measured = variables if step.weights is None else list(step.weights)
    captured = _as_activations(step.activations)
    names = _Naming([*variables, *measured], captured)
    chosen: list[tuple[Row, Any]] = []
    for gradient, variable in pairs:
        _check_shapes(names.name(variable), gradient, variable)
        missing = NO_GRADIENT if getattr(variable, "trainable", True) else FROZEN
        chosen.append(_checked(names.row("gradient", variable), gradient, missing))
    if step.clipped is not None:
        for (before, variable), after in zip(pairs, _checked_clipped(step.clipped, pairs), strict=True):
            if before is not None:
                chosen.append(_checked(names.row("clipped", variable), after, NO_GRADIENT))
    values = [_tensor(variable) for variable in measured]
    both = list(zip(measured, values, strict=True))
    chosen += [_checked(names.row("weight", variable), value) for variable, value in both]
    for variable, value in both:
        row, value = _checked(names.row("update", variable), value)
        row = row if row.not_measured else with_sampling(row, updates)
        chosen.append((row, None if row.not_measured else value))
    inputs = captured.inputs if step.inputs is None else with_unique_names(named_inputs(step.inputs, None))
    chosen += _data("input", inputs, 0)
    chosen += [_activation(call, names.depth(call.layer.name)) for call in captured.calls]
    chosen += _data("target", with_unique_names(named_targets(step.targets)), names.layers)
    for name, value in _as_losses(step.loss).items():
        row = Row(name, "loss", "loss", "loss", names.layers, output=True)
        chosen.append(_checked(row, tf.convert_to_tensor(value)))
    for name, number in {**(step.training or {}), **_placeholders(step.constant)}.items():
        row = Row(name, "training", "training", "other", names.layers)
        chosen.append((row, tf.convert_to_tensor(number)))
    if not (pairs or measured or captured.calls):
        raise ValueError(NOTHING)
    rows, tensors = zip(*chosen, strict=True)
    features = tuple(
        index
        for index, row in enumerate(rows)
        if row.kind == "input" and row.tensor not in captured.categories
    )
    of_rows = {names.name(variable): variable for variable in measured}
    weights_by_row = {
        index: of_rows[row.tensor]
        for index, row in enumerate(rows)
        if row.kind in ("weight", "update") and not row.not_measured
    }
    return Selection(
        rows,
        tensors,
        lag=lag,
        spread=spread,
        phase=phase,
        dtype_policy=captured.dtype_policy,
        features=features,
        constant=tuple(step.constant),
        variables=weights_by_row,
    )


def in_pairs(grads_and_vars: Iterable[Any]) -> list[tuple[Any, Any]]:
    """The pairs of gradient and variable.

    Raises:
        ValueError: they are no such pairs.
    """
    pairs = list(grads_and_vars)
    for pair in pairs:
        # A list of two gradients has the length of a pair too.
        if not isinstance(pair, Sequence) or len(pair) != 2 or not hasattr(pair[1], "assign"):
            raise ValueError(NOT_PAIRS)
    return [(gradient, variable) for gradient, variable in pairs]


def is_scalar_loss(row: Row, value: Any) -> bool:
    """Whether a row is a loss that is a scalar; the size of other losses may vary with the batch."""
    return row.kind == "loss" and value is not None and value.shape.rank == 0


def _fixed_shape(row: Row) -> tuple[int, ...]:
    """The part of a row's shape that does not vary from step to step.

    The sizes of activations, inputs and targets vary with the batch and the length of sequences. The number
    of units is fixed if the activation function has units that may be silent or saturated.
    """
    if row.kind not in BATCHES:
        return row.shape
    return len(row.shape), *(row.shape[-1:] if row.activation in WITH_UNITS else ())


def _check_shapes(name: str, gradient: Any, variable: Any) -> None:
    # The only sign of lists that were shortened or shifted before they were zipped.
    if gradient is None or not hasattr(gradient, "shape"):
        return
    if not tf.TensorShape(gradient.shape).is_compatible_with(variable.shape):
        raise ValueError(
            f"the gradient given for {name} has shape {tuple(gradient.shape)}, the variable has shape "
            f"{tuple(variable.shape)}: gradients and variables have to be in the same order, one for one"
        )


def _checked_clipped(clipped: Iterable[Any], pairs: Sequence[Any]) -> list[Any]:
    gradients = list(clipped)
    if len(gradients) != len(pairs):
        raise ValueError(
            f"clipped holds {len(gradients)} gradients where there are {len(pairs)} before clipping: "
            "give one for each, in their order"
        )
    return gradients


class _Naming:
    """Names, layers and depths of one step's tensors.

    Depth follows the order in which layers are called. A layer without an observed call follows the layer of
    the previous variable.
    """

    def __init__(self, variables: Sequence[Any], activations: Activations) -> None:
        structure = activations.structure
        prefix = structure.prefix or shared_prefix([variable_path(v) for v in variables])
        self._structure = Structure(prefix, structure.layers, structure.owners)
        unique = UniqueNames()
        self._names: dict[int, str] = {}
        order = list(dict.fromkeys(call.layer.name for call in activations.calls))
        previous = -1
        for variable in variables:
            if id(variable) not in self._names:
                self._names[id(variable)] = unique(self._structure.tensor_name(variable))
            layer = self._structure.layer_of(variable).name
            if layer not in order:
                order.insert(previous + 1, layer)
            previous = order.index(layer)
        self._depths = {name: depth for depth, name in enumerate(order)}
        self.layers = len(order)

    def name(self, variable: Any) -> str:
        return self._names[id(variable)]

    def depth(self, layer: str) -> int:
        return self._depths[layer]

    def row(self, kind: Kind, variable: Any) -> Row:
        name = self._names[id(variable)]
        info = self._structure.layer_of(variable)
        sizes = tf.TensorShape(variable.shape)
        shape = () if sizes.rank is None else tuple(-1 if size is None else size for size in sizes)
        return Row(
            tensor=name,
            kind=kind,
            layer=info.name,
            role=role_of(name, len(shape)),
            depth=self.depth(info.name),
            shape=shape,
            dtype=tf.as_dtype(variable.dtype).name,
            activation=info.activation,
            output=info.output,
        )


def _tensor(variable: Any) -> Any:
    return tf.convert_to_tensor(variable)


def _checked(row: Row, value: Any, missing: str = "") -> tuple[Row, Any]:
    """The row with its tensor, or with the reason why it has none."""
    if value is None:
        return _unmeasured(row, missing), None
    if isinstance(value, tf.Variable):
        value = tf.convert_to_tensor(value)  # a gradient accumulated in a variable
    if not isinstance(value, (tf.Tensor, tf.IndexedSlices)):
        if tf.is_tensor(value):
            return _unmeasured(row, f"a {type(value).__name__} is not measured"), None
        value = tf.convert_to_tensor(value)
    numbers = value.dtype.is_integer or value.dtype.is_bool
    if not (value.dtype.is_floating or (numbers and row.kind in DATA)):
        return _unmeasured(
            row,
            f"dtype {value.dtype.name} is no number"
            if row.kind in DATA
            else f"dtype {value.dtype.name} is not a floating one",
        ), None
    if value.shape.rank is None:
        return _unmeasured(row, "its rank is not known while tracing"), None
    # An activation may be empty in this batch only, as the output of an expert that received no token.
    if 0 in value.shape[row.kind in BATCHES :]:
        return _unmeasured(row, "it has no elements"), None
    if not tf.executing_eagerly() and _is_of_other_graph(value):
        return _unmeasured(row, INNER_GRAPH), None
    return replace(row, dtype=value.dtype.name), value


def _activation(call: Call, depth: int) -> tuple[Row, Any]:
    row = Row(
        tensor=call.name,
        kind="activation",
        layer=call.layer.name,
        role="activation",
        depth=depth,
        activation=call.layer.activation,
        output=call.layer.output,
        inputs=call.origin.names,
        between=", ".join(call.origin.between),
    )
    if call.tensor is None:
        return _unmeasured(row, call.reason), None
    return _of_batch(row, call.tensor)


def _data(kind: Kind, named: Mapping[str, Any], depth: int) -> list[tuple[Row, Any]]:
    chosen = []
    for name, tensor in named.items():
        row, value = _of_batch(Row(name, kind, name, "other", depth), tensor)
        if value is None and tf.is_tensor(tensor):
            row = replace(row, dtype=tensor.dtype.name)
        chosen.append((row, value))
    return chosen


def _placeholders(constant: Sequence[Targets]) -> dict[str, float]:
    """Placeholders for the values of the best constant prediction, which are computed elsewhere."""
    if not constant:
        return {}
    accuracy = {CONSTANT_ACCURACY: 0.0} if has_accuracy([each.term for each in constant]) else {}
    return {CONSTANT_LOSS: 0.0, **accuracy}


def _of_batch(row: Row, tensor: Any) -> tuple[Row, Any]:
    row, value = _checked(row, tensor)
    if value is None:
        return row, None
    # The size of the first axis may differ in other batches, even if it is static in this trace.
    sizes = [-1 if size is None else int(size) for size in value.shape]
    return replace(row, shape=(-1, *sizes[1:]) if sizes else ()), value


def _as_activations(activations: Activations | Mapping[str, Any] | None) -> Activations:
    if isinstance(activations, Activations):
        return activations
    calls = [Call(name, LayerInfo(name), tensor) for name, tensor in (activations or {}).items()]
    return Activations(calls=calls)


def _as_losses(loss: Any) -> Mapping[str, Any]:
    if loss is None:
        return {}
    return loss if isinstance(loss, Mapping) else {"loss": loss}


def _is_of_other_graph(value: Any) -> bool:
    """Whether a tensor belongs neither to the current graph nor to one around it."""
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
