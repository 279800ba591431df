"""Writes files so that a reader never sees half of one."""

import os
import secrets
import stat
from contextlib import suppress
from pathlib import Path


def write_atomically(path: Path, text: str, mode: int | None = None) -> None:
    """Write a text to a file, UTF-8: the whole new content is there, or the earlier one still is.

    The text is written to a temporary file in the same directory, which then replaces the file. What is no
    regular file, such as a device or a named pipe, is written directly.

    Args:
        path: the file; a symbolic link stays and the file it points to is replaced.
        text: the content.
        mode: the permissions; those of the file, or of a new one, where None.

    Raises:
        OSError: it cannot be written, with the path; the earlier content is unchanged.
    """
    target = Path(os.path.realpath(path))
    try:
        if target.exists() and not target.is_file():
            target.write_text(text, encoding="utf-8")
            return
        _replace(target, text.encode(), _mode(target) if mode is None else mode)
    except OSError as error:
        raise type(error)(error.errno, error.strerror, str(path)) from error


def _replace(target: Path, content: bytes, mode: int) -> None:
    # Named before it exists: between the two, Ctrl-C would leave a file that nothing removes.
    name = target.with_name(f".{target.name}.{secrets.token_hex(8)}")
    try:
        with open(name, "xb", opener=_private) as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())  # a crash after the renaming must not leave an empty file
        os.chmod(name, mode)
        os.replace(name, target)
    except BaseException:  # Ctrl-C too
        with suppress(OSError):
            os.unlink(name)
        raise
    _sync_directory(target.parent)


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)


def _mode(target: Path) -> int:
    """The permissions of the file, or those that a new one would get."""
    try:
        return stat.S_IMODE(target.stat().st_mode)
    except FileNotFoundError:
        mask = os.umask(0)
        os.umask(mask)
        return 0o666 & ~mask


def _sync_directory(folder: Path) -> None:
    """Make a renaming durable where the system can open directories."""
    with suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
