"""Temporary files beside the files that they replace, and the removal of those that a killed process left."""

import errno
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import BinaryIO, Final

from tb_gradhealth.retention.platform_locks import fcntl

PREFIX: Final = ".gradhealth-prune-"
SUFFIX: Final = ".tmp"
"""Parts of the name, which must not contain "tfevents": TensorBoard reads every file whose name does."""


@contextmanager
def temporary_file(folder: str) -> Iterator[tuple[str, BinaryIO]]:
    """A new file for writing, in the folder of the file that it is to replace.

    It is removed at the end of the block unless it was renamed. It is locked meanwhile, by which
    `remove_stale` tells it from one that a killed process left.

    Raises:
        OSError: it cannot be created.
    """
    descriptor, path = tempfile.mkstemp(SUFFIX, PREFIX, folder)
    try:
        with os.fdopen(descriptor, "wb") as file:
            _lock(file.fileno())
            yield path, file
    finally:
        with suppress(FileNotFoundError):
            os.unlink(path)


def write_out(file: BinaryIO) -> None:
    """Write everything to the disk, so that a rename cannot become visible before the content.

    Raises:
        OSError: the disk is full, or fails.
    """
    file.flush()
    os.fsync(file.fileno())


def write_out_folder(folder: str) -> None:
    """Write the entries of a folder to the disk, where the system can.

    Raises:
        OSError: the disk fails.
    """
    try:
        descriptor = os.open(folder, os.O_RDONLY)
    except PermissionError:
        return  # Windows opens no folders
    try:
        os.fsync(descriptor)
    except OSError as error:
        if error.errno not in (errno.EINVAL, errno.EBADF, errno.ENOTSUP):
            raise
    finally:
        os.close(descriptor)


def remove_stale(folder: str) -> None:
    """Remove the temporary files in a folder that no process is writing."""
    with suppress(OSError):  # a folder that cannot be listed is reported by the survey
        for name in os.listdir(folder):
            if name.startswith(PREFIX) and name.endswith(SUFFIX):
                with suppress(OSError):
                    _remove_if_unlocked(os.path.join(folder, name))


def _remove_if_unlocked(path: str) -> None:
    with open(path, "rb") as file:
        _lock(file.fileno())
        os.unlink(path)


def _lock(descriptor: int) -> None:
    """Lock a file.

    Raises:
        BlockingIOError: another process holds the lock.
    """
    if fcntl is None:
        return
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise
    except OSError:
        pass  # a shared disk without locks
