"""Minimum, maximum and mean of each number over records that were thinned out."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from tb_gradhealth.health.arrays import Ints
from tb_gradhealth.record import Record, RowTable
from tb_gradhealth.record.columns import MAGNITUDES

Packed = npt.NDArray[np.float32]


class Layout:
    """Where the numbers of one row table are in an envelope.

    Envelopes hold no magnitude histograms: packed columns have no order, so no minimum or maximum.

    Attributes:
        included: which of a record's numbers an envelope holds, bool [numbers].
    """

    def __init__(self, table: RowTable) -> None:
        """The layout of a table's envelopes.

        Args:
            table: describes the records.
        """
        width = len(table.columns)
        plain = np.array([name not in MAGNITUDES for name in table.columns], bool)
        self.included = plain[table.written % width] if width else np.ones(table.written.size, bool)
        self._offsets = np.full(len(table.rows) * width, -1, np.int32)
        self._offsets[table.written[self.included]] = np.arange(np.count_nonzero(self.included))
        self._width = width

    def offsets(self, rows: Ints, column: int) -> npt.NDArray[np.int32]:
        """Offsets of a column of some rows in an envelope, int32 [rows]; -1 where it is not included."""
        return self._offsets[rows * self._width + column]


@dataclass(frozen=True)
class Envelope:
    """Extremes and mean of consecutive records; float32 arrays of shape [numbers], see `Layout`.

    NaN, which means "not measured", is ignored where any of the records has a number.

    Attributes:
        low: the minimum.
        high: the maximum.
        mean: the mean, with equal weight for each record.
        records: number of records.
        last_step: step of the last record.
    """

    low: Packed
    high: Packed
    mean: Packed
    records: int
    last_step: int

    @classmethod
    def of(cls, record: Record, layout: Layout) -> "Envelope":
        """The envelope of a single record."""
        numbers = record.written[layout.included]
        return cls(numbers, numbers, numbers, 1, record.step)

    @property
    def nbytes(self) -> int:
        """Bytes of the three arrays."""
        return 3 * self.low.nbytes

    def joined(self, later: "Envelope") -> "Envelope":
        """This envelope and the one after it, of the same layout, as one."""
        records = self.records + later.records
        with np.errstate(invalid="ignore", over="ignore"):
            mean = self.mean + (later.mean - self.mean) * np.float32(later.records / records)
        mean = np.where(np.isfinite(mean), mean, np.fmax(self.mean, later.mean))
        return Envelope(
            low=np.fmin(self.low, later.low),
            high=np.fmax(self.high, later.high),
            mean=mean,
            records=records,
            last_step=max(self.last_step, later.last_step),
        )
