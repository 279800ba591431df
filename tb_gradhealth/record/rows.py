"""Descriptions of a record's rows: the tensors, their kind, their role and their layer.

A table is written once per set of tensors, not per event. Its id is a digest of its content, so a model that
is resumed in the same directory continues its table, and an unfrozen layer starts a new one.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Final, Literal, get_args

import numpy as np
import numpy.typing as npt

from tb_gradhealth.record.columns import COLUMNS

Kind = Literal["gradient", "clipped", "weight", "update", "activation", "input", "target", "loss", "training"]
"""What is measured of a tensor. A clipped gradient is the one that the optimizer applied, an update is the
weight after the step minus the weight before, an input is an input of the model, a target is the expected
output, and a training row is a number of the training itself, such as the learning rate, in the column
``mean``."""

Role = Literal["kernel", "recurrent", "embedding", "bias", "norm", "activation", "loss", "other"]
"""The tensor's role in its layer, by which rules select. Recurrent kernels multiply a hidden state."""

KINDS: Final[tuple[str, ...]] = get_args(Kind)
ROLES: Final[tuple[str, ...]] = get_args(Role)

Setting = str | int | float | bool | None


@dataclass(frozen=True)
class Row:
    """One measured tensor: a row of every record that names its table.

    Attributes:
        tensor: name unique within its kind, e.g. ``"dense_1/kernel"``; an activation carries its
            layer's name, the main loss is ``"loss"``, the inputs are ``"input"``, ``"input_2"``... or have
            names of their own, and the targets are ``"target"``.
        layer: the layer's name, e.g. ``"dense_1"``.
        depth: the layer's index in forward order, from 0.
        shape: static shape; -1 where it varies with the batch.
        activation: name of the layer's activation function, ``""`` where there is none or unknown.
        output: whether the layer produces the model's output.
        not_measured: why the row holds no numbers (``"gradient is None"``), ``""`` where it does.
        inputs: for an activation the names of the activation and input rows whose values feed it; empty where
            they are not known.
        between: what is between those and this layer and not measured, e.g. ``"operations that are no
            layer"``; ``""`` where their values reach the layer unchanged or through layers that keep their
            magnitude (dropout, reshaping, pooling).
        sampled: number of elements that the numbers are estimated from, evenly spread over the tensor; 0
            where all are measured.
    """

    tensor: str
    kind: Kind
    layer: str
    role: Role
    depth: int
    shape: tuple[int, ...] = ()
    dtype: str = "float32"
    activation: str = ""
    output: bool = False
    not_measured: str = ""
    inputs: tuple[str, ...] = ()
    between: str = ""
    sampled: int = 0

    def as_json(self) -> dict[str, object]:
        """The row as plain JSON values; empty ``inputs``, ``between`` and ``sampled`` are left out.

        A table of an earlier format version keeps its id when it is written again.
        """
        values = {**self.__dict__, "shape": list(self.shape), "inputs": list(self.inputs)}
        return {name: value for name, value in values.items() if value or name not in ADDED}


ADDED: Final = frozenset({"inputs", "between", "sampled"})
"""The fields of a row that format version 3 added."""


@dataclass(frozen=True)
class RowTable:
    """Everything a reader needs to understand a record.

    Attributes:
        rows: one per matrix row, in order.
        columns: names of the matrix columns, in order.
        stream: name of the recorder, where several write into one run; ``""`` for a single one.
        settings: settings of the training that the rules use (optimizer, epsilon, learning_rate, clipnorm,
            every...).
        layouts: for each kind of row the columns that a record holds of it, in order; the others are NaN. A
            kind that is not named has all columns.
        watched: the rows that the flight recorder measures in every step, in the order of its columns.
    """

    rows: tuple[Row, ...]
    columns: tuple[str, ...] = COLUMNS
    stream: str = ""
    settings: Mapping[str, Setting] = field(default_factory=dict)
    layouts: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    watched: tuple[int, ...] = ()

    @cached_property
    def id(self) -> str:
        """The first twelve hexadecimal digits of the content's SHA-256."""
        text = json.dumps(self.as_json(), sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(text.encode()).hexdigest()[:12]

    def as_json(self) -> dict[str, object]:
        """The table as plain JSON values, without the version."""
        return {
            "stream": self.stream,
            "settings": dict(self.settings),
            "columns": list(self.columns),
            "layouts": {kind: list(columns) for kind, columns in self.layouts.items()},
            "watched": list(self.watched),
            "rows": [row.as_json() for row in self.rows],
        }

    @cached_property
    def written(self) -> npt.NDArray[np.intp]:
        """Positions of a record's numbers in the flattened matrix, intp of shape [numbers]."""
        position = {name: index for index, name in enumerate(self.columns)}
        kinds = list(dict.fromkeys(row.kind for row in self.rows))
        layouts = [[position[name] for name in self.layouts.get(kind, self.columns)] for kind in kinds]
        # Per row its kind and its number of numbers, per kind the offset of its layout among all layouts.
        kind = np.array([kinds.index(row.kind) for row in self.rows], np.intp)
        sizes = np.array([len(layout) for layout in layouts], np.intp)
        begins = np.cumsum(sizes) - sizes
        written = sizes[kind]
        before = np.cumsum(written) - written
        within = np.arange(written.sum()) + np.repeat(begins[kind] - before, written)
        columns = np.array([column for layout in layouts for column in layout], np.intp)
        positions: npt.NDArray[np.intp] = columns[within]
        return positions + np.repeat(np.arange(len(self.rows)) * len(self.columns), written)

    @cached_property
    def positions(self) -> npt.NDArray[np.int32]:
        """Index of each number of the matrix among those written, int32 [rows, columns]; -1 if it is not."""
        positions = np.full(len(self.rows) * len(self.columns), -1, np.int32)
        positions[self.written] = np.arange(self.written.size, dtype=np.int32)
        return positions.reshape(len(self.rows), len(self.columns))

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of a record in an event: a vector, or the whole matrix where nothing is left out."""
        return (self.written.size,) if self.layouts else (len(self.rows), len(self.columns))
