"""One run: its event files, in order, as one stream of records."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress

from tb_gradhealth.events.contents import MAX_TABLES, OURS, Contents, Trouble, tables_in
from tb_gradhealth.events.discovery import EventFile
from tb_gradhealth.events.framing import Fault, Frame
from tb_gradhealth.events.problems import Problem, ProblemLog
from tb_gradhealth.events.tail import Tail
from tb_gradhealth.record import Content, RowTable

_UNREADABLE = "unreadable"


class RunReader:
    """Reads a run's files incrementally. One thread reads; others may meanwhile ask how far it is.

    Files are read one after the other in the order of their names, which begin with the time they
    were made. What was read stays true only while the files stay: see `stale`.
    """

    def __init__(self) -> None:
        self._files: tuple[EventFile, ...] = ()
        self._failed = False
        self._tails: dict[str, Tail] = {}
        self._log = ProblemLog()
        self._contents = Contents(self._tables_elsewhere)
        self._searched: frozenset[str] = frozenset()
        self._found: dict[str, RowTable] = {}

    @property
    def ours(self) -> bool:
        """Whether the run holds anything of ours, readable or not, or a recorder's own file."""
        return self._contents.ours or any(file.recorder for file in self._files)

    @property
    def bytes_read(self) -> int:
        """Of all files, those stepped over unread included."""
        return sum(tail.offset for tail in list(self._tails.values()))

    def problems(self) -> tuple[Problem, ...]:
        """What could not be read so far, at most a few dozen lines."""
        return self._log.problems()

    def unfinished(self) -> tuple[Problem, ...]:
        """Files that end within a record: someone is writing it, or was cut off. No trouble in itself."""
        message = "ends within a record: still being written, or its writer was cut off"
        return tuple(
            Problem(file.shown, offset, message)
            for file in self._files
            if (offset := self._tails[file.path].unfinished) is not None
        )

    def stale(self, files: Sequence[EventFile]) -> Problem | None:
        """Why what was read is no longer what the files say; a new reader must start over then.

        Args:
            files: the run's files as they are now.
        """
        now = {file.path: file.status for file in files}
        for file in self._files:
            tail = self._tails[file.path]
            if not tail.begun:
                continue
            try:
                # One that a listing left out is asked for: a shared disk may show its folder as it was.
                state = tail.state(now.get(file.path))
            except OSError:
                continue  # reading it says so
            if state in ("gone", "replaced"):
                what = "was replaced by another file" if state == "replaced" else "was removed"
                return Problem(
                    file.shown, None, f"{what} while it was watched, the run was read again from its start"
                )
        return self._came_late(files)

    def same(self, files: Sequence[EventFile]) -> bool:
        """Whether a reading would find nothing: these were the files, and none of them was written to."""
        if self._failed or tuple(files) != self._files:
            return False
        try:
            return all(self._tails[file.path].state(file.status) == "same" for file in files)
        except OSError:
            return False  # reading it says so

    def read(self, files: Sequence[EventFile]) -> Iterator[Content]:
        """All records, steps and epochs that are new since the last reading, in the order of the files.

        Args:
            files: the run's files as they are now, ordered.
        """
        for file in files:
            if file.path not in self._tails:
                self._tails[file.path] = Tail(file.path, OURS)
        self._files, self._failed = tuple(files), False
        for file in self._files:
            tail = self._tails[file.path]
            try:
                if tail.state(file.status) != "same":
                    yield from self._read(file, tail)
                self._log.forget(file.shown, _UNREADABLE)
            except OSError as error:
                self._failed = True
                self._log.forget(file.shown, _UNREADABLE)
                self._log.add(file.shown, _UNREADABLE, None, f"cannot be read: {error.strerror or error}")

    def _read(self, file: EventFile, tail: Tail) -> Iterator[Content]:
        known = self._contents.record
        for item in tail.read(file.status):
            if isinstance(item, Fault):
                self._log.add(file.shown, item.message, item.offset, item.message)
                continue
            record = known(item.payload)
            if record is not None:
                yield record
                continue
            for found in self._contents.interpret(item.payload):
                if isinstance(found, Trouble):
                    self._log.add(file.shown, found.kind, item.offset, found.message)
                else:
                    yield found

    def _came_late(self, files: Sequence[EventFile]) -> Problem | None:
        """A file that sorts before one already read: its records would come out of order."""
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
        """Every table in the run's files, searched once for each set of files.

        Reading on brings the tables of later files anyway; this is for records that come before them.
        """
        paths = frozenset(file.path for file in self._files)
        if paths != self._searched:
            self._searched = paths
            self._found = {}
            for path in paths:
                with suppress(OSError):  # said when its turn comes
                    for item in Tail(path, OURS).read():
                        if isinstance(item, Frame) and len(self._found) < MAX_TABLES:
                            self._found.update(tables_in(item.payload))
        return self._found
