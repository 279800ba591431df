"""What every storage can do."""

from collections.abc import Hashable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import NamedTuple, Protocol


@dataclass(frozen=True)
class Status:
    """A file as it is now.

    Attributes:
        size: bytes.
        version: differs after each time it was written to: nanoseconds, or a storage's own mark.
        identity: which file it is, however often it is written to; None where a storage has no such mark.
        regular: whether it is a plain file; opening anything else may wait for ever.
        written: when it was last written to, in seconds since the epoch; 0 where that is not known.
    """

    size: int
    version: Hashable
    identity: Hashable
    regular: bool
    written: float


@dataclass(frozen=True)
class Found:
    """A file that a walk came by.

    Attributes:
        path: where to read it.
        folder: its folder, relative to where the walk began, with slashes between; empty for that one itself.
        name: its name in the folder.
        status: what the walk learnt of it, None where it did not ask.
    """

    path: str
    folder: str
    name: str
    status: Status | None


class Mark(NamedTuple):
    """A folder as it was listed: another one after something appeared in it, was renamed or vanished.

    Attributes:
        changed: when that was last, in seconds since the epoch.
        version: the same more exactly, and which folder it is.
    """

    changed: float
    version: Hashable


@dataclass(frozen=True)
class Listed:
    """A folder that a walk has listed.

    Attributes:
        path: where it lies.
        mark: what it was just before, None where that is not known.
    """

    path: str
    mark: Mark | None


class Opened(Protocol):
    """A file's bytes."""

    def at(self, offset: int, count: int) -> bytes:
        """Up to ``count`` bytes from an offset; fewer only where the file ends.

        Raises:
            OSError: it cannot be read now.
        """


class Storage(Protocol):
    """Reads, and never writes. Whatever goes wrong is an `OSError` whose text is for people."""

    def kind(self, path: str) -> str:
        """``"folder"``, ``"file"`` or ``""`` for what is not there."""

    def walk(self, root: str) -> Iterator[Found | Listed | tuple[str, str]]:
        """Every file below a folder, or a folder that could not be looked into with the reason.

        Where folders can be asked whether they changed, also those that were listed.
        """

    def status(self, path: str) -> Status:
        """A file as it is now.

        Raises:
            FileNotFoundError: there is none.
        """

    def opened(self, path: str, known: Status | None) -> AbstractContextManager[tuple[Opened, Status]]:
        """A file to read from, with the status of the very file that is read.

        Args:
            path: the file.
            known: its status, where that was just learnt and asking again would take a round trip.

        Raises:
            OSError: it cannot be read now, or is no regular file.
        """
