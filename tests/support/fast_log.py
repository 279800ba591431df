"""Writes long event files fast: TensorBoard's writer computes checksums in Python, which takes minutes."""

import struct
from collections.abc import Iterable
from pathlib import Path
from typing import BinaryIO

import google_crc32c
from run_log import table_event, tensor_event
from tensorboard.compat.proto import event_pb2

from tb_gradhealth.record import Record, RowTable, record_tag


class FastLog:
    """One event file; records are on disk when ``add`` returns."""

    def __init__(self, folder: Path, table: RowTable, name: str = "events.out.tfevents.1.host") -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.path = folder / name
        self._table = table
        with self.path.open("wb") as file:
            _write(file, event_pb2.Event(wall_time=1.0, file_version="brain.Event:2"))
            _write(file, table_event(table))

    def add(self, records: Iterable[Record]) -> None:
        """Append records in the layout of the recorder."""
        with self.path.open("ab") as file:
            for record in records:
                values = record.values.reshape(-1)[self._table.written]
                tag = record_tag(self._table.id)
                _write(file, tensor_event(tag, values, step=record.step, wall_time=record.wall_time))


def write_events(path: Path, events: Iterable[event_pb2.Event]) -> None:
    """Write an event file of any events."""
    with path.open("wb") as file:
        for event in events:
            _write(file, event)


def _write(file: BinaryIO, event: event_pb2.Event) -> None:
    content = event.SerializeToString()
    header = struct.pack("<Q", len(content))
    file.write(header + _masked(header) + content + _masked(content))


def _masked(content: bytes) -> bytes:
    checksum = google_crc32c.value(content)
    return struct.pack("<I", ((checksum >> 15 | checksum << 17) + 0xA282EAD8) & 0xFFFFFFFF)
