"""Reads one event file incrementally: each reading yields the records written since the last one."""

from collections.abc import Hashable, Iterator
from typing import Final, Literal

from tb_gradhealth.events.framing import HEADER, Fault, Frame, decode
from tb_gradhealth.events.storage import Status, is_remote, storage_of
from tb_gradhealth.events.storage.interface import OpenedFile

CHUNK: Final = 1 << 20
REMOTE_CHUNK: Final = 8 << 20
"""Bytes of one read; on remote storage each read takes a round trip."""

MAX_RECORD_BYTES: Final = 128 << 20
"""Longest record held in memory. Records of the plugin are shorter (a million tensors take 100 MB); longer
ones, such as graphs, are skipped."""

HEAD: Final = 256
"""Bytes at the start of a file by which a rewritten file is told from one that has grown."""

State = Literal["same", "grown", "replaced", "gone"]


class Tail:
    """A position in one event file. No file stays open between readings."""

    def __init__(self, path: str, containing: bytes = b"") -> None:
        """Start at the beginning of a file.

        Args:
            path: the file, which need not exist yet.
            containing: only records that contain these bytes are yielded.
        """
        self.path = path
        self._storage = storage_of(path)
        self._chunk = REMOTE_CHUNK if is_remote(path) else CHUNK
        self._containing = containing
        self._offset = 0
        self._start = b""
        self._over = False
        self._faulty = False
        self._identity: Hashable = None
        self._last_read: tuple[int, Hashable] | None = None
        self._last_smaller: tuple[Status, State] | None = None

    @property
    def offset(self) -> int:
        """Bytes read so far, including skipped ones."""
        return self._offset

    @property
    def begun(self) -> bool:
        """Whether any record of the file was read."""
        return self._offset > 0

    @property
    def unfinished(self) -> int | None:
        """Offset of a record that was incomplete at the last reading; None without one."""
        if self._last_read is None or self._over or self._last_read[0] <= self._offset:
            return None
        return self._offset

    def state(self, known: Status | None = None) -> State:
        """How the file has changed since the last reading.

        A file that has become smaller, has another identity or begins differently is ``"replaced"``: the
        records read from it are no longer valid.

        Args:
            known: its status where the caller has just read it.

        Raises:
            OSError: it exists but is not accessible.
        """
        try:
            status = known or self._storage.status(self.path)
        except FileNotFoundError:
            return "gone"
        if (status.size, status.version) == self._last_read and status.identity == self._identity:
            self._last_smaller = None
            return "same"
        if self._identity is not None and status.identity != self._identity:
            return "replaced"
        if status.size < self._offset:
            return self._smaller(status)
        self._last_smaller = None
        if self._faulty and self._last_read is not None and status.size == self._last_read[0]:
            return "replaced"  # an undamaged copy may have overwritten it
        if self._start and status.regular:
            with self._storage.opened(self.path, status) as (file, _):
                if file.at(0, len(self._start)) != self._start:
                    return "replaced"
        return "grown"

    def read(self, known: Status | None = None) -> Iterator[Frame | Fault]:
        """Yield new records and damage in file order, holding a bounded piece of the file at a time.

        Args:
            known: its status where the caller has just read it.

        Raises:
            OSError: the file cannot be read now; the next reading continues at the same offset.
        """
        with self._storage.opened(self.path, known) as (file, status):
            if self._identity not in (None, status.identity):
                return  # replaced since its state was read; the next call of `state` returns it
            self._identity = status.identity
            yield from self._pieces(file, status.size)
        self._last_read = (status.size, status.version)

    def _pieces(self, file: OpenedFile, size: int) -> Iterator[Frame | Fault]:
        required = HEADER
        while not self._over and size - self._offset >= required:
            if required > MAX_RECORD_BYTES:
                self._offset, required = self._offset + required, HEADER
                continue
            piece = file.at(self._offset, max(self._chunk, required))
            if len(piece) < required:
                return  # truncated since its size was read
            if len(self._start) < HEAD and self._offset <= len(self._start):
                self._start = (self._start[: self._offset] + piece)[:HEAD]
            decoded = decode(piece, self._offset, self._containing, last=True)
            if decoded.blank and not self._is_blank(file, self._offset + len(piece), size):
                decoded = decode(piece, self._offset, self._containing)
            self._offset += decoded.consumed
            self._over, required = decoded.over, decoded.required
            self._faulty |= bool(decoded.faults)
            yield from decoded.frames
            yield from decoded.faults
            if decoded.blank:
                return

    def _smaller(self, status: Status) -> State:
        """The state of a file that is smaller than before: rewritten, or reported by an outdated listing.

        Where the storage has no identity of files, two listings with the same size are required.
        """
        before = self._last_smaller
        if before is not None and before[0] is status:
            return before[1]
        confirmed = before is not None and before[0].size == status.size
        state: State = "replaced" if status.identity is not None or confirmed else "same"
        self._last_smaller = status, state
        return state

    def _is_blank(self, file: OpenedFile, offset: int, size: int) -> bool:
        """Whether only zeros follow an offset: bytes that may not have arrived yet."""
        while offset < size:
            piece = file.at(offset, self._chunk)
            if not piece or piece.count(0) != len(piece):
                return False
            offset += len(piece)
        return True
