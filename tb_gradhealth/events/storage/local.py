"""The file system of this machine."""

import errno
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from typing import BinaryIO, Final

from tb_gradhealth.events.storage.kinds import Found, Listed, Mark, Status

MAX_FOLDERS: Final = 100_000
"""A link to ``/`` would be walked for ever."""


class Local:
    """Files by their paths. Linked folders are followed, unless they lead back to where they lie."""

    def kind(self, path: str) -> str:
        """What a path leads to."""
        try:
            found = os.stat(path)
        except (FileNotFoundError, NotADirectoryError):
            return ""
        return "folder" if stat.S_ISDIR(found.st_mode) else "file"

    def walk(self, root: str) -> Iterator[Found | Listed | tuple[str, str]]:
        """Every file below a folder, without asking each for its status: that would be most of the work."""
        # Of each folder: its name from the root, and the real folders on the way to it.
        waiting: list[tuple[str, tuple[str, ...]]] = [("", (os.path.realpath(root),))]
        for _ in range(MAX_FOLDERS):
            if not waiting:
                return
            folder, way = waiting.pop()
            path = os.path.join(root, folder) if folder else root
            yield Listed(path, mark_of(path))
            try:
                with os.scandir(path) as scan:
                    entries = sorted(scan, key=lambda entry: entry.name)
            except OSError as error:
                yield folder, f"cannot be listed: {error.strerror}"
                continue
            for entry in entries:
                if not _is_folder(entry):
                    yield Found(entry.path, folder, entry.name, None)
                    continue
                real = (
                    os.path.realpath(entry.path) if entry.is_symlink() else os.path.join(way[-1], entry.name)
                )
                if real not in way:
                    waiting.append((os.path.join(folder, entry.name), (*way, real)))
        yield "", f"more than {MAX_FOLDERS} folders, the others were not looked into"

    def status(self, path: str) -> Status:
        """A file as it is now."""
        return _status(os.stat(path))

    @contextmanager
    def opened(self, path: str, known: Status | None = None) -> Iterator[tuple["_Opened", Status]]:
        """A file to read from, with its own status."""
        if not stat.S_ISREG(os.stat(path).st_mode):
            # Opening a named pipe would wait for a writer for ever.
            raise OSError(errno.EINVAL, "not a regular file")
        with open(path, "rb", buffering=0) as file:
            yield _Opened(file), _status(os.fstat(file.fileno()))


class _Opened:
    def __init__(self, file: BinaryIO) -> None:
        self._file = file

    def at(self, offset: int, count: int) -> bytes:
        """An unbuffered read may bring less than there is."""
        self._file.seek(offset)
        parts = []
        while count > 0 and (part := self._file.read(count)):
            parts.append(part)
            count -= len(part)
        return parts[0] if len(parts) == 1 else b"".join(parts)


def mark_of(path: str) -> Mark | None:
    """What a folder is now; None where it cannot be looked at."""
    try:
        found = os.stat(path)
    except OSError:
        return None
    return Mark(found.st_mtime, (found.st_mtime_ns, found.st_dev, found.st_ino))


def _status(found: os.stat_result) -> Status:
    return Status(
        size=found.st_size,
        version=found.st_mtime_ns,
        identity=(found.st_dev, found.st_ino),
        regular=stat.S_ISREG(found.st_mode),
        written=found.st_mtime,
    )


def _is_folder(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir()
    except OSError:
        return False
