"""The inputs and targets of a model, by name."""

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

import tensorflow as tf

from tb_gradhealth.capture.unique_names import UniqueNames

INPUT: Final = "input"
TARGET: Final = "target"

Named = list[tuple[str, Any]]
"""Tensors with names, which need not be unique."""

AUTOMATIC: Final = re.compile(r"(input_layer|keras_tensor|input)(_\d+)?")
"""Names that Keras generates; their numbers increase with every model in a process."""


def named_inputs(structure: Any, model: Any) -> Named:
    """The tensors in ``structure`` by name: a single one is ``"input"``.

    Several have the keys of a mapping, or the names that the user gave the model's input layers.
    """
    leaves = list(_leaves(structure, ()))
    if len(leaves) == 1:
        return [(INPUT, leaves[0][1])]
    layers = _layer_names(model)
    if any(path for path, _ in leaves) or len(layers) != len(leaves):
        layers = [INPUT] * len(leaves)
    return [("/".join(path) or layer, tensor) for (path, tensor), layer in zip(leaves, layers, strict=True)]


def named_targets(structure: Any) -> Named:
    """The tensors in ``structure`` by name: a single one is ``"target"``, several have a mapping's keys."""
    leaves = list(_leaves(structure, ()))
    if len(leaves) == 1:
        return [(TARGET, leaves[0][1])]
    return [("/".join(path) or TARGET, tensor) for path, tensor in leaves]


def with_unique_names(named: Named) -> dict[str, Any]:
    """The tensors by unique names."""
    unique = UniqueNames()
    return {unique(name): tensor for name, tensor in named}


def _leaves(value: Any, path: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], Any]]:
    if isinstance(value, Mapping):
        for key, part in value.items():
            yield from _leaves(part, (*path, str(key)))
    elif isinstance(value, (list, tuple)):
        for part in value:
            yield from _leaves(part, path)
    elif tf.is_tensor(value):
        yield path, value


def _layer_names(model: Any) -> list[str]:
    """The names of a functional model's input layers, ``"input"`` for one without a user's name."""
    histories = [getattr(tensor, "_keras_history", None) for tensor in getattr(model, "inputs", None) or ()]
    names = [INPUT if history is None else history.operation.name for history in histories]
    return [INPUT if AUTOMATIC.fullmatch(name) else name for name in names]
