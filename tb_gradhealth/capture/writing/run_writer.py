"""Writes row tables, records, the flight recorder's steps and epochs to an event file."""

import time
import warnings
from collections.abc import Callable, Mapping
from os import PathLike, fspath
from posixpath import join
from typing import Any, Final

import numpy as np
import numpy.typing as npt
from tensorboard.compat.proto.summary_pb2 import SummaryMetadata

from tb_gradhealth.capture.writing.event_file import EventFile, OpenFile
from tb_gradhealth.record import (
    PLUGIN_NAME,
    VERSION,
    RowTable,
    encode_epoch,
    encode_table,
    epoch_tag,
    record_tag,
    steps_tag,
    table_tag,
    with_ago,
)

FOLDER: Final = "gradhealth"
"""The folder below the log directory, see the package's README."""

FLUSH_SECONDS: Final = 1.0
DATA_CLASS_SCALAR: Final = 1
DATA_CLASS_TENSOR: Final = 2


def _metadata(plugin: str, content: bytes, data_class: int) -> Any:
    return SummaryMetadata(
        data_class=data_class,
        plugin_data=SummaryMetadata.PluginData(plugin_name=plugin, content=content),
    )


OURS: Final = _metadata(PLUGIN_NAME, str(VERSION).encode(), DATA_CLASS_TENSOR)
"""The metadata that marks our summaries; TensorBoard ignores a tensor whose data class is not set."""

SCALAR: Final = _metadata("scalars", b"", DATA_CLASS_SCALAR)


class RunWriter:
    """Writes the event file of one run, which is created at the first write.

    A directory that cannot be written must not stop the training: the writer warns once and writes nothing
    from then on.

    Attributes:
        failed: whether writing has failed.
    """

    def __init__(self, log_dir: str | PathLike[str], open_file: OpenFile) -> None:
        self._folder = join(fspath(log_dir), FOLDER)
        self._open_file = open_file
        self._file: EventFile | None = None
        self._tables: set[str] = set()
        self._flushed_at = time.monotonic()
        self._has_unflushed = False
        self.failed = False

    @property
    def size(self) -> int:
        """Bytes written so far."""
        return 0 if self._file is None else self._file.size

    def record(self, table: RowTable, values: npt.NDArray[np.float32], step: int) -> None:
        """Write a record, after its row table if that is not written yet."""
        written = values.reshape(-1)[table.written] if table.layouts else values
        self._attempt(lambda file: self._add(file, table, record_tag(table.id), written, step))

    def steps(
        self,
        table: RowTable,
        steps: npt.NDArray[np.float32],
        last_step: int,
        ago: npt.NDArray[np.int64] | None,
    ) -> None:
        """Write steps of the flight recorder; ``ago`` as in `Steps`."""
        written = with_ago(steps, ago)
        self._attempt(lambda file: self._add(file, table, steps_tag(table.id), written, last_step))

    def epoch(self, table: RowTable, values: Mapping[str, float], step: int) -> None:
        """Write the values of an epoch whose last step is ``step``."""
        self._attempt(lambda file: self._add(file, table, epoch_tag(table.id), encode_epoch(values), step))

    def scalar(self, tag: str, value: float, step: int) -> None:
        """Write one scalar."""
        self._attempt(lambda file: file.add(tag, np.float32(value), step, SCALAR))

    def flush(self) -> None:
        """Make everything written so far readable."""
        if self._file is not None:
            self._attempt(lambda file: file.flush())
        self._flushed_at, self._has_unflushed = time.monotonic(), False

    def flush_if_old(self) -> None:
        """Flush if there is something to flush and the last flush was at least a second ago."""
        if self._has_unflushed and time.monotonic() - self._flushed_at >= FLUSH_SECONDS:
            self.flush()

    def close(self) -> None:
        """Flush and close the file."""
        if self._file is not None:
            self._attempt(lambda file: file.close())
            self._file = None
            self._tables.clear()

    def _add(self, file: EventFile, table: RowTable, tag: str, values: Any, step: int) -> None:
        if table.id not in self._tables:
            file.add(table_tag(table.id), encode_table(table), 0, OURS)
            self._tables.add(table.id)
        file.add(tag, values, step, OURS)

    def _attempt(self, action: Callable[[EventFile], None]) -> None:
        if self.failed:
            return
        try:
            if self._file is None:
                self._file = EventFile(self._folder, self._open_file)
            action(self._file)
        except OSError as error:
            self.failed, self._file = True, None
            reason = str(error).splitlines()[0] if str(error) else type(error).__name__
            warnings.warn(
                f"tb_gradhealth cannot write to {self._folder} and stops recording; "
                f"training goes on ({reason})",
                RuntimeWarning,
                stacklevel=5,
            )
        self._has_unflushed = True
