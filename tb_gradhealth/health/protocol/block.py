"""A block of consecutive records, and the part of it that one rule reads."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from tb_gradhealth.health.arrays import Floats, Ints, Mask
from tb_gradhealth.health.loss import Losses, Outcome
from tb_gradhealth.health.protocol.structure import Structure
from tb_gradhealth.record import Kind, Record, RowTable
from tb_gradhealth.record.columns import MAGNITUDES
from tb_gradhealth.record.magnitudes import unpack_shares


class NumberIndex:
    """Where the history's rows have their numbers in the records of one row table."""

    def __init__(self, table: RowTable, table_rows: Ints) -> None:
        """An index.

        Args:
            table: describes the records.
            table_rows: for each of the history's rows its index in the table, -1 where the table lacks it;
                and a last -1, for the row -1, which stands for a missing row.
        """
        self.table = table
        self._table_rows = table_rows
        self._columns = {name: number for number, name in enumerate(table.columns)}
        self._cache: dict[tuple[bytes, str], Ints] = {}

    def of(self, rows: Ints, name: str) -> Ints:
        """Positions of a column of some rows among a record's numbers, int64 [rows].

        For a column that is not recorded the position is the number of numbers: one behind the last.
        """
        key = rows.tobytes(), name
        found = self._cache.get(key)
        if found is None:
            found = self._cache[key] = self._positions(rows, name)
        return found

    def _positions(self, rows: Ints, name: str) -> Ints:
        behind = self.table.written.size
        if name not in self._columns or not len(self.table.rows):
            return np.full(rows.size, behind)
        indices = self._table_rows[rows]
        positions = self.table.positions[np.maximum(indices, 0), self._columns[name]].astype(np.int64)
        return np.where((indices < 0) | (positions < 0), behind, positions)


class RecordNumbers:
    """The numbers of some records of one row table, by the history's rows."""

    def __init__(self, written: npt.NDArray[np.float32], index: NumberIndex) -> None:
        """Numbers; use `of_records`.

        Args:
            written: the numbers of each record, and a last NaN; [records, numbers + 1].
            index: where in them the rows are.
        """
        self._written = written
        self._index = index
        self._cache: dict[bytes, RowColumns] = {}

    @classmethod
    def of_records(cls, records: Sequence[Record], index: NumberIndex) -> "RecordNumbers":
        """The numbers of some records of the index's table."""
        written = np.empty((len(records), index.table.written.size + 1), np.float32)
        written[:, -1] = np.nan
        for numbers, record in zip(written, records, strict=True):
            numbers[:-1] = record.written
        return cls(written, index)

    def of(self, rows: Ints) -> "RowColumns":
        """The numbers of some of the history's rows, int64 [rows]; -1 stands for a missing row."""
        key = rows.tobytes()
        found = self._cache.get(key)
        if found is None:
            found = self._cache[key] = RowColumns(self._written, self._index, rows)
        return found

    def at(self, record: int) -> "RecordNumbers":
        """The numbers of one record."""
        return RecordNumbers(self._written[record : record + 1], self._index)


class RowColumns:
    """The columns of some rows over the records; each is extracted once for all rules that read it."""

    def __init__(self, written: npt.NDArray[np.float32], index: NumberIndex, rows: Ints) -> None:
        """Columns of some rows.

        Args:
            written: as in `RecordNumbers`.
            index: where the rows are.
            rows: the history's rows, int64 [rows].
        """
        self._written = written
        self._index = index
        self._rows = rows
        self._cache: dict[str, Floats] = {}

    def column(self, name: str) -> Floats:
        """A column, float64 [records, rows], read-only; NaN where not measured or not recorded."""
        found = self._cache.get(name)
        if found is None:
            # Rules read a tenth of the numbers: extracting them is faster than laying out whole matrices.
            found = self._written.take(self._index.of(self._rows, name), axis=1).astype(np.float64)
            found.flags.writeable = False
            self._cache[name] = found
        return found


@dataclass(frozen=True)
class Block:
    """Consecutive records of one row table, with what all rules share; arrays of shape [records].

    Attributes:
        steps: their steps, int64.
        gaps: steps since the record before, int64; 0 at the history's first.
        numbers: their numbers.
        structure: the history's rows.
        outcomes: the outcome of the loss, as known at each step.
        loss: NaN where it was not recorded, infinite where it was not finite.
        loss_deviation: how far the largest loss since the record before is above its usual value, as a
            robust z; NaN where that is not known.
        losses: the losses so far, each record's own included.
        training: numbers of the training itself, such as the learning rate, by name.
        skipped: steps since the record before that the loss scaler skipped.
        multiple_recorders: other recorders write into the same run. Networks that train against each other,
            as in a GAN, do not lower their losses, so the losses do not measure success then.
        finite: whether loss and weights are finite. Where they are not, only `non-finite` judges: all other
            numbers follow from that.
    """

    steps: Ints
    gaps: Ints
    numbers: RecordNumbers
    structure: Structure
    outcomes: tuple[Outcome, ...]
    loss: Floats
    loss_deviation: Floats
    losses: Losses
    training: Mapping[str, Floats]
    skipped: Floats
    multiple_recorders: bool = False
    finite: Mask = field(default_factory=lambda: np.ones(1, bool))

    def at(self, record: int) -> "Block":
        """The block of one record."""
        one = slice(record, record + 1)
        return replace(
            self,
            steps=self.steps[one],
            gaps=self.gaps[one],
            numbers=self.numbers.at(record),
            outcomes=self.outcomes[one],
            loss=self.loss[one],
            loss_deviation=self.loss_deviation[one],
            losses=self.losses.at(record),
            training={name: numbers[one] for name, numbers in self.training.items()},
            skipped=self.skipped[one],
            finite=self.finite[one],
        )


class View:
    """A block, restricted to the rows that one rule judges."""

    def __init__(self, block: Block, rows: Ints) -> None:
        """A view.

        Args:
            block: the records.
            rows: the history's rows that the rule judges, int64 [judged].
        """
        self.block = block
        self.rows = rows
        self._own = block.numbers.of(rows)

    @property
    def steps(self) -> Ints:
        """The recorded steps, int64 [records]."""
        return self.block.steps

    @property
    def shape(self) -> tuple[int, int]:
        """Number of records and of judged rows."""
        return self.block.steps.size, self.rows.size

    @property
    def structure(self) -> Structure:
        """The history's rows."""
        return self.block.structure

    @property
    def settings(self) -> Mapping[str, Any]:
        """The recorder's settings of the training."""
        return self.block.structure.settings

    def column(self, name: str) -> Floats:
        """A column of the judged rows, float64 [records, judged], read-only; NaN where not measured."""
        return self._own.column(name)

    def magnitudes(self) -> Floats:
        """The log2 histograms, shares per bin, float64 [records, judged, 30]; NaN where not measured."""
        packed = [self.column(name) for name in MAGNITUDES]
        return unpack_shares(np.stack(packed, axis=-1)).astype(np.float64)

    def counterpart(self, kind: Kind, name: str) -> Floats:
        """A column of the same tensors' rows of another kind, float64 [records, judged], read-only."""
        return self.block.numbers.of(self.structure.counterparts[kind][self.rows]).column(name)

    def training(self, name: str, absent: float = np.nan) -> Floats:
        """A number of the training, such as the learning rate, [records]."""
        numbers = self.block.training.get(name)
        return np.full(self.steps.size, absent) if numbers is None else numbers

    def outcome_is(self, *outcomes: Outcome) -> Mask:
        """Records at which the loss has one of these outcomes, [records]."""
        return np.array([outcome in outcomes for outcome in self.block.outcomes], bool)
