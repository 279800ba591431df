"""A range of steps read from the event files again, every record of it, where memory holds only cells."""

import threading
import time
from collections import OrderedDict
from collections.abc import Hashable, Sequence
from typing import Final

from tb_gradhealth.events import EventFile, RunReader
from tb_gradhealth.health.series import Buckets, History, StepRange, query_series
from tb_gradhealth.record import Record, RowTable

MOST_RECORDS: Final = 16_384
"""Records of one tensor that are held for a range; a chart has 4,096 points at most."""

PATIENCE: Final = 5.0
"""Seconds that one question may read."""

LARGEST: Final = 1 << 30
"""Bytes of event files beyond which they are not read again: four times a recorder's budget of a run."""

MOST_ZOOMS: Final = 8
"""Ranges that are remembered, the last ones asked for."""


class TooMuchError(Exception):
    """The range or its files are larger than what is read for one chart."""


class Zoom:
    """One tensor in one range of steps, followed while its run is written: each record is read once."""

    def __init__(self, kind: str, tensor: str, steps: StepRange) -> None:
        """A range of which nothing was read.

        Args:
            kind: what of the tensor.
            tensor: its name.
            steps: the first and the last step.
        """
        self._row = kind, tensor
        self._first, self._last = steps
        self._reader = RunReader()
        self._histories: dict[str, History] = {}
        self._tables: dict[str, tuple[RowTable, int] | None] = {}

    def histories(self, files: Sequence[EventFile]) -> list[History]:
        """What the files hold of the range now, a history for each recorder that measured the tensor.

        Raises:
            TooMuchError: it is more than is read for one chart.
        """
        if self._reader.stale(files) is not None:
            self._reader, self._histories = RunReader(), {}
        end = time.monotonic() + PATIENCE
        for content in self._reader.read(files):
            if not isinstance(content, Record):
                continue
            self._add(content)
            if time.monotonic() > end:
                raise TooMuchError
        return list(self._histories.values())

    def _add(self, record: Record) -> None:
        narrow = self._narrow(record.table)
        if narrow is None:
            return
        table, place = narrow
        history = self._histories.setdefault(table.stream, History())
        newest = history.newest()
        if record.step < self._first and newest is not None:
            self._histories[table.stream] = History()  # training went back before all of the range
        elif self._first <= record.step <= self._last:
            history.append(Record(record.step, record.wall_time, table, record.part([place], slice(None))))
            if len(history.points) > MOST_RECORDS:
                raise TooMuchError

    def _narrow(self, table: RowTable) -> tuple[RowTable, int] | None:
        """A table of the one row, and where the row is in the whole one; None for a table without it."""
        if table.id not in self._tables:
            rows = [(row.kind, row.tensor) for row in table.rows]
            place = rows.index(self._row) if self._row in rows else None
            if place is None:
                self._tables[table.id] = None
            else:
                row = RowTable((table.rows[place],), table.columns, table.stream, layouts=table.layouts)
                self._tables[table.id] = row, place
        return self._tables[table.id]


class Zooms:
    """The ranges asked for lately. One is read at a time: each takes a core, and there are other requests."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._zooms: OrderedDict[Hashable, Zoom | None] = OrderedDict()

    def series(
        self,
        run: str,
        files: Sequence[EventFile],
        kind: str,
        tensor: str,
        columns: Sequence[str],
        steps: StepRange,
        most: int,
    ) -> dict[str, Buckets] | None:
        """Columns of a row in a range as in `query_series`; None where it is too much or not there."""
        key = run, kind, tensor, steps
        with self._lock:
            zoom = self._zooms.pop(key, Zoom(kind, tensor, steps))
            found = None
            try:
                if zoom is not None and sum(_size(file) for file in files) <= LARGEST:
                    found = query_series(zoom.histories(files), kind, tensor, columns, steps, most)
            except TooMuchError:
                zoom = None  # a page that polls must not cost so much each time
            except KeyError:
                pass  # the tensor is in none of the records yet
            self._zooms[key] = zoom
            if len(self._zooms) > MOST_ZOOMS:
                self._zooms.popitem(last=False)
            return found


def _size(file: EventFile) -> int:
    try:
        return file.now().size
    except OSError:
        return 0  # said where the run is read
