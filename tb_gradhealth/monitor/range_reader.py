"""Reads a range of steps from the event files again where the history keeps only buckets."""

import threading
import time
from collections import OrderedDict
from collections.abc import Hashable, Sequence
from typing import Final

from tb_gradhealth.events import EventFile, RunReader
from tb_gradhealth.health.series import Buckets, History, StepRange, query_series
from tb_gradhealth.record import Record, RowTable

MAX_RECORDS: Final = 16_384
"""Records of one tensor in a range; a chart has at most 4,096 points."""

MAX_SECONDS: Final = 5.0
"""Reading time of one request."""

MAX_BYTES: Final = 1 << 30
"""Size of a run's event files above which they are not read again: four times the default size budget."""

MAX_CACHED_RANGES: Final = 8


class RangeTooLargeError(Exception):
    """The range, or the time it takes to read it, exceeds the limits of one request."""


class RangeReader:
    """Reads one tensor in one range of steps incrementally: each record of the files is read once."""

    def __init__(self, kind: str, tensor: str, steps: StepRange) -> None:
        """Create a reader that has read nothing.

        Args:
            kind: kind of the tensor's row.
            tensor: name of the tensor.
            steps: first and last step, both included.
        """
        self._row = kind, tensor
        self._first, self._last = steps
        self._reader = RunReader()
        self._histories: dict[str, History] = {}
        self._tables: dict[str, tuple[RowTable, int] | None] = {}

    def histories(self, files: Sequence[EventFile]) -> list[History]:
        """Read new records; return one history of the range for each recorder that measures the tensor.

        Raises:
            RangeTooLargeError: the range has too many records or takes too long to read.
        """
        if self._reader.stale(files) is not None:
            self._reader, self._histories = RunReader(), {}
        end = time.monotonic() + MAX_SECONDS
        for content in self._reader.read(files):
            if not isinstance(content, Record):
                continue
            self._add(content)
            if time.monotonic() > end:
                raise RangeTooLargeError
        return list(self._histories.values())

    def _add(self, record: Record) -> None:
        single = self._single_row(record.table)
        if single is None:
            return
        table, index = single
        history = self._histories.setdefault(table.stream, History())
        newest = history.newest()
        if record.step < self._first and newest is not None:
            self._histories[table.stream] = History()  # training restarted before the range
        elif self._first <= record.step <= self._last:
            history.append(Record(record.step, record.wall_time, table, record.part([index], slice(None))))
            if len(history.points) > MAX_RECORDS:
                raise RangeTooLargeError

    def _single_row(self, table: RowTable) -> tuple[RowTable, int] | None:
        """A table with only the requested row, and the row's index in ``table``; None where it is absent."""
        if table.id not in self._tables:
            rows = [(row.kind, row.tensor) for row in table.rows]
            if self._row in rows:
                index = rows.index(self._row)
                row = RowTable((table.rows[index],), table.columns, table.stream, layouts=table.layouts)
                self._tables[table.id] = row, index
            else:
                self._tables[table.id] = None
        return self._tables[table.id]


class RangeCache:
    """Readers of the most recently requested ranges. One range is read at a time, since each uses a core."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._readers: OrderedDict[Hashable, RangeReader | None] = OrderedDict()

    def series(
        self,
        run: str,
        files: Sequence[EventFile],
        kind: str,
        tensor: str,
        columns: Sequence[str],
        steps: StepRange,
        points: int,
    ) -> dict[str, Buckets] | None:
        """Columns of a row in a range as in `query_series`; None where it is too large or has no record."""
        key = run, kind, tensor, steps
        with self._lock:
            reader = self._readers.pop(key, RangeReader(kind, tensor, steps))
            series = None
            try:
                if reader is not None and sum(_size(file) for file in files) <= MAX_BYTES:
                    series = query_series(reader.histories(files), kind, tensor, columns, steps, points)
            except RangeTooLargeError:
                reader = None  # a tab that polls must not repeat the failed reading
            except KeyError:
                pass  # no record has the tensor yet
            self._readers[key] = reader
            if len(self._readers) > MAX_CACHED_RANGES:
                self._readers.popitem(last=False)
            return series


def _size(file: EventFile) -> int:
    try:
        return file.current_status().size
    except OSError:
        return 0  # the run's own reader reports it
