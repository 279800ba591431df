"""The contents of a run's events: records, the flight recorder's steps, and epochs."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from tb_gradhealth.record.magnitudes import PACKED, unpack_shares
from tb_gradhealth.record.rows import RowTable

Numbers = npt.NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class Record:
    """One recorded step.

    Attributes:
        step: the training step whose gradients were measured.
        wall_time: seconds since the epoch.
        table: describes rows and columns.
        values: float32 of shape [len(table.rows), len(table.columns)].
    """

    step: int
    wall_time: float
    table: RowTable
    values: Numbers

    @property
    def written(self) -> Numbers:
        """The numbers of the matrix that are written, float32 [numbers]; see `RowTable.written`."""
        numbers: Numbers = self.values.reshape(-1)
        return numbers[self.table.written] if self.table.layouts else numbers

    @property
    def nbytes(self) -> int:
        """Bytes of the matrix, whether it is in memory or not."""
        return 4 * len(self.table.rows) * len(self.table.columns)

    def part(self, rows: Any, columns: Any) -> Numbers:
        """``values[rows, columns]`` for any index of NumPy, without making the rest of the matrix."""
        return np.asarray(self.values[rows, columns])

    def column(self, name: str) -> Numbers:
        """One statistic of every row, float32 of shape [rows]; NaN where the table lacks it."""
        if name not in self.table.columns:
            return np.full(len(self.table.rows), np.nan, np.float32)
        return self.part(slice(None), self.table.columns.index(name))

    def magnitudes(self) -> Numbers:
        """Share of non-zero elements per log2-magnitude bin, float32 of shape [rows, 30]."""
        packed = [self.column(f"magnitudes_{index}") for index in range(PACKED)]
        return unpack_shares(np.stack(packed, axis=-1))


class WrittenRecord(Record):
    """A record as a view of its event's bytes, which take half of the matrix; that is made on each access."""

    def __init__(self, step: int, wall_time: float, table: RowTable, payload: bytes, begin: int) -> None:
        """A record in an event.

        Args:
            step: as in `Record`.
            wall_time: as in `Record`.
            table: as in `Record`.
            payload: the event.
            begin: offset in it of the float32 numbers that the table announces; not checked again.
        """
        # The initializer of a frozen dataclass takes four times as long.
        own = self.__dict__
        own["step"], own["wall_time"], own["table"] = step, wall_time, table
        own["_payload"], own["_begin"] = payload, begin

    @property
    def written(self) -> Numbers:
        """As in `Record`; not aligned."""
        own = self.__dict__
        return np.frombuffer(own["_payload"], "<f4", self.table.written.size, own["_begin"])

    @property
    def values(self) -> Numbers:
        """As in `Record`; made on each access."""
        return as_matrix(self.table, self.written.astype(np.float32))

    def part(self, rows: Any, columns: Any) -> Numbers:
        """As in `Record`."""
        positions = np.asarray(self.table.positions[rows, columns])
        found = np.full(positions.shape, np.nan, np.float32)
        known = positions >= 0
        found[known] = self.written[positions[known]]
        return found


def as_matrix(table: RowTable, written: Numbers) -> Numbers:
    """The matrix of a record, float32 [rows, columns], from the numbers that are written; NaN elsewhere."""
    if not table.layouts:
        return written.reshape(table.shape)
    values = np.full((len(table.rows), len(table.columns)), np.nan, np.float32)
    values.reshape(-1)[table.written] = written
    return values


@dataclass(frozen=True, eq=False)
class Steps:
    """Steps of the flight recorder: one number for each watched tensor and step.

    Attributes:
        last_step: the training step of the last row.
        wall_time: of the writing, in seconds since 1970.
        table: describes the tensors.
        values: float32 of shape [steps, len(table.watched)]: for an activation the largest |x| of the
            measured part of the batch, for every other tensor its RMS. NaN or infinite where the tensor was
            not finite.
        ago: the distance of each step from the last one, int64 [steps], falling to 0; None where the steps
            are consecutive. The steps in between were not watched.
    """

    last_step: int
    wall_time: float
    table: RowTable
    values: Numbers
    ago: npt.NDArray[np.int64] | None = None

    @property
    def steps(self) -> npt.NDArray[np.int64]:
        """The training steps, int64 of shape [steps]."""
        if self.ago is not None:
            return self.last_step - self.ago
        return np.arange(self.last_step - len(self.values) + 1, self.last_step + 1)

    @property
    def nbytes(self) -> int:
        """Bytes of the values."""
        return self.values.nbytes


@dataclass(frozen=True, eq=False)
class Epoch:
    """What the training reported at the end of an epoch.

    Attributes:
        step: the last training step of the epoch.
        wall_time: of the writing, in seconds since 1970.
        table: the row table that was in use.
        values: by name, as reported: ``loss``, the metrics, and ``val_`` before each for the validation.
            They may be NaN or infinite.
    """

    step: int
    wall_time: float
    table: RowTable
    values: Mapping[str, float]

    @property
    def nbytes(self) -> int:
        """Approximate bytes of the names and numbers."""
        return sum(len(name) + 8 for name in self.values)


Content = Record | Steps | Epoch
"""Any content of a run's events except row tables."""
