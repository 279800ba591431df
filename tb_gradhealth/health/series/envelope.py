"""What is left of records that were thinned out: smallest, largest and mean of each number in their cell."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from tb_gradhealth.health.arrays import Ints
from tb_gradhealth.record import Record, RowTable
from tb_gradhealth.record.columns import MAGNITUDES

Packed = npt.NDArray[np.float32]


class Layout:
    """Where the numbers of one row table lie in an envelope, which holds only what is ever written.

    Magnitude histograms are left out: a packed column has no order, and a cell's own is sample enough.

    Attributes:
        kept: which of the written numbers an envelope holds, bool [numbers].
    """

    def __init__(self, table: RowTable) -> None:
        """The layout of a table's envelopes.

        Args:
            table: describes the records.
        """
        width = len(table.columns)
        plain = np.array([name not in MAGNITUDES for name in table.columns], bool)
        self.kept = plain[table.written % width] if width else np.ones(table.written.size, bool)
        self._place = np.full(len(table.rows) * width, -1, np.int32)
        self._place[table.written[self.kept]] = np.arange(np.count_nonzero(self.kept))
        self._width = width

    def places(self, rows: Ints, column: int) -> npt.NDArray[np.int32]:
        """Where a column of some rows lies in an envelope, int32 [rows]; -1 for never written."""
        return self._place[rows * self._width + column]


@dataclass(frozen=True)
class Envelope:
    """A cell of consecutive records, for each of a layout's numbers; float32 arrays of shape [numbers].

    NaN, which is "not measured", counts for nothing as long as one record of the cell has a number.

    Attributes:
        low: the smallest.
        high: the largest.
        mean: the mean, each record weighing the same.
        records: how many records the cell holds.
        last_step: the last one's step.
    """

    low: Packed
    high: Packed
    mean: Packed
    records: int
    last_step: int

    @classmethod
    def of(cls, record: Record, layout: Layout) -> "Envelope":
        """The cell of a single record."""
        numbers = record.written[layout.kept]
        return cls(numbers, numbers, numbers, 1, record.step)

    @property
    def nbytes(self) -> int:
        """Bytes of the three arrays."""
        return 3 * self.low.nbytes

    def joined(self, later: "Envelope") -> "Envelope":
        """This cell and the one after it, of the same layout, as one."""
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
