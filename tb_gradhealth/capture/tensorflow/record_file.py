"""A file of records through TensorFlow: framing and checksums in C++, and all of its file systems."""

from collections.abc import Iterator
from contextlib import contextmanager

import tensorflow as tf


class TensorFlowFile:
    """Implements `tb_gradhealth.capture.writing.event_file.RecordFile`."""

    def __init__(self, folder: str, name: str) -> None:
        """Create the folder and the file.

        Raises:
            OSError: it cannot be written.
        """
        with _as_os_error():
            tf.io.gfile.makedirs(folder)
            self._writer = tf.io.TFRecordWriter(tf.io.gfile.join(folder, name))

    def write(self, record: bytes) -> None:
        """Append one record."""
        with _as_os_error():
            self._writer.write(record)

    def flush(self) -> None:
        """Make the written records readable."""
        with _as_os_error():
            self._writer.flush()

    def close(self) -> None:
        """Flush and close the file."""
        with _as_os_error():
            self._writer.close()


@contextmanager
def _as_os_error() -> Iterator[None]:
    try:
        yield
    except tf.errors.OpError as error:
        raise OSError(error.message) from error
