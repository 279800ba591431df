"""Storage on the local file system."""

import errno
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from typing import BinaryIO, Final

from tb_gradhealth.events.storage.interface import FolderVersion, FoundFile, ListedFolder, Status

MAX_FOLDERS: Final = 100_000
"""Limits the walk of a symbolic link to ``/``."""


class LocalStorage:
    """Files by their paths. Symbolic links to folders are followed unless they form a cycle."""

    def kind(self, path: str) -> str:
        """As in `Storage`."""
        try:
            status = os.stat(path)
        except (FileNotFoundError, NotADirectoryError):
            return ""
        return "folder" if stat.S_ISDIR(status.st_mode) else "file"

    def walk(self, root: str) -> Iterator[FoundFile | ListedFolder | tuple[str, str]]:
        """As in `Storage`; without a file's status: a ``stat`` per file would take most of the time."""
        # For each folder: its path relative to the root, and the real paths of the folders above it.
        pending: list[tuple[str, tuple[str, ...]]] = [("", (os.path.realpath(root),))]
        for _ in range(MAX_FOLDERS):
            if not pending:
                return
            folder, parents = pending.pop()
            path = os.path.join(root, folder) if folder else root
            yield ListedFolder(path, folder_version(path))
            try:
                with os.scandir(path) as scan:
                    entries = sorted(scan, key=lambda entry: entry.name)
            except OSError as error:
                yield folder, f"cannot be listed: {error.strerror}"
                continue
            for entry in entries:
                if not _is_folder(entry):
                    yield FoundFile(entry.path, folder, entry.name, None)
                    continue
                real = os.path.join(parents[-1], entry.name)
                if entry.is_symlink():
                    real = os.path.realpath(entry.path)
                if real not in parents:
                    pending.append((os.path.join(folder, entry.name), (*parents, real)))
        yield "", f"more than {MAX_FOLDERS} folders, the others were not searched"

    def status(self, path: str) -> Status:
        """As in `Storage`."""
        return _status(os.stat(path))

    @contextmanager
    def opened(self, path: str, known: Status | None = None) -> Iterator[tuple["_OpenedFile", Status]]:
        """As in `Storage`."""
        if not stat.S_ISREG(os.stat(path).st_mode):
            # Opening a named pipe blocks until it has a writer.
            raise OSError(errno.EINVAL, "not a regular file")
        with open(path, "rb", buffering=0) as file:
            yield _OpenedFile(file), _status(os.fstat(file.fileno()))


class _OpenedFile:
    def __init__(self, file: BinaryIO) -> None:
        self._file = file

    def at(self, offset: int, count: int) -> bytes:
        """As in `OpenedFile`; an unbuffered read can return fewer bytes than the file has."""
        self._file.seek(offset)
        parts = []
        while count > 0 and (part := self._file.read(count)):
            parts.append(part)
            count -= len(part)
        return parts[0] if len(parts) == 1 else b"".join(parts)


def folder_version(path: str) -> FolderVersion | None:
    """The current version of a folder; None where it is not accessible."""
    try:
        status = os.stat(path)
    except OSError:
        return None
    return FolderVersion(status.st_mtime, (status.st_mtime_ns, status.st_dev, status.st_ino))


def _status(result: os.stat_result) -> Status:
    return Status(
        size=result.st_size,
        version=result.st_mtime_ns,
        identity=(result.st_dev, result.st_ino),
        regular=stat.S_ISREG(result.st_mode),
        written=result.st_mtime,
    )


def _is_folder(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir()
    except OSError:
        return False
