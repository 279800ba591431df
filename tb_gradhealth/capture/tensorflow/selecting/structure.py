"""The structure of a Keras model: the layer of each variable, activation functions, roles, names."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import keras

from tb_gradhealth.capture.unique_names import UniqueNames
from tb_gradhealth.record import Role

ACTIVATION_LAYERS: Final = {
    "ReLU": "relu",
    "LeakyReLU": "leaky_relu",
    "PReLU": "prelu",
    "ELU": "elu",
    "Softmax": "softmax",
}

CLOSED_LAYERS: Final = (keras.layers.RNN, keras.layers.TimeDistributed)
"""Layers whose inner layers run inside a loop: they are measured as one."""

OUTPUT: Final = "output"
"""Name of a model's output that is computed by operations after its last layer."""

NORM_NAMES: Final = ("gamma", "beta", "moving_mean", "moving_variance", "scale")
KERNEL_NAMES: Final = ("kernel", "weight", "weights", "w")


@dataclass(frozen=True)
class LayerInfo:
    """The properties of a layer in its rows.

    Attributes:
        name: unique in its model, ``"dense_1"`` or ``"encoder/dense_1"``.
        activation: name of its activation function, ``""`` for none.
        output: whether it computes the model's output, alone or followed only by layers without weights.
    """

    name: str
    activation: str = ""
    output: bool = False


@dataclass(frozen=True)
class Structure:
    """The structure of a model; empty without a model.

    Attributes:
        prefix: the model's own name with a slash, with which its variables' paths may begin.
        layers: the layers by `id` of the Keras layer.
        owners: the layers of the variables, by `id` of the variable.
    """

    prefix: str = ""
    layers: Mapping[int, LayerInfo] = field(default_factory=dict)
    owners: Mapping[int, LayerInfo] = field(default_factory=dict)

    def tensor_name(self, variable: Any) -> str:
        """The variable's path without the model's name; a plain `tf.Variable`'s name without ``":0"``."""
        return variable_path(variable).removeprefix(self.prefix)

    def layer_of(self, variable: Any) -> LayerInfo:
        """The layer of a variable; derived from its path if the model is not known."""
        return self.owners.get(id(variable)) or LayerInfo(layer_in_path(self.tensor_name(variable)))


def describe(model: Any) -> Structure:
    """The structure of a model, whose layers may be models themselves."""
    outputs = {id(layer) for layer in _output_layers(model)}
    prefix = f"{model.name}/"
    unique = UniqueNames()
    layers: dict[int, LayerInfo] = {}
    owners: dict[int, LayerInfo] = {}
    for layer in leaf_layers(model):
        name = unique((getattr(layer, "path", None) or layer.name).removeprefix(prefix))
        layers[id(layer)] = LayerInfo(name, activation_name(layer), id(layer) in outputs)
        for variable in layer.variables:
            owners.setdefault(id(variable), layers[id(layer)])
    for layer in composite_layers(model):
        name = unique((getattr(layer, "path", None) or layer.name).removeprefix(prefix))
        # It is unknown to what a composite layer applies its activation function.
        layers[id(layer)] = LayerInfo(name, "", id(layer) in outputs)
        for variable in own_variables(layer):
            owners.setdefault(id(variable), layers[id(layer)])
    if id(model) not in layers:
        layers[id(model)] = LayerInfo(unique(OUTPUT), "", True)
    return Structure(prefix, layers, owners)


def leaf_layers(model: Any) -> Iterator[Any]:
    """The layers without inner layers, or that run them inside a loop, at every depth of nesting."""
    if not _sublayers(model) and not isinstance(model, keras.Model):
        yield model
    for layer, inner in _nested_layers(model):
        if not inner:
            yield layer


def composite_layers(model: Any) -> Iterator[Any]:
    """The layers that call inner layers, at every depth of nesting, without the model itself."""
    for layer, inner in _nested_layers(model):
        if inner:
            yield layer


def _nested_layers(model: Any) -> Iterator[tuple[Any, list[Any]]]:
    """Every layer once, with its inner layers that are measured by themselves."""
    visited: set[int] = set()
    pending = _sublayers(model)[::-1]
    while pending:
        layer = pending.pop()
        if id(layer) in visited:
            continue
        visited.add(id(layer))
        inner = [] if isinstance(layer, CLOSED_LAYERS) else _sublayers(layer)
        yield layer, inner
        pending.extend(inner[::-1])


