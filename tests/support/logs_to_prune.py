"""Long runs to prune, and what TensorBoard's own reader finds in their files."""

import os
from pathlib import Path

import numpy as np
from fast_log import write_events
from run_log import table_event, tensor_event
from tensorboard.backend.event_processing.event_file_loader import RawEventFileLoader
from tensorboard.compat.proto import event_pb2, graph_pb2, node_def_pb2, summary_pb2
from troubled import written

from tb_gradhealth.record import (
    COLUMNS,
    Record,
    Row,
    RowTable,
    encode_epoch,
    epoch_tag,
    record_tag,
    steps_tag,
)

NAME = "events.out.tfevents.1700000000.host.1.0.v2"
OLD = 1_700_000_000.0
"""When the runs were written, seconds since the epoch."""

ROWS = (
    Row("dense/kernel", "gradient", "dense", "kernel", 0, (8, 8)),
    Row("loss", "loss", "loss", "loss", 1),
)


def records(table, count, bad=range(0)):
    """Records of a training that learns; its gradient has NaN in the records of ``bad``."""
    generator = np.random.default_rng(3)
    for index in range(count):
        values = np.full(table.shape, np.nan, np.float32)
        noise = 1 + 0.02 * generator.normal()
        gradient = {"rms": 0.1 * noise, "peak_rms": 0.11, "nan_count": 0, "inf_count": 0, "bad_steps": 0}
        if index in bad:
            gradient.update(nan_count=7, bad_steps=1, bad_ago=4)
        loss = {
            "mean": 0.05 + 2 * np.exp(-index / 50) * noise,
            "nan_count": 0,
            "inf_count": 0,
            "bad_steps": 0,
        }
        for row, statistics in enumerate((gradient, loss)):
            for name, value in statistics.items():
                values[row, COLUMNS.index(name)] = value
        yield Record(10 * index, OLD + index, table, values)


def our_events(contents):
    """The events of records and steps, each after its table."""
    known = set()
    for content in contents:
        table = content.table
        if table.id not in known:
            known.add(table.id)
            yield table_event(table)
        if isinstance(content, Record):
            values = content.written if table.layouts else content.values
            yield tensor_event(record_tag(table.id), values, content.step, content.wall_time)
        else:
            yield tensor_event(steps_tag(table.id), content.values, content.last_step, content.wall_time)


def head():
    return event_pb2.Event(wall_time=OLD, file_version="brain.Event:2")


def scalar(step, tag="loss", value=1.0):
    """A scalar of another plugin."""
    metadata = summary_pb2.SummaryMetadata(data_class=summary_pb2.DATA_CLASS_SCALAR)
    metadata.plugin_data.plugin_name = "scalars"
    return tensor_event(tag, np.float32(value), step, OLD + step, metadata)


def write_own(run: Path, contents, name=NAME, *more):
    """An event file as a recorder writes it: nothing but our data, and a scalar beside it."""
    file = run / "gradhealth" / name
    file.parent.mkdir(parents=True, exist_ok=True)
    write_events(file, [head(), *our_events(contents), scalar(0, "gradhealth/critical"), *more])
    return aged(file)


def write_shared(run: Path, contents, name=NAME):
    """The event file of a user who writes scalars and calls `gradhealth.summary`."""
    file = run / name
    run.mkdir(parents=True, exist_ok=True)
    events = [head()]
    graph = graph_pb2.GraphDef(node=[node_def_pb2.NodeDef(name="gradhealth")]).SerializeToString()
    for index, event in enumerate(our_events(contents)):
        events += [scalar(index), event]
    write_events(file, [*events, event_pb2.Event(wall_time=OLD, graph_def=graph)])
    return aged(file)


def write_long(run: Path, count=400, bad=range(200, 203), shared=False):
    """A long run with three records of NaN."""
    table = RowTable(ROWS, settings={"every": 10})
    return (write_shared if shared else write_own)(run, records(table, count, bad))


def write_troubled(run: Path, seed, length, shared=False):
    """A run with random tables, restarts and faults."""
    return (write_shared if shared else write_own)(run, written(seed, length))


def epoch_event(table, step, **values):
    return tensor_event(epoch_tag(table.id), encode_epoch(values), step, OLD + step)


def aged(file: Path) -> Path:
    os.utime(file, (OLD, OLD))
    return file


def payloads(file: Path) -> list[bytes]:
    """The serialized events of a file, by TensorBoard's reader."""
    return list(RawEventFileLoader(str(file)).Load())


def others(file: Path) -> list[bytes]:
    """The serialized events of a file that do not belong to the plugin."""
    return [payload for payload in payloads(file) if not _is_ours(event_pb2.Event.FromString(payload))]


def _is_ours(event):
    return any(value.metadata.plugin_data.plugin_name == "gradhealth" for value in event.summary.value)


def temporary_files(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.name.endswith(".tmp")]
