"""Names of the tensors in a tree: of parameters, and of layers' outputs as Flax collects them."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import jax
import jax.numpy as jnp
from jax.tree_util import DictKey, FlattenedIndexKey, GetAttrKey, SequenceKey

from tb_gradhealth.capture.unique_names import UniqueNames

COLLECTIONS: Final = ("params", "intermediates")
"""Names of Flax's collections, which begin a path and are no layer."""

OUTPUT: Final = "output"
"""Name of a model's own output."""

CALL: Final = "__call__"
"""Flax's name of the output of a module's call."""

VALUE: Final = "value"
"""The attribute of a Flax NNX variable that has its array."""


@dataclass(frozen=True)
class Leaf:
    """A tensor in a tree.

    Attributes:
        position: its index among all leaves of the tree.
        name: its path, ``"Dense_0/kernel"``.
        shape: its shape.
        dtype: its dtype, ``"float32"``.
    """

    position: int
    name: str
    shape: tuple[int, ...]
    dtype: str

    @property
    def layer(self) -> str:
        """The path of its layer."""
        return self.name.rpartition("/")[0] or OUTPUT


def is_number_array(leaf: Any) -> bool:
    """Whether a leaf is an array, or the description of one, of floating or complex numbers."""
    return hasattr(leaf, "shape") and hasattr(leaf, "dtype") and jnp.issubdtype(leaf.dtype, jnp.inexact)


def parameters(tree: Any) -> list[Leaf]:
    """The floating tensors of a tree of parameters, in an order that is as close to forward as it can be.

    Keys of a dict are ordered by their numbers: JAX sorts them as texts, ``Dense_10`` before ``Dense_2``.
    """
    found, names = [], UniqueNames()
    for position, (path, leaf) in enumerate(jax.tree_util.tree_flatten_with_path(tree)[0]):
        if is_number_array(leaf):
            name = names("/".join(_parts(path)) or OUTPUT)
            found.append((path, Leaf(position, name, tuple(leaf.shape), str(leaf.dtype))))
    return [leaf for _, leaf in _in_order(found, 0)]


def outputs(tree: Any) -> list[Leaf]:
    """The floating tensors of a tree of layers' outputs, each by the name of its layer.

    Args:
        tree: nested mappings and sequences, or what Flax's ``capture_intermediates`` or ``sow`` collected.
    """
    found, names = [], UniqueNames()
    for position, (path, leaf) in enumerate(jax.tree_util.tree_flatten_with_path(tree)[0]):
        if is_number_array(leaf) and leaf.shape:
            name = names("/".join(_output_parts(path)) or OUTPUT)
            found.append((path, Leaf(position, name, tuple(leaf.shape), str(leaf.dtype))))
    return [leaf for _, leaf in _in_order(found, 0)]


def batches(tree: Any, name: str) -> list[Leaf]:
    """The arrays of a tree of inputs or targets; a single one has this name."""
    found = []
    for position, (path, leaf) in enumerate(jax.tree_util.tree_flatten_with_path(tree)[0]):
        if hasattr(leaf, "shape") and hasattr(leaf, "dtype") and _has_numbers(leaf):
            found.append(Leaf(position, "/".join(_parts(path)) or name, tuple(leaf.shape), str(leaf.dtype)))
    return found


def _has_numbers(leaf: Any) -> bool:
    return bool(jnp.issubdtype(leaf.dtype, jnp.number) or leaf.dtype == jnp.bool_)


def _parts(path: Sequence[Any]) -> list[str]:
    """The parts of a name, without Flax's collections and variables and without Haiku's ``~``."""
    if path and isinstance(path[-1], GetAttrKey) and path[-1].name == VALUE:
        path = path[:-1]
    parts = [part for key in path for part in _text(key).split("/") if part != "~"]
    return parts[1:] if len(parts) > 1 and parts[0] in COLLECTIONS else parts


def _output_parts(path: Sequence[Any]) -> list[str]:
    """The parts of an output's name: those of its layer, without what Flax adds."""
    sown = bool(path) and _text(path[0]) == "intermediates"
    sown = sown or any(_text(key) == CALL or _is_value(key) for key in path)
    if sown and isinstance(path[-1], SequenceKey):
        path = path[:-1]  # Flax collects the outputs of all calls of a layer in a tuple
    parts = _parts([key for key in path if _text(key) != CALL])
    return [] if parts == ["intermediates"] else parts


def _is_value(key: Any) -> bool:
    return isinstance(key, GetAttrKey) and key.name == VALUE


def _text(key: Any) -> str:
    if isinstance(key, GetAttrKey):
        return str(key.name)
    if isinstance(key, SequenceKey):
        return str(key.idx)
    return str(key.key) if isinstance(key, (DictKey, FlattenedIndexKey)) else str(key)


def _in_order(entries: list[tuple[Any, Leaf]], level: int) -> list[tuple[Any, Leaf]]:
    """The entries of one node, with its keys in order, and so on below it."""
    if len(entries) < 2:
        return entries
    groups: dict[Any, list[tuple[Any, Leaf]]] = {}
    for entry in entries:
        path = entry[0]
        groups.setdefault(path[level] if level < len(path) else None, []).append(entry)
    keys = list(groups)
    texts = [_text(key) for key in keys]
    if all(isinstance(key, (DictKey, GetAttrKey)) for key in keys) and texts == sorted(texts):
        keys.sort(key=lambda key: _natural(_text(key)))
    return [entry for key in keys for entry in (_in_order(groups[key], level + 1) if key else groups[key])]


def _natural(text: str) -> list[tuple[int, int | str]]:
    parts = re.split(r"(\d+)", text)
    return [(0, int(part)) if part.isdigit() else (1, part) for part in parts if part]
