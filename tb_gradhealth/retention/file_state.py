"""The state of a file that must not change while it is pruned, and whether a program is writing it."""

import errno
import os
import signal
import stat
from dataclasses import dataclass

from tb_gradhealth.retention.platform_locks import fcntl


class ChangedError(OSError):
    """A file has changed since it was surveyed."""


@dataclass(frozen=True)
class FileState:
    """A file's identity, size in bytes, and modification time in nanoseconds since the epoch."""

    device: int
    inode: int
    size: int
    modified: int

    @classmethod
    def of(cls, path: str) -> "FileState":
        """The current state of a file.

        Raises:
            OSError: it is not accessible, or not a regular file.
        """
        found = os.lstat(path)
        if not stat.S_ISREG(found.st_mode):
            raise OSError(errno.EINVAL, "not a regular file", path)
        return cls(found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns)

    def check(self, path: str) -> None:
        """Check that a file still has this state and that no program has it open for writing.

        Raises:
            ChangedError: it has another state, or is gone, or is open for writing.
        """
        try:
            changed = FileState.of(path) != self
        except OSError:
            changed = True
        if changed or is_open_for_writing(path):
            raise ChangedError(errno.EBUSY, "was changed meanwhile", path)


def is_open_for_writing(path: str) -> bool:
    """Whether a program on this machine has a file open for writing, where Linux can say so; else False.

    A notebook that waits keeps its event file open for hours: the time of the last modification does not show
    that it will go on. The kernel grants a read lease only on a file that nobody has open for writing.
    """
    if not hasattr(fcntl, "F_SETLEASE"):
        return False
    try:
        descriptor = os.open(path, os.O_RDONLY)
    except OSError:
        return False  # reported by whoever reads it
    try:
        # A program that opens the file now sends a signal, which ends this process unless it is ignored.
        fcntl.fcntl(descriptor, fcntl.F_SETSIG, signal.SIGURG)
        fcntl.fcntl(descriptor, fcntl.F_SETLEASE, fcntl.F_RDLCK)
        fcntl.fcntl(descriptor, fcntl.F_SETLEASE, fcntl.F_UNLCK)
    except OSError as error:
        return error.errno == errno.EAGAIN
    finally:
        os.close(descriptor)
    return False
