"""Event files written by TensorBoard's writer, with and without values of the plugin."""

from pathlib import Path

import numpy as np
import pytest
from run_log import our_metadata, table_event, tensor_event
from tensorboard.compat.proto import event_pb2
from tensorboard.summary.writer.record_writer import RecordWriter

from tb_gradhealth.events import Root, RunReader, discover
from tb_gradhealth.record import Row, RowTable, record_tag

COLUMNS = ("rms", "mean", "nan_count")


class EventLog:
    """One event file; every method appends one event."""

    def __init__(self, path: Path) -> None:
        self.path = path
        path.parent.mkdir(parents=True, exist_ok=True)
        self.append(event_pb2.Event(wall_time=1.0, file_version="brain.Event:2"))

    def append(self, event: event_pb2.Event) -> None:
        with self.path.open("ab") as file:
            RecordWriter(file).write(event.SerializeToString())

    def append_bytes(self, content: bytes) -> None:
        with self.path.open("ab") as file:
            file.write(content)

    def table(self, table: RowTable, **changes) -> None:
        self.append(table_event(table, **changes))

    def record(self, table: RowTable, step: int, **changes) -> None:
        self.append(record_event(table, step, **changes))


def make_table(*names: str, stream: str = "") -> RowTable:
    rows = tuple(
        Row(tensor=name, kind="gradient", layer=name, role="kernel", depth=depth)
        for depth, name in enumerate(names or ("dense/kernel", "dense/bias"))
    )
    return RowTable(rows=rows, columns=COLUMNS, stream=stream)


def values_of(table: RowTable, step: int) -> np.ndarray:
    return np.arange(len(table.rows) * 3, dtype=np.float32).reshape(-1, 3) + step


def record_event(table: RowTable, step: int, **changes) -> event_pb2.Event:
    return tensor_event(record_tag(table.id), values_of(table, step), step=step, **changes)


class Reading:
    """A run that is discovered and read incrementally, as by a monitor."""

    def __init__(self, logdir: Path, run: str) -> None:
        self.logdir, self.run, self.reader = logdir, run, RunReader()

    @property
    def files(self):
        return discover([Root(str(self.logdir))]).runs[self.run]

    def records(self) -> list:
        return list(self.reader.read(self.files))

    def steps(self) -> list[int]:
        return [record.step for record in self.records()]

    def messages(self) -> list[str]:
        return [problem.message for problem in self.reader.problems()]


@pytest.fixture
def write():
    """The writing functions, since names of a conftest cannot be imported."""
    return Writing


class Writing:
    log = EventLog
    make_table = staticmethod(make_table)
    values_of = staticmethod(values_of)
    metadata = staticmethod(our_metadata)
    tensor_event = staticmethod(tensor_event)
    table_event = staticmethod(table_event)
    record_event = staticmethod(record_event)


@pytest.fixture
def log(tmp_path):
    """The first file of the run "run"."""
    return EventLog(tmp_path / "run" / "events.out.tfevents.1.host")


@pytest.fixture
def table():
    return make_table()


@pytest.fixture
def reading(tmp_path):
    """The run "run" below the log directory."""
    return Reading(tmp_path, "run")
