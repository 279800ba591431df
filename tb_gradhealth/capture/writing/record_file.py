"""Files of records without any framework: TFRecord frames on the local file system or in remote storage."""

import os
import struct
import time
from collections.abc import Callable
from typing import Any, Final

import google_crc32c

from tb_gradhealth.capture.writing.event_file import RecordFile

PAUSE_FACTOR: Final = 20
"""An upload is followed by a pause of this many times its duration."""

_U64: Final = struct.Struct("<Q")
_U32: Final = struct.Struct("<I")
_U32_MAX: Final = 0xFFFFFFFF
_MASK_DELTA: Final = 0xA282EAD8


def open_record_file(folder: str, name: str) -> RecordFile:
    """Create a folder and a file in it: a local one, or one of remote storage such as ``s3://bucket/logs``.

    Raises:
        OSError: it cannot be written.
    """
    return RemoteFile(folder, name) if "://" in folder else LocalFile(folder, name)


class LocalFile:
    """A file that each record is appended to by one call.

    Nothing is buffered in the process. Every record can be read as soon as it is written, also after the
    process is killed, and a forked process has nothing of its parent's to write.
    """

    def __init__(self, folder: str, name: str) -> None:
        """Create the folder and the file.

        Raises:
            OSError: it cannot be written.
        """
        os.makedirs(folder, exist_ok=True)
        self._file = open(os.path.join(folder, name), "ab", buffering=0)  # noqa: SIM115, closed by close()

    def write(self, record: bytes) -> None:
        """Append one record; after an error the file is closed.

        Raises:
            OSError: the disk is full or gone, or the file is closed.
        """
        remaining = memoryview(framed(record))
        try:
            while remaining:
                remaining = remaining[self._file.write(remaining) :]
        except OSError:
            self._file.close()
            raise
        except ValueError as error:  # I/O on a closed file
            raise OSError(str(error)) from error

    def flush(self) -> None:
        """Do nothing: written records are readable."""

    def close(self) -> None:
        """Close the file."""
        self._file.close()


class RemoteFile:
    """A file of remote storage, which can only be replaced as a whole.

    The content is kept in memory and uploaded by `flush`, unless the last upload was so recent that uploads
    would take more than a twentieth of the time; `close` uploads the rest.
    """

    def __init__(self, folder: str, name: str) -> None:
        """Connect to the storage.

        Raises:
            OSError: fsspec or the storage's library is missing, or there is no such storage.
        """
        try:
            from fsspec.core import url_to_fs
        except ImportError:
            message = f"writing to {folder} needs fsspec: pip install 'tb_gradhealth[remote]'"
            raise OSError(message) from None
        self._system, path = _as_os_error(lambda: url_to_fs(folder))
        self._path = f"{path}/{name}"
        self._content = bytearray()
        self._uploaded = 0
        self._next_upload = 0.0

    def write(self, record: bytes) -> None:
        """Append one record."""
        self._content += framed(record)

    def flush(self) -> None:
        """Upload the content, unless that is too soon.

        Raises:
            OSError: it cannot be written.
        """
        if time.monotonic() >= self._next_upload:
            self._upload()

    def close(self) -> None:
        """Upload what is not uploaded yet.

        Raises:
            OSError: it cannot be written.
        """
        self._upload()

    def _upload(self) -> None:
        if self._uploaded == len(self._content):
            return
        begin = time.monotonic()
        _as_os_error(lambda: self._system.pipe_file(self._path, bytes(self._content)))
        end = time.monotonic()
        self._uploaded, self._next_upload = len(self._content), end + PAUSE_FACTOR * (end - begin)


def _as_os_error(call: Callable[[], Any]) -> Any:
    """The result of a call; every exception of the storage's library becomes an `OSError`."""
    try:
        return call()
    except OSError:
        raise
    except Exception as error:  # libraries raise their own types: no network, no credentials, no permission
        raise OSError(f"{type(error).__name__}: {error}") from error


def framed(record: bytes) -> bytes:
    """A record as it is stored: length, checksum of the length, content, checksum of the content.

    `tb_gradhealth.events.framing` describes the format, which is TensorFlow's
    (tensorflow/core/lib/io/record_writer.h).
    """
    length = _U64.pack(len(record))
    return b"".join((length, _U32.pack(_masked(length)), record, _U32.pack(_masked(record))))


def _masked(content: bytes) -> int:
    """The CRC-32C, rotated and shifted: a checksum of data that contains its own checksum is weak."""
    crc: int = google_crc32c.value(content)
    return ((crc >> 15 | crc << 17) + _MASK_DELTA) & _U32_MAX
