"""Some consecutive records as one rule sees them."""

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


class Source:
    """Where the numbers of the history's rows lie among those written of a record of one row table."""

    def __init__(self, table: RowTable, places: Ints) -> None:
        """A source.

        Args:
            table: describes the records.
            places: for each of the history's rows its place in the table, -1 where it lacks it; and a last
                -1, for the row -1, which stands for none.
        """
        self.table = table
        self._places = places
        self._columns = {name: number for number, name in enumerate(table.columns)}
        self._known: dict[tuple[bytes, str], Ints] = {}

    def of(self, rows: Ints, name: str) -> Ints:
        """Where a column of some of the history's rows is written, int64 [rows]; behind all where never."""
        key = rows.tobytes(), name
        found = self._known.get(key)
        if found is None:
            found = self._known[key] = self._found(rows, name)
        return found

    def _found(self, rows: Ints, name: str) -> Ints:
        behind = self.table.written.size
        if name not in self._columns or not len(self.table.rows):
            return np.full(rows.size, behind)
        places = self._places[rows]
        written = self.table.places[np.maximum(places, 0), self._columns[name]].astype(np.int64)
        return np.where((places < 0) | (written < 0), behind, written)


class Matrices:
    """The numbers of some records, whose rows are looked up by their places in the history."""

    def __init__(self, written: npt.NDArray[np.float32], source: Source) -> None:
        """Matrices; `of_records` makes them.

        Args:
            written: what is written of each record, and a last NaN; [records, numbers + 1].
            source: where in them the rows are.
        """
        self._written = written
        self._source = source
        self._picked: dict[bytes, Columns] = {}

    @classmethod
    def of_records(cls, records: Sequence[Record], source: Source) -> "Matrices":
        """The numbers of some records of the source's table."""
        written = np.empty((len(records), source.table.written.size + 1), np.float32)
        written[:, -1] = np.nan
        for line, record in zip(written, records, strict=True):
            line[:-1] = record.written
        return cls(written, source)

    def of(self, rows: Ints) -> "Columns":
        """Some of the history's rows, int64 [rows]; -1 stands for one that is not there."""
        key = rows.tobytes()
        found = self._picked.get(key)
        if found is None:
            found = self._picked[key] = Columns(self._written, self._source, rows)
        return found

    def at(self, record: int) -> "Matrices":
        """One of the records by itself."""
        return Matrices(self._written[record : record + 1], self._source)


class Columns:
    """The columns of some rows over the records, picked once for all rules that ask for them."""

    def __init__(self, written: npt.NDArray[np.float32], source: Source, rows: Ints) -> None:
        """Columns of rows.

        Args:
            written: as in `Matrices`.
            source: where the rows are.
            rows: the history's rows, int64 [rows].
        """
        self._written = written
        self._source = source
        self._rows = rows
        self._picked: dict[str, Floats] = {}

    def column(self, name: str) -> Floats:
        """One of them, float64 [records, rows], read-only; NaN where not measured or not recorded."""
        found = self._picked.get(name)
        if found is None:
            # Rules ask for a tenth of the numbers: to pick them out is faster than to lay all of them out.
            found = self._written.take(self._source.of(self._rows, name), axis=1).astype(np.float64)
            found.flags.writeable = False
            self._picked[name] = found
        return found


@dataclass(frozen=True)
class Block:
    """What all rules know of consecutive records of one row table; arrays of shape [records].

    Attributes:
        steps: their steps, int64.
        gaps: steps since the record before, int64; 0 at the history's first.
        matrices: their numbers.
        structure: what the history's rows are.
        outcomes: whether the loss improves, as far as known at each step.
        loss: NaN where it was not recorded, infinite where it was not finite.
        loss_deviation: how far the largest loss since the record before was above the usual, as a robust z;
            NaN where that is not known.
        losses: the losses so far, each record's own included.
        training: the numbers of the training itself, such as the learning rate, by name.
        skipped: steps since the record before that the loss scaler skipped.
        accompanied: other recorders write into the same run. Networks that train against each other, as in a
            GAN, do not lower their losses, so these say nothing of success then.
        sound: whether loss and weights are finite. Where they are not, only `non-finite` has something to
            judge: all other numbers follow from that.
    """

    steps: Ints
    gaps: Ints
    matrices: Matrices
    structure: Structure
    outcomes: tuple[Outcome, ...]
    loss: Floats
    loss_deviation: Floats
    losses: Losses
    training: Mapping[str, Floats]
    skipped: Floats
    accompanied: bool = False
    sound: Mask = field(default_factory=lambda: np.ones(1, bool))

    def at(self, record: int) -> "Block":
        """One of the records by itself."""
        one = slice(record, record + 1)
        return replace(
            self,
            steps=self.steps[one],
            gaps=self.gaps[one],
            matrices=self.matrices.at(record),
            outcomes=self.outcomes[one],
            loss=self.loss[one],
            loss_deviation=self.loss_deviation[one],
            losses=self.losses.at(record),
            training={name: numbers[one] for name, numbers in self.training.items()},
            skipped=self.skipped[one],
            sound=self.sound[one],
        )


class View:
    """A block seen from the rows that one rule judges."""

    def __init__(self, block: Block, rows: Ints) -> None:
        """A view.

        Args:
            block: the records and what is known beside them.
            rows: the history's rows that the rule judges, int64 [judged].
        """
        self.block = block
        self.rows = rows
        self._own = block.matrices.of(rows)

    @property
    def steps(self) -> Ints:
        """The recorded steps, int64 [records]."""
        return self.block.steps

    @property
    def shape(self) -> tuple[int, int]:
        """Records and judged rows."""
        return self.block.steps.size, self.rows.size

    @property
    def structure(self) -> Structure:
        """What the history's rows are."""
        return self.block.structure

    @property
    def settings(self) -> Mapping[str, Any]:
        """What the recorder said of the training."""
        return self.block.structure.settings

    def column(self, name: str) -> Floats:
        """A column of the judged rows, float64 [records, judged], read-only; NaN where not measured."""
        return self._own.column(name)

    def magnitudes(self) -> Floats:
        """The log2 histograms, shares per bin, float64 [records, judged, 30]; NaN where not measured."""
        packed = [self.column(name) for name in MAGNITUDES]
        return unpack_shares(np.stack(packed, axis=-1)).astype(np.float64)

    def beside(self, kind: Kind, name: str) -> Floats:
        """A column of the same tensors' rows of another kind, float64 [records, judged], read-only."""
        return self.block.matrices.of(self.structure.beside[kind][self.rows]).column(name)

    def training(self, name: str, absent: float = np.nan) -> Floats:
        """A number of the training, such as the learning rate, [records]."""
        numbers = self.block.training.get(name)
        return np.full(self.steps.size, absent) if numbers is None else numbers

    def outcome_is(self, *outcomes: Outcome) -> Mask:
        """Records at which the loss is known to do one of these, [records]."""
        return np.array([outcome in outcomes for outcome in self.block.outcomes], bool)
