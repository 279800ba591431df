"""Rewrites an event file without some of its events; every other byte is copied as it is."""

import errno
import hashlib
import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import BinaryIO, Final

from tb_gradhealth.events import sha256_of
from tb_gradhealth.retention.surveyed import SurveyedFile
from tb_gradhealth.retention.temporary import temporary_file, write_out

CHUNK: Final = 1 << 20


@contextmanager
def rewritten(surveyed: SurveyedFile, dropped: frozenset[int]) -> Iterator[str]:
    """A temporary file with the content of an event file without some events, verified by reading it back.

    It has the permissions and the time of the original: age and order of the files stay the same.

    Args:
        surveyed: the event file.
        dropped: offsets of the events to drop.

    Raises:
        OSError: it cannot be written, or holds other bytes than were written.
    """
    path, extents = surveyed.event_file.path, surveyed.ours
    with temporary_file(os.path.dirname(path)) as (copy, target), open(path, "rb") as source:
        digest, size = hashlib.sha256(), 0
        for piece in _pieces(source, surveyed.state.size, {at: extents[at] for at in dropped}):
            target.write(piece)
            digest.update(piece)
            size += len(piece)
        write_out(target)
        if os.path.getsize(copy) != size or sha256_of(copy, size) != digest.hexdigest():
            raise OSError(errno.EIO, "the copy that was read back differs from what was written", copy)
        shutil.copymode(path, copy)
        status = os.stat(path)
        if hasattr(os, "chown"):  # not on Windows
            with suppress(OSError):  # only the superuser may give files away
                os.chown(copy, status.st_uid, status.st_gid)
        os.utime(copy, ns=(status.st_atime_ns, status.st_mtime_ns))
        yield copy


def _pieces(source: BinaryIO, size: int, dropped: Mapping[int, int]) -> Iterator[bytes]:
    """The content of a file without some ranges, given as lengths by offset."""
    at = 0
    for offset, length in [*sorted(dropped.items()), (size, 0)]:
        source.seek(at)
        while at < offset:
            piece = source.read(min(CHUNK, offset - at))
            if not piece:
                raise OSError(errno.EIO, "became shorter while it was copied", source.name)
            yield piece
            at += len(piece)
        at = offset + length
