"""What a model is given and what it should answer, by name."""

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

import tensorflow as tf

from tb_gradhealth.capture.tensorflow.selecting.structure import UniqueNames

INPUT: Final = "input"
TARGET: Final = "target"

Named = list[tuple[str, Any]]
"""Tensors with names, not yet told apart where two are the same."""

AUTOMATIC: Final = re.compile(r"(input_layer|keras_tensor|input)(_\d+)?")
"""Names that Keras makes up: they count on with every model made in a process."""


def named_inputs(given: Any, model: Any) -> Named:
    """The tensors in ``given``: the only one is the ``"input"``, several have names of their own if any.

    Those are a mapping's keys, or the names that the user gave the model's input layers.
    """
    leaves = list(_leaves(given, ()))
    if len(leaves) == 1:
        return [(INPUT, leaves[0][1])]
    layers = _layer_names(model)
    if any(path for path, _ in leaves) or len(layers) != len(leaves):
        layers = [INPUT] * len(leaves)
    return [("/".join(path) or layer, tensor) for (path, tensor), layer in zip(leaves, layers, strict=True)]


def named_targets(given: Any) -> Named:
    """The tensors in ``given``: the only one is the ``"target"``, others have a mapping's keys if any."""
    leaves = list(_leaves(given, ()))
    if len(leaves) == 1:
        return [(TARGET, leaves[0][1])]
    return [("/".join(path) or TARGET, tensor) for path, tensor in leaves]


def told_apart(named: Named) -> dict[str, Any]:
    """The tensors by names of which none is given twice."""
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
    """Of a functional model the names of its input layers, ``"input"`` for one that the user gave no name."""
    histories = [getattr(tensor, "_keras_history", None) for tensor in getattr(model, "inputs", None) or ()]
    names = [INPUT if history is None else history.operation.name for history in histories]
    return [INPUT if AUTOMATIC.fullmatch(name) else name for name in names]
