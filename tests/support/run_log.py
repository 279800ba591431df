"""Writes event files of the plugin with TensorBoard's writer, for tests of reading."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
from tensorboard.compat.proto import event_pb2, summary_pb2
from tensorboard.summary.writer.event_file_writer import EventFileWriter
from tensorboard.util import tensor_util

from tb_gradhealth.record import (
    RowTable,
    encode_epoch,
    encode_table,
    epoch_tag,
    record_tag,
    steps_tag,
    table_tag,
)


def our_metadata(content: bytes = b"3", plugin: str = "gradhealth") -> summary_pb2.SummaryMetadata:
    data = summary_pb2.SummaryMetadata.PluginData(plugin_name=plugin, content=content)
    return summary_pb2.SummaryMetadata(plugin_data=data, data_class=summary_pb2.DATA_CLASS_TENSOR)


def tensor_event(tag: str, array, step: int = 0, wall_time: float = 1.5, metadata="ours") -> event_pb2.Event:
    value = summary_pb2.Summary.Value(tag=tag, tensor=tensor_util.make_tensor_proto(array))
    if metadata is not None:
        value.metadata.CopyFrom(our_metadata() if metadata == "ours" else metadata)
    return event_pb2.Event(step=step, wall_time=wall_time, summary=summary_pb2.Summary(value=[value]))


def table_event(table: RowTable, **changes) -> event_pb2.Event:
    return tensor_event(table_tag(table.id), encode_table(table), **changes)


GOOD = {"rms": 0.1, "nan_count": 0, "inf_count": 0, "bad_steps": 0}
BAD = {**GOOD, "nan_count": 7, "bad_steps": 1, "bad_ago": 4}
"""The statistics of a healthy row, and of a row with NaN."""


class RunLog:
    """Writes one run; each record is on disk when ``record`` returns."""

    def __init__(self, folder: Path, table: RowTable) -> None:
        self.folder, self.table = folder, table
        self._writer = EventFileWriter(str(folder))
        self._writer.add_event(table_event(table))

    @property
    def file(self) -> Path:
        (file,) = self.folder.glob("*tfevents*")
        return file

    def record(self, step: int, *rows: Mapping[str, float]) -> None:
        """Append a record from the statistics of each row; all others are NaN."""
        values = np.full((len(self.table.rows), len(self.table.columns)), np.nan, np.float32)
        for index, row in enumerate(rows):
            for name, value in row.items():
                values[index, self.table.columns.index(name)] = value
        self.matrix(step, values)

    def matrix(self, step: int, values: np.ndarray) -> None:
        """Append a record of all columns of all rows, float32 [rows, columns]."""
        if self.table.layouts:
            values = values.reshape(-1)[self.table.written]
        self._add(record_tag(self.table.id), values, step)

    def steps(self, last_step: int, values) -> None:
        """Append flight-recorder steps, [steps, watched]."""
        self._add(steps_tag(self.table.id), np.asarray(values, np.float32), last_step)

    def epoch(self, step: int, **values: float) -> None:
        """Append an epoch with its values."""
        self._add(epoch_tag(self.table.id), encode_epoch(values), step)

    def _add(self, tag: str, values: np.ndarray | bytes, step: int) -> None:
        self._writer.add_event(tensor_event(tag, values, step=step, wall_time=1.7e9 + step))
        self._writer.flush()

    def close(self) -> None:
        self._writer.close()

    def __enter__(self) -> "RunLog":
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()
