"""Everything one recorder wrote in one run, as one history, whatever its row tables were."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from tb_gradhealth.health.arrays import Floats, Ints
from tb_gradhealth.record import Record, Row


@dataclass
class History:
    """Records in step order, the last write winning where training went back.

    A changed set of tensors brings a new row table; its rows join the ones known so far, so a
    tensor keeps one place in ``rows`` for the whole history.
    """

    records: list[Record] = field(default_factory=list)
    rows: list[Row] = field(default_factory=list)
    _places: dict[tuple[str, str], int] = field(default_factory=dict)
    _tables: dict[str, Ints] = field(default_factory=dict)

    def append(self, record: Record) -> int:
        """Add a record; one that goes back in steps replaces what it overtakes.

        Returns:
            How many of the records known before are still there, in their old places.
        """
        kept = len(self.records)
        while kept and self.records[kept - 1].step >= record.step:
            kept -= 1
        del self.records[kept:]
        self.records.append(record)
        self._place_rows(record)
        return kept

    def places(self, record: Record) -> Ints:
        """Where the record's rows are in ``rows``, int64 of shape [rows of the record]."""
        return self._tables[record.table.id]

    def values(self, record: Record, columns: Sequence[str], size: int) -> Floats:
        """Statistics of a record in the history's row order.

        Returns:
            float64 of shape [len(columns), size]; NaN for rows the record does not hold.
        """
        values = np.full((len(columns), size), np.nan)
        places = self.places(record)
        for place, name in enumerate(columns):
            values[place, places] = record.column(name)
        return values

    def series(self, row: int, column: str) -> Floats:
        """One statistic of one row over all records, float64 of shape [records]."""
        series = np.full(len(self.records), np.nan)
        found = {identity: np.flatnonzero(places == row) for identity, places in self._tables.items()}
        for index, record in enumerate(self.records):
            place = found[record.table.id]
            if place.size and column in record.table.columns:
                series[index] = record.values[place[0], record.table.columns.index(column)]
        return series

    def steps(self) -> Ints:
        """The recorded steps, ascending, int64 of shape [records]."""
        return np.array([record.step for record in self.records], np.int64)

    def row(self, kind: str, tensor: str) -> int | None:
        """Place of a tensor's row of this kind; None if no record ever held it."""
        return self._places.get((kind, tensor))

    def _place_rows(self, record: Record) -> None:
        if record.table.id in self._tables:
            return
        places = []
        for row in record.table.rows:
            place = self._places.setdefault((row.kind, row.tensor), len(self.rows))
            if place == len(self.rows):
                self.rows.append(row)
            else:
                self.rows[place] = row
            places.append(place)
        self._tables[record.table.id] = np.array(places, np.int64)
