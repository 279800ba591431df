"""The rows of a record, from everything that the steps so far have shown."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from tb_gradhealth.capture.torch.selecting.flow import Function, Place
from tb_gradhealth.capture.torch.selecting.modules import Watched
from tb_gradhealth.capture.updates import OFF, Updates, sample_size
from tb_gradhealth.record import Kind, Row

NO_GRADIENT: Final = "gradient is None"
FROZEN: Final = "frozen: it is not trained"
NO_NUMBER: Final = "dtype {} is not a floating one"
EMPTY: Final = "it has no elements"
NO_OPTIMIZER: Final = "the watcher has no optimizer"

Key = tuple[Kind, int | str]
"""What the row of a tensor is found by: its kind, and the index of its parameter or its name."""


@dataclass(frozen=True)
class Batch:
    """A tensor with samples, as it was first seen.

    Attributes:
        layer: name of its layer.
        shape: its shape, with the units last and -1 for the samples.
        dtype: its dtype.
        activation: the activation function of its module, ``""`` for none or an unknown one.
    """

    layer: str
    shape: tuple[int, ...]
    dtype: str
    activation: str = ""


@dataclass
class Shown:
    """What the steps so far have shown. It only grows, so a tensor that is absent for some steps has its row.

    Attributes:
        trained: indices of the parameters that are not frozen.
        gradients: indices of the parameters with a gradient; whether it is sparse.
        clipped: indices of those whose gradient is changed before the optimizer applies it.
        activations: modules' outputs by name, in the order of the calls.
        places: their places in the network.
        returned: names of those that the model returns.
        inputs: the model's inputs by name.
        categories: those that are indices of an embedding's rows.
        targets: the targets by name.
        losses: names of the losses.
        training: names of the training's own numbers.
    """

    trained: set[int] = field(default_factory=set)
    gradients: dict[int, bool] = field(default_factory=dict)
    clipped: set[int] = field(default_factory=set)
    activations: dict[str, Batch] = field(default_factory=dict)
    places: dict[str, Place] = field(default_factory=dict)
    returned: set[str] = field(default_factory=set)
    inputs: dict[str, Batch] = field(default_factory=dict)
    categories: set[str] = field(default_factory=set)
    targets: dict[str, Batch] = field(default_factory=dict)
    losses: dict[str, None] = field(default_factory=dict)
    training: dict[str, None] = field(default_factory=dict)

    @property
    def size(self) -> tuple[int, ...]:
        """Grows whenever a row is added."""
        parts = (self.trained, self.gradients, self.clipped, self.activations, self.inputs, self.targets)
        return (*map(len, parts), len(self.losses), len(self.training))


@dataclass(frozen=True)
class Selection:
    """The rows of a record.

    Attributes:
        rows: in the record's order: gradients, clipped ones, weights, updates, inputs, activations, targets,
            losses, training.
        index: the index of each measured row, by its key.
        watched: keys of the rows with a step statistic, in the order of the statistics.
        features: indices of the inputs whose last axis is features.
        functions: by name of an activation, the function that is applied to it outside of modules.
        sparse: indices of the parameters whose gradient is sparse.
    """

    rows: tuple[Row, ...]
    index: Mapping[Key, int]
    watched: tuple[Key, ...]
    features: tuple[int, ...]
    functions: Mapping[str, Function]
    sparse: tuple[int, ...]

    def of_kind(self, kind: Kind) -> list[Key]:
        """The keys of the watched rows of a kind, in the order of the statistics."""
        return [key for key in self.watched if key[0] == kind]


def select(
    shown: Shown, parameters: Sequence[Watched], updates: Updates | None, has_updates: bool
) -> Selection:
    """The rows of everything that was shown.

    Args:
        shown: what the steps have shown.
        parameters: all parameters of the model.
        updates: how updates are measured.
        has_updates: whether they can be, since an optimizer is known.
    """
    depths, layers = _depths(shown, parameters)
    chosen: list[tuple[Key, Row]] = [
        *_of_parameters(shown, parameters, depths, updates, has_updates),
        *((("input", name), _data(name, "input", batch, 0)) for name, batch in shown.inputs.items()),
        *(
            (("activation", name), _activation(name, batch, shown, depths[batch.layer]))
            for name, batch in shown.activations.items()
        ),
        *((("target", name), _data(name, "target", batch, layers)) for name, batch in shown.targets.items()),
        *((("loss", name), Row(name, "loss", "loss", "loss", layers, output=True)) for name in shown.losses),
        *(
            (("training", name), Row(name, "training", "training", "other", layers))
            for name in shown.training
        ),
    ]
    rows = tuple(row for _, row in chosen)
    index = {key: number for number, (key, row) in enumerate(chosen) if not row.not_measured}
    kinds: tuple[Kind, ...] = ("gradient", "weight", "loss", "activation")
    return Selection(
        rows,
        index,
        watched=tuple(key for kind in kinds for key in index if key[0] == kind),
        features=tuple(
            number for key, number in index.items() if key[0] == "input" and key[1] not in shown.categories
        ),
        functions={
            name: place.function for name, place in shown.places.items() if place.function is not None
        },
        sparse=tuple(index for index, is_sparse in shown.gradients.items() if is_sparse),
    )


def _of_parameters(
    shown: Shown,
    parameters: Sequence[Watched],
    depths: Mapping[str, int],
    updates: Updates | None,
    has_updates: bool,
) -> list[tuple[Key, Row]]:
    """The rows of gradients, clipped gradients, weights and updates."""
    functions: dict[str, str] = {}
    outputs: set[str] = set()
    for name, batch in shown.activations.items():
        functions.setdefault(batch.layer, batch.activation or shown.places.get(name, Place()).activation)
        outputs.update([batch.layer] if name in shown.returned else [])

    def row(kind: Kind, each: Watched, reason: str = "") -> tuple[Key, Row]:
        described = Row(
            each.name,
            kind,
            each.layer,
            each.role,
            depths[each.layer],
            tuple(each.parameter.shape),
            str(each.parameter.dtype).removeprefix("torch."),
            activation=functions.get(each.layer, ""),
            output=each.layer in outputs,
            not_measured=reason or (EMPTY if 0 in each.parameter.shape else ""),
        )
        elements = each.elements
        if elements < each.parameter.numel():
            described = replace(described, sampled=elements)
        if kind == "update" and not has_updates:
            described = replace(described, not_measured=NO_OPTIMIZER)
        elif kind == "update" and updates == "none":
            described = replace(described, not_measured=OFF)
        elif kind == "update" and sample_size(elements, updates):
            described = replace(described, sampled=sample_size(elements, updates))
        return (kind, each.index), described

    trained = [each for each in parameters if each.index in shown.trained]
    return [
        *(row("gradient", each, _reason(each, shown)) for each in parameters),
        *(row("clipped", each) for each in parameters if each.index in shown.clipped),
        *(row("weight", each) for each in trained),
        *(row("update", each) for each in trained),
    ]


def _reason(each: Watched, shown: Shown) -> str:
    """Why the gradient of a parameter is not measured, ``""`` if it is."""
    if each.index in shown.gradients:
        return ""
    if each.index in shown.trained:
        return NO_GRADIENT
    return FROZEN if each.parameter.is_floating_point() else NO_NUMBER.format(each.parameter.dtype)


def _data(name: str, kind: Kind, batch: Batch, depth: int) -> Row:
    return Row(name, kind, name, "other", depth, batch.shape, batch.dtype)


def _activation(name: str, batch: Batch, shown: Shown, depth: int) -> Row:
    place = shown.places.get(name, Place())
    row = Row(
        name,
        "activation",
        batch.layer,
        "activation",
        depth,
        batch.shape,
        batch.dtype,
        activation=batch.activation or place.activation,
        output=name in shown.returned,
    )
    return replace(row, inputs=place.inputs, between=place.between)


def _depths(shown: Shown, parameters: Sequence[Watched]) -> tuple[dict[str, int], int]:
    """The index of each layer in the order of the calls, and the number of layers.

    A layer that was not seen to be called follows the layer of the previous parameter. A model's own output
    comes last.
    """
    order = list(dict.fromkeys(batch.layer for batch in shown.activations.values()))
    previous = -1
    for each in parameters:
        if each.layer not in order:
            order.insert(previous + 1, each.layer)
        previous = order.index(each.layer)
    return {layer: depth for depth, layer in enumerate(order)}, len(order)
