"""TensorFlow's record files: framing and checksums in C++, and all file systems TensorFlow knows."""

from collections.abc import Iterator
from contextlib import contextmanager

import tensorflow as tf


class TensorFlowFile:
    """A `tb_gradhealth.capture.writing.event_file.RecordFile`."""

    def __init__(self, folder: str, name: str) -> None:
        """Make the folder and begin the file.

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
        """Make what was written readable."""
        with _as_os_error():
            self._writer.flush()

    def close(self) -> None:
        """Flush and close."""
        with _as_os_error():
            self._writer.close()


@contextmanager
def _as_os_error() -> Iterator[None]:
    try:
        yield
    except tf.errors.OpError as error:
        raise OSError(error.message) from error
