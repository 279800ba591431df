"""The rows of a record, from the description of a training."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from tb_gradhealth.capture.jax.selecting.description import Description, order_of
from tb_gradhealth.capture.jax.selecting.flow import NOWHERE, Function, Node
from tb_gradhealth.capture.jax.selecting.roles import role_of
from tb_gradhealth.capture.jax.selecting.trees import Leaf
from tb_gradhealth.capture.updates import Updates, with_sampling
from tb_gradhealth.record import Kind, Row

WATCHED: Final[tuple[Kind, ...]] = ("gradient", "weight", "loss", "activation")
"""Kinds of rows with a step statistic, in the order of the statistics."""

BATCHES: Final[tuple[Kind, ...]] = ("input", "activation", "target")
EMPTY: Final = "it has no elements"

Key = tuple[Kind, str]
"""What the row of a tensor is found by: its kind and its name."""


@dataclass(frozen=True)
class Selection:
    """The rows of a record.

    Attributes:
        rows: in the record's order: gradients, clipped ones, weights, updates, inputs, activations, targets,
            losses, training.
        index: the index of each row, by its key; tensors without elements are left out.
        shapes: the shape of each tensor, by its key.
        watched: keys of the rows with a step statistic, in the order of the statistics.
        features: indices of the inputs whose last axis is features.
        functions: by name of an activation, the function that follows it and is applied to it.
    """

    rows: tuple[Row, ...]
    index: Mapping[Key, int]
    shapes: Mapping[Key, tuple[int, ...]]
    watched: tuple[Key, ...]
    features: tuple[int, ...]
    functions: Mapping[str, Function]

    def of_kinds(self, *kinds: Kind) -> list[Key]:
        """The keys of some kinds, in the order of the rows."""
        return [key for key in self.index if key[0] in kinds]

    def row(self, key: Key) -> Row:
        """The row of a tensor."""
        return self.rows[self.index[key]]

    def real_shape(self, key: Key) -> tuple[int, ...]:
        """The shape of the numbers of a tensor; a complex element has two."""
        shape = self.shapes[key]
        return (*shape, 2) if self.row(key).dtype.startswith("complex") else shape

    def numbers(self, key: Key) -> int:
        """How many numbers of a tensor are measured."""
        return self.row(key).sampled or math.prod(self.real_shape(key))


def select(described: Description, updates: Updates | None) -> Selection:
    """The rows of a description.

    Args:
        described: the tensors of a step.
        updates: how updates are measured.
    """
    depths = _depths(described)
    last = len(depths)
    chosen: list[tuple[Key, Row, tuple[int, ...]]] = [
        *_of_parameters(described, depths, updates),
        *(_batch("input", leaf, 0) for leaf in described.inputs),
        *(_activation(leaf, described, depths) for leaf in described.activations),
        *(_batch("target", leaf, last) for leaf in described.targets),
        *(
            (("loss", name), Row(name, "loss", "loss", "loss", last, output=True), ())
            for name in described.losses
        ),
        *(
            (("training", name), Row(name, "training", "training", "other", last), ())
            for name in described.training
        ),
    ]
    index = {key: number for number, (key, row, _) in enumerate(chosen) if not row.not_measured}
    return Selection(
        tuple(row for _, row, _ in chosen),
        index,
        shapes={key: shape for key, _, shape in chosen},
        watched=tuple(key for kind in WATCHED for key in index if key[0] == kind),
        features=tuple(
            number
            for (kind, name), number in index.items()
            if kind == "input" and name not in described.flow.categories
        ),
        functions={
            name: node.function
            for name, node in described.flow.nodes.items()
            if node.function is not None and name not in described.functions
        },
    )


def _of_parameters(
    described: Description, depths: Mapping[str, int], updates: Updates | None
) -> list[tuple[Key, Row, tuple[int, ...]]]:
    """The rows of gradients, clipped gradients, weights and updates."""
    functions = {leaf.name: _function(leaf.name, described) for leaf in described.activations}
    outputs = {name for name, node in described.flow.nodes.items() if node.output}

    def row(kind: Kind, leaf: Leaf) -> tuple[Key, Row, tuple[int, ...]]:
        made = Row(
            leaf.name,
            kind,
            leaf.layer,
            role_of(leaf.name, leaf.shape),
            depths[leaf.layer],
            leaf.shape,
            leaf.dtype,
            activation=functions.get(leaf.layer, ""),
            output=leaf.layer in outputs,
            not_measured=EMPTY if 0 in leaf.shape else "",
        )
        if kind == "update" and not made.not_measured:
            made = with_sampling(made, updates)
        return (kind, leaf.name), made, leaf.shape

    kinds: list[Kind] = ["gradient", "clipped", "weight", "update"]
    if not described.clipped:
        kinds.remove("clipped")
    return [row(kind, leaf) for kind in kinds for leaf in described.parameters]


def _batch(kind: Kind, leaf: Leaf, depth: int) -> tuple[Key, Row, tuple[int, ...]]:
    row = Row(leaf.name, kind, leaf.name, "other", depth, _any_samples(leaf.shape), leaf.dtype)
    return (kind, leaf.name), _unless_empty(row), leaf.shape


def _activation(
    leaf: Leaf, described: Description, depths: Mapping[str, int]
) -> tuple[Key, Row, tuple[int, ...]]:
    node = described.flow.nodes.get(leaf.name, Node(NOWHERE))
    row = Row(
        leaf.name,
        "activation",
        leaf.name,
        "activation",
        depths[leaf.name],
        _any_samples(leaf.shape),
        leaf.dtype,
        activation=_function(leaf.name, described),
        output=node.output,
        inputs=node.inputs,
        between=node.between,
    )
    return ("activation", leaf.name), _unless_empty(row), leaf.shape


def _unless_empty(row: Row) -> Row:
    return Row(**{**row.__dict__, "not_measured": EMPTY}) if 0 in row.shape else row


def _any_samples(shape: tuple[int, ...]) -> tuple[int, ...]:
    return (-1, *shape[1:]) if shape and shape[0] else shape


def _function(name: str, described: Description) -> str:
    if name in described.functions:
        return described.functions[name]
    node = described.flow.nodes.get(name)
    return node.activation if node is not None else ""


def _depths(described: Description) -> dict[str, int]:
    """The index of each layer: in the order of the calls if it is known, else in that of the trees.

    An output that is no layer with parameters follows the output before it.
    """
    positions: dict[str, int] = {}
    for leaf in described.parameters:
        position = described.flow.order.get(leaf.name, NOWHERE)
        positions[leaf.layer] = min(position, positions.get(leaf.layer, NOWHERE))
    layers = list(positions)
    previous = -1
    for leaf in described.activations:
        if leaf.name not in layers:
            layers.insert(previous + 1, leaf.name)
        previous = layers.index(leaf.name)
    places = {name: node.order for name, node in described.flow.nodes.items()}
    known = {name: position for name, position in positions.items() if position < NOWHERE}
    order = order_of(layers, {**places, **known})
    return {layer: depth for depth, layer in enumerate(order)}
