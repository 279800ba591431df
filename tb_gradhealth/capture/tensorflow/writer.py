"""Row tables and records into TensorFlow event files."""

import time
import warnings
from collections.abc import Callable
from os import PathLike, fspath
from posixpath import join
from typing import Any, Final

import tensorflow as tf

from tb_gradhealth.record import PLUGIN_NAME, VERSION, RowTable, encode_table, record_tag, table_tag

FOLDER: Final = "gradhealth"
"""Below the log directory: a folder of our own, see the package's README."""

FLUSH_SECONDS: Final = 1.0
DATA_CLASS_TENSOR: Final = 2


def metadata() -> Any:
    """What marks a summary as ours; TensorBoard ignores a tensor whose data class is not set."""
    return tf.compat.v1.SummaryMetadata(
        data_class=DATA_CLASS_TENSOR,
        plugin_data=tf.compat.v1.SummaryMetadata.PluginData(
            plugin_name=PLUGIN_NAME, content=str(VERSION).encode()
        ),
    )


def write_table(table: RowTable) -> None:
    """A row table into the default writer, whatever `tf.summary.record_if` says."""
    with tf.summary.record_if(True):
        tf.summary.write(table_tag(table.id), tf.constant(encode_table(table)), step=0, metadata=metadata())


def write_values(table: RowTable, values: Any, step: Any) -> Any:
    """A record into the default writer; whether it was written, bool scalar."""
    return tf.summary.write(record_tag(table.id), values, step=step, metadata=metadata())


class RunWriter:
    """One run's event file, begun at the first write.

    A directory that cannot be written must not stop a training: it is told once, then nothing is written.
    """

    def __init__(self, log_dir: str | PathLike[str]) -> None:
        self._folder = join(fspath(log_dir), FOLDER)
        self._writer: Any = None
        self._tables: set[str] = set()
        self._flushed = time.monotonic()
        self._unflushed = False
        self.failed = False

    def record(self, table: RowTable, values: Any, step: int) -> bool:
        """Write a record, its row table before the first of its kind; whether it is written."""

        def write() -> bool:
            if table.id not in self._tables:
                write_table(table)
                self._tables.add(table.id)
            return bool(write_values(table, values, step))

        return bool(self._guarded(write))

    def scalar(self, tag: str, value: float, step: int) -> None:
        """Write one scalar."""
        self._guarded(lambda: tf.summary.scalar(tag, value, step=step))

    def flush(self) -> None:
        """Make all that was written readable."""
        if self._writer is not None:
            self._guarded(self._writer.flush)
        self._flushed, self._unflushed = time.monotonic(), False

    def flush_if_old(self) -> None:
        """Flush when something was written and the last flush was a second ago."""
        if self._unflushed and time.monotonic() - self._flushed >= FLUSH_SECONDS:
            self.flush()

    def close(self) -> None:
        """Flush and close the file."""
        if self._writer is not None:
            self._guarded(self._writer.close)
            self._writer = None
            self._tables.clear()

    def _guarded(self, action: Callable[[], Any]) -> Any:
        if self.failed:
            return None
        try:
            if self._writer is None:
                self._writer = tf.summary.create_file_writer(self._folder)
            with self._writer.as_default():
                done = action()
        except (tf.errors.OpError, OSError) as error:
            self.failed, self._writer = True, None
            reason = str(error).splitlines()[0] if str(error) else type(error).__name__
            warnings.warn(
                f"tb_gradhealth cannot write to {self._folder} and stops recording; "
                f"training goes on ({reason})",
                RuntimeWarning,
                stacklevel=4,
            )
            return None
        self._unflushed = True
        return done
