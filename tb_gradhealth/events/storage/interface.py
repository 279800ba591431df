"""The interface that every storage implements, and its values."""

from collections.abc import Hashable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import NamedTuple, Protocol


@dataclass(frozen=True)
class Status:
    """The state of a file at one time.

    Attributes:
        size: bytes.
        version: changes with each modification: a time in nanoseconds, or the storage's own version mark.
        identity: identifies the file across modifications; None where the storage has no such identifier.
        regular: whether it is a regular file; opening any other kind may block forever.
        written: time of the last modification in seconds since the epoch; 0 where it is unknown.
    """

    size: int
    version: Hashable
    identity: Hashable
    regular: bool
    written: float


@dataclass(frozen=True)
class FoundFile:
    """A file found by a walk.

    Attributes:
        path: path or address to open it by.
        folder: its folder relative to the root of the walk, separated by slashes; empty for the root.
        name: its name in the folder.
        status: its status where the walk provides it, else None.
    """

    path: str
    folder: str
    name: str
    status: Status | None


class FolderVersion(NamedTuple):
    """The version of a folder's entries: differs after an entry was added, renamed or removed.

    Attributes:
        changed: time of the last such change in seconds since the epoch.
        identity: the same time in nanoseconds, with the folder's device and inode.
    """

    changed: float
    identity: Hashable


@dataclass(frozen=True)
class ListedFolder:
    """A folder listed by a walk.

    Attributes:
        path: its path.
        version: its version just before it was listed, None where it is unknown.
    """

    path: str
    version: FolderVersion | None


class OpenedFile(Protocol):
    """A file opened for reading."""

    def at(self, offset: int, count: int) -> bytes:
        """Up to ``count`` bytes from an offset; fewer only at the end of the file.

        Raises:
            OSError: the file cannot be read now.
        """


class Storage(Protocol):
    """Read-only access to files. Every failure is an `OSError` with a readable text."""

    def kind(self, path: str) -> str:
        """``"folder"``, ``"file"``, or ``""`` where nothing exists."""

    def walk(self, root: str) -> Iterator[FoundFile | ListedFolder | tuple[str, str]]:
        """Every file below a folder; for a folder that cannot be listed, its relative path and the reason.

        A storage whose folders have versions also yields each folder that it lists.
        """

    def status(self, path: str) -> Status:
        """The current status of a file.

        Raises:
            FileNotFoundError: the file does not exist.
        """

    def opened(self, path: str, known: Status | None) -> AbstractContextManager[tuple[OpenedFile, Status]]:
        """A file opened for reading, with the status of exactly that file.

        Args:
            path: the file.
            known: its status where the caller has just read it, which saves a round trip.

        Raises:
            OSError: it cannot be read now, or is not a regular file.
        """