def own_variables(layer: Any) -> list[Any]:
    """The variables of a layer that belong to none of its inner layers."""
    inner = {id(variable) for each in _sublayers(layer) for variable in each.variables}
    return [variable for variable in layer.variables if id(variable) not in inner]


def frozen_variables(model: Any) -> list[Any]:
    """The variables that are not trained because their layer is frozen."""
    layers = [model, *model._flatten_layers(include_self=False)]
    # Only this attribute distinguishes them from variables that are never trained, such as moving averages.
    own = [variable for layer in layers for variable in getattr(layer, "_trainable_variables", ())]
    return list({id(variable): variable for variable in own if not variable.trainable}.values())


def activation_name(layer: Any) -> str:
    """``"relu"``, ``"linear"``...; ``""`` for a layer without an activation function."""
    kind = type(layer).__name__
    if kind == "ReLU" and getattr(layer, "negative_slope", False):
        return "leaky_relu"
    if kind in ACTIVATION_LAYERS:
        return ACTIVATION_LAYERS[kind]
    function = getattr(layer, "activation", None)
    if function is None:
        return ""
    name = getattr(function, "__name__", None) or getattr(function, "name", None) or type(function).__name__
    return str(name)


def role_of(name: str, rank: int | None) -> Role:
    """The role of a variable, by the last part of its name, else by its rank."""
    last = name.rsplit("/", 1)[-1].lower()
    if "recurrent" in last and "bias" not in last:
        return "recurrent"
    if "embedding" in last:
        return "embedding"
    if "bias" in last or last.strip("_0123456789") == "b":
        return "bias"
    if last in NORM_NAMES:
        return "norm"
    if "lora" in last:
        return "other"
    if last.endswith("kernel") or last.strip("_0123456789") in KERNEL_NAMES or (rank or 0) >= 2:
        return "kernel"
    return "other"


def variable_path(variable: Any) -> str:
    """The full name of a Keras or TensorFlow variable."""
    return str(getattr(variable, "path", None) or variable.name).removesuffix(":0")


def layer_in_path(path: str) -> str:
    """The path without its last part and a recurrent layer's cell; the path itself if that is all."""
    parts = path.split("/")[:-1]
    if len(parts) > 1 and parts[-1].endswith("_cell"):
        parts = parts[:-1]
    return "/".join(parts) or path


def shared_prefix(paths: Sequence[str]) -> str:
    """The common first part of all paths, if a layer and a name remain, else ``""``."""
    firsts = {path.split("/")[0] for path in paths}
    if len(firsts) != 1 or any(path.count("/") < 2 for path in paths):
        return ""
    return f"{firsts.pop()}/"


def _sublayers(layer: Any) -> list[Any]:
    # Keras has no public API for the inner layers of a layer that is not a model.
    return list(layer._flatten_layers(include_self=False, recursive=False))


def _output_layers(model: Any) -> Iterable[Any]:
    """The layers that compute the output: the last ones, back to and including one with weights."""
    if isinstance(model, keras.Sequential):
        yield from _back_to_weights(model.layers[::-1])
    elif getattr(model, "outputs", None) and hasattr(model, "operations"):
        for output in model.outputs:
            yield from _back_through_graph(output)


def _back_to_weights(layers: Iterable[Any]) -> Iterator[Any]:
    for layer in layers:
        yield layer
        if _sublayers(layer):
            yield from _output_layers(layer)
        if layer.weights:
            return


def _back_through_graph(tensor: Any) -> Iterator[Any]:
    pending, visited = [tensor], set()
    while pending:
        history = getattr(pending.pop(), "_keras_history", None)
        if history is None or id(history.operation) in visited:
            continue
        operation = history.operation
        visited.add(id(operation))
        yield operation
        if isinstance(operation, keras.Layer) and _sublayers(operation):
            yield from _output_layers(operation)
        if not getattr(operation, "weights", None):
            pending.extend(operation._inbound_nodes[history.node_index].input_tensors)
