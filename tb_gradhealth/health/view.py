"""Some consecutive records as one rule sees them."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from tb_gradhealth.health.arrays import Floats, Ints, Mask
from tb_gradhealth.health.outcome import Losses, Outcome
from tb_gradhealth.health.structure import Structure
from tb_gradhealth.record import Kind
from tb_gradhealth.record.columns import MAGNITUDES
from tb_gradhealth.record.magnitudes import unpack_shares


class Source:
    """Where the history's rows lie in the records of one row table."""

    def __init__(self, places: Ints) -> None:
        """A source.

        Args:
            places: for each of the history's rows its place in the records, -1 where they lack it; and a last
                -1, for the row -1, which stands for none.
        """
        self._places = places
        self._known: dict[bytes, Places] = {}

    def of(self, rows: Ints) -> "Places":
        """The places of some of the history's rows, int64 [rows]; one object for the same rows."""
        key = rows.tobytes()
        found = self._known.get(key)
        if found is None:
            found = self._known[key] = Places(self._places[rows])
        return found


class Places:
    """Places of rows in the records.

    Attributes:
        at: the places, int64 [rows]; any where the records lack the row.
        missing: which ones they lack, None for none of them.
    """

    def __init__(self, places: Ints) -> None:
        missing = places < 0
        self.at = np.maximum(places, 0)
        self.missing = missing if missing.any() else None


class Matrices:
    """The records' matrices, whose rows are looked up by their places in the history."""

    def __init__(self, values: npt.NDArray[np.float32], columns: tuple[str, ...], source: Source) -> None:
        """Matrices.

        Args:
            values: [records, rows of the table, columns].
            columns: the columns' names.
            source: where the rows are.
        """
        self._values = values
        self._columns = {name: number for number, name in enumerate(columns)}
        self._source = source
        self._picked: dict[Places, Columns] = {}

    def of(self, rows: Ints) -> "Columns":
        """Some of the history's rows, int64 [rows]; -1 stands for one that is not there."""
        places = self._source.of(rows)
        found = self._picked.get(places)
        if found is None:
            found = self._picked[places] = Columns(self._values, self._columns, places)
        return found

    def at(self, record: int) -> "Matrices":
        """One of the records by itself."""
        return Matrices(self._values[record : record + 1], tuple(self._columns), self._source)


class Columns:
    """The columns of some rows over the records, picked once for all rules that ask for them."""

    def __init__(self, values: npt.NDArray[np.float32], numbers: Mapping[str, int], places: Places) -> None:
        """Columns of rows.

        Args:
            values: [records, rows of the table, columns].
            numbers: by name which column it is.
            places: where the rows are.
        """
        records, rows, columns = values.shape
        self._values = values
        self._numbers = numbers
        matrices = np.arange(0, records * rows * columns, max(rows * columns, 1))[:, None]
        self._begins = matrices + places.at * columns
        self._missing = places.missing
        self._picked: dict[str, Floats] = {}

    def column(self, name: str) -> Floats:
        """One of them, float64 [records, rows], read-only; NaN where not measured or not recorded."""
        found = self._picked.get(name)
        if found is None:
            found = self._picked[name] = self._pick(name)
            found.flags.writeable = False
        return found

    def _pick(self, name: str) -> Floats:
        if name not in self._numbers or not self._values.size:
            return np.full((len(self._values), self._begins.shape[1]), np.nan)
        # Rules ask for a tenth of the numbers: to pick them out is faster than to turn the matrices over.
        picked = self._values.take(self._begins + self._numbers[name])
        values: Floats = picked.astype(np.float64)
        if self._missing is not None:
            values[:, self._missing] = np.nan
        return values


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
