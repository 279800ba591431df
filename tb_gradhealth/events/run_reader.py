"""Reads the event files of one run, in order, as one stream of records."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress

from tb_gradhealth.events.discovery import EventFile
from tb_gradhealth.events.event_interpreter import (
    MAX_TABLES,
    PLUGIN_BYTES,
    EventInterpreter,
    UnusableValue,
    tables_in,
)
from tb_gradhealth.events.framing import Fault, Frame
from tb_gradhealth.events.problems import Problem, ProblemLog
from tb_gradhealth.events.tail import Tail
from tb_gradhealth.record import Content, RowTable

_UNREADABLE = "unreadable"


class RunReader:
    """Reads a run's files incrementally. One thread reads; others may read its properties meanwhile.

    Files are read one after the other in the order of their names, which begin with the time of their
    creation. The records read are valid only as long as the files stay the same: see `stale`.
    """

    def __init__(self) -> None:
        self._files: tuple[EventFile, ...] = ()
        self._failed = False
        self._position: tuple[EventFile, int] | None = None
        self._tails: dict[str, Tail] = {}
        self._log = ProblemLog()
        self._interpreter = EventInterpreter(self._tables_elsewhere)
        self._searched: frozenset[str] = frozenset()
        self._other_tables: dict[str, RowTable] = {}

    @property
    def has_plugin_data(self) -> bool:
        """Whether the run has any value of the plugin, readable or not, or a file in a recorder's folder."""
        return self._interpreter.has_plugin_data or any(file.recorder for file in self._files)

    @property
    def position(self) -> tuple[EventFile, int] | None:
        """File and offset of the event that holds what `read` has yielded last; None before the first."""
        return self._position

    @property
    def bytes_read(self) -> int:
        """Bytes read of all files, including skipped records."""
        return sum(tail.offset for tail in list(self._tails.values()))

    def read_files(self) -> tuple[tuple[str, str, int], ...]:
        """Of each file its path below the log directory, the path to open it by, and the bytes read."""
        return tuple((file.shown, file.path, self._tails[file.path].offset) for file in self._files)

    def problems(self) -> tuple[Problem, ...]:
        """What could not be read so far; at most `MAX_PROBLEMS` entries and their count."""
        return self._log.problems()

    def unfinished(self) -> tuple[Problem, ...]:
        """Files that end within a record: it is still being written, or its writer was interrupted."""
        message = "ends within a record: still being written, or its writer was cut off"
        return tuple(
            Problem(file.shown, offset, message)
            for file in self._files
            if (offset := self._tails[file.path].unfinished) is not None
        )

    def stale(self, files: Sequence[EventFile]) -> Problem | None:
        """Why the records read are invalid and a new reader must start over; None where they are valid.

        Args:
            files: the run's current files.
        """
        statuses = {file.path: file.status for file in files}
        for file in self._files:
            tail = self._tails[file.path]
            if not tail.begun:
                continue
            try:
                # A file missing from the listing may still exist: a shared disk can return an outdated
                # listing.
                state = tail.state(statuses.get(file.path))
            except OSError:
                continue  # reported by `read`
            if state in ("gone", "replaced"):
                what = "was replaced by another file" if state == "replaced" else "was removed"
                return Problem(
                    file.shown, None, f"{what} after it was read, the run was read again from its start"
                )
        return self._out_of_order(files)

    def is_unchanged(self, files: Sequence[EventFile]) -> bool:
        """Whether these files have no new bytes since the last successful reading."""
        if self._failed or tuple(files) != self._files:
            return False
        try:
            return all(self._tails[file.path].state(file.status) == "same" for file in files)
        except OSError:
            return False  # reported by `read`

    def read(self, files: Sequence[EventFile]) -> Iterator[Content]:
        """Yield the records, steps and epochs written since the last reading, in the order of the files.

        Args:
            files: the run's current files, ordered.
        """
        for file in files:
            if file.path not in self._tails:
                self._tails[file.path] = Tail(file.path, PLUGIN_BYTES)
        self._files, self._failed = tuple(files), False
        for file in self._files:
            tail = self._tails[file.path]
            try:
                if tail.state(file.status) != "same":
                    yield from self._read(file, tail)
                self._log.remove(file.shown, _UNREADABLE)
            except OSError as error:
                self._failed = True
                self._log.remove(file.shown, _UNREADABLE)
                self._log.add(file.shown, _UNREADABLE, None, f"cannot be read: {error.strerror or error}")

    def _read(self, file: EventFile, tail: Tail) -> Iterator[Content]:
        match_template = self._interpreter.match_template
        for item in tail.read(file.status):
            if isinstance(item, Fault):
                self._log.add(file.shown, item.message, item.offset, item.message)
                continue
            self._position = file, item.offset
            record = match_template(item.payload)
            if record is not None:
                yield record
                continue
            for content in self._interpreter.interpret(item.payload):
                if isinstance(content, UnusableValue):
                    self._log.add(file.shown, content.kind, item.offset, content.message)
                else:
                    yield content

    def _out_of_order(self, files: Sequence[EventFile]) -> Problem | None:
        """A problem where a new file sorts before one already read: its records would be out of order."""
        new = [file for file in files if file.path not in self._tails]
        for file in new:
            if any(old.order > file.order and self._tails[old.path].begun for old in self._files):
                return Problem(
                    file.shown,
                    None,
                    "appeared before files already read, the run was read again from its start",
                )
        return None

    def _tables_elsewhere(self) -> Mapping[str, RowTable]:
        """Every table in the run's files, for records that precede theirs; searched once per set of files."""
        paths = frozenset(file.path for file in self._files)
        if paths != self._searched:
            self._searched = paths
            self._other_tables = {}
            for path in paths:
                with suppress(OSError):  # reported when the file itself is read
                    for item in Tail(path, PLUGIN_BYTES).read():
                        if isinstance(item, Frame) and len(self._other_tables) < MAX_TABLES:
                            self._other_tables.update(tables_in(item.payload))
        return self._other_tables
