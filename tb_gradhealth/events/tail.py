"""One event file followed while it grows: each reading yields the records that are new."""

from collections.abc import Hashable, Iterator
from typing import Final, Literal

from tb_gradhealth.events.framing import HEADER, Fault, Frame, decode
from tb_gradhealth.events.storage import Status, is_remote, storage_of
from tb_gradhealth.events.storage.kinds import Opened

CHUNK: Final = 1 << 20
REMOTE_CHUNK: Final = 8 << 20
"""Bytes that are asked for at once; elsewhere each asking takes a round trip."""

MAX_HELD: Final = 128 << 20
"""The longest record held in memory. Ours stay below it (a million tensors are 100 MB); longer ones
are other people's graphs and are stepped over unread."""

HEAD: Final = 256
"""Bytes at the start that tell a file that was written anew from one that grew."""

State = Literal["same", "grown", "replaced", "gone"]


class Tail:
    """A reader's place in one file. Between readings it holds the place and no open file."""

    def __init__(self, path: str, containing: bytes = b"") -> None:
        """A place at the start.

        Args:
            path: the file, which need not be there yet.
            containing: only records that contain these bytes are of interest.
        """
        self.path = path
        self._storage = storage_of(path)
        self._chunk = REMOTE_CHUNK if is_remote(path) else CHUNK
        self._containing = containing
        self._offset = 0
        self._head = b""
        self._over = False
        self._faulty = False
        self._identity: Hashable = None
        self._seen: tuple[int, Hashable] | None = None
        self._shrunk: tuple[Status, State] | None = None

    @property
    def offset(self) -> int:
        """Bytes that are done with."""
        return self._offset

    @property
    def begun(self) -> bool:
        """Whether anything of the file was read, so that its end is a loss."""
        return self._offset > 0

    @property
    def unfinished(self) -> int | None:
        """Where a record begins that was not whole at the last reading, if there is one."""
        if self._seen is None or self._over or self._seen[0] <= self._offset:
            return None
        return self._offset

    def state(self, known: Status | None = None) -> State:
        """What became of the file since it was last read.

        A file that shrank, is another file by now, or begins differently is ``"replaced"``: what was
        read from it is no longer true.

        Args:
            known: its status, where that was just learnt; it is asked for otherwise.

        Raises:
            OSError: it is there but cannot be looked at.
        """
        try:
            status = known or self._storage.status(self.path)
        except FileNotFoundError:
            return "gone"
        if (status.size, status.version) == self._seen and status.identity == self._identity:
            self._shrunk = None
            return "same"
        if self._identity is not None and status.identity != self._identity:
            return "replaced"
        if status.size < self._offset:
            return self._smaller(status)
        self._shrunk = None
        if self._faulty and self._seen is not None and status.size == self._seen[0]:
            return "replaced"  # a sound copy may have been written over it
        if self._head and status.regular:
            with self._storage.opened(self.path, status) as (file, _):
                if file.at(0, len(self._head)) != self._head:
                    return "replaced"
        return "grown"

    def read(self, known: Status | None = None) -> Iterator[Frame | Fault]:
        """Everything new, in file order, a bounded piece at a time.

        Args:
            known: its status, where that was just learnt.

        Raises:
            OSError: the file cannot be read now; the next reading tries again from the same place.
        """
        with self._storage.opened(self.path, known) as (file, status):
            if self._identity not in (None, status.identity):
                return  # another file took its place since it was looked at; the next look says so
            self._identity = status.identity
            yield from self._pieces(file, status.size)
        self._seen = (status.size, status.version)

    def _pieces(self, file: Opened, size: int) -> Iterator[Frame | Fault]:
        wanted = HEADER
        while not self._over and size - self._offset >= wanted:
            if wanted > MAX_HELD:
                self._offset, wanted = self._offset + wanted, HEADER
                continue
            piece = file.at(self._offset, max(self._chunk, wanted))
            if len(piece) < wanted:
                return  # it shrank just now
            if len(self._head) < HEAD and self._offset <= len(self._head):
                self._head = (self._head[: self._offset] + piece)[:HEAD]
            decoded = decode(piece, self._offset, self._containing, last=True)
            if decoded.blank and not self._is_blank(file, self._offset + len(piece), size):
                decoded = decode(piece, self._offset, self._containing)
            self._offset += decoded.consumed
            self._over, wanted = decoded.over, decoded.wanted
            self._faulty |= bool(decoded.faults)
            yield from decoded.frames
            yield from decoded.faults
            if decoded.blank:
                return

    def _smaller(self, status: Status) -> State:
        """A file that has lost bytes was written anew; a listing may also just be an old one.

        Where the storage has no mark of a file's identity, it is believed when two listings say so.
        """
        before = self._shrunk
        if before is not None and before[0] is status:
            return before[1]
        told_twice = before is not None and before[0].size == status.size
        state: State = "replaced" if status.identity is not None or told_twice else "same"
        self._shrunk = status, state
        return state

    def _is_blank(self, file: Opened, offset: int, size: int) -> bool:
        """Whether nothing but zeros follows: bytes that may not have arrived yet."""
        while offset < size:
            piece = file.at(offset, self._chunk)
            if not piece or piece.count(0) != len(piece):
                return False
            offset += len(piece)
        return True
