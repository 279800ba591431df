"""One event file followed while it grows: each reading yields the records that are new."""

import errno
import os
import stat
from collections.abc import Iterator
from typing import BinaryIO, Final, Literal

from tb_gradhealth.events.framing import HEADER, Fault, Frame, decode

CHUNK: Final = 1 << 20
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
        self._containing = containing
        self._offset = 0
        self._head = b""
        self._over = False
        self._identity: tuple[int, int] | None = None
        self._seen: tuple[int, int] | None = None

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

    def state(self) -> State:
        """What became of the file since it was last read.

        A file that shrank, is another file by now, or begins differently is ``"replaced"``: what was
        read from it is no longer true.

        Raises:
            OSError: it is there but cannot be looked at.
        """
        try:
            status = os.stat(self.path)
        except FileNotFoundError:
            return "gone"
        if (status.st_size, status.st_mtime_ns) == self._seen and self._is(status):
            return "same"
        if self._identity is not None and not self._is(status):
            return "replaced"
        if status.st_size < self._offset:
            return "replaced"
        if self._head and stat.S_ISREG(status.st_mode):
            with open(self.path, "rb") as file:
                if file.read(len(self._head)) != self._head:
                    return "replaced"
        return "grown"

    def read(self) -> Iterator[Frame | Fault]:
        """Everything new, in file order, a bounded piece at a time.

        Raises:
            OSError: the file cannot be read now; the next reading tries again from the same place.
        """
        status = os.stat(self.path)
        if not stat.S_ISREG(status.st_mode):
            # Opening a named pipe would wait for a writer for ever.
            raise OSError(errno.EINVAL, "not a regular file")
        with open(self.path, "rb", buffering=0) as file:
            status = os.fstat(file.fileno())
            self._identity = (status.st_dev, status.st_ino)
            yield from self._pieces(file, status.st_size)
        self._seen = (status.st_size, status.st_mtime_ns)

    def _pieces(self, file: BinaryIO, size: int) -> Iterator[Frame | Fault]:
        wanted = HEADER
        while not self._over and size - self._offset >= wanted:
            if wanted > MAX_HELD:
                self._offset, wanted = self._offset + wanted, HEADER
                continue
            file.seek(self._offset)
            piece = _read(file, max(CHUNK, wanted))
            if len(piece) < wanted:
                return  # it shrank just now
            if len(self._head) < HEAD and self._offset <= len(self._head):
                self._head = (self._head[: self._offset] + piece)[:HEAD]
            decoded = decode(piece, self._offset, self._containing)
            self._offset += decoded.consumed
            self._over, wanted = decoded.over, decoded.wanted
            yield from decoded.frames
            yield from decoded.faults

    def _is(self, status: os.stat_result) -> bool:
        return (status.st_dev, status.st_ino) == self._identity


def _read(file: BinaryIO, count: int) -> bytes:
    """Up to ``count`` bytes: an unbuffered read may bring less than there is."""
    parts = []
    while count > 0 and (part := file.read(count)):
        parts.append(part)
        count -= len(part)
    return b"".join(parts)
