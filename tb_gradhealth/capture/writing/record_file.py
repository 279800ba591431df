"""A file of records without any framework: TFRecord frames, each appended to the file by one call.

Nothing is buffered in the process. Every record can be read as soon as it is written, also after the process
is killed, and a forked process has nothing of its parent's to write.
"""

import os
import struct
from typing import Final

import google_crc32c

_U64: Final = struct.Struct("<Q")
_U32: Final = struct.Struct("<I")
_U32_MAX: Final = 0xFFFFFFFF
_MASK_DELTA: Final = 0xA282EAD8


class LocalFile:
    """Implements `tb_gradhealth.capture.writing.event_file.RecordFile` on the local file system."""

    def __init__(self, folder: str, name: str) -> None:
        """Create the folder and the file.

        Raises:
            OSError: it cannot be written, or the folder is an address of remote storage.
        """
        if "://" in folder:
            raise OSError(f"{folder} is no local folder: write to a local one and copy it")
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
