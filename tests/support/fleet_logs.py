"""A log directory with many runs of many kinds: random trainings, and files that are damaged or not ours."""

import os
from pathlib import Path

import numpy as np
import troubled
from fast_log import write_events
from run_log import table_event, tensor_event
from tensorboard.compat.proto import event_pb2

from tb_gradhealth.record import Steps, record_tag, steps_tag

FILE = "events.out.tfevents.1.host"


def write_fleet(folder: Path, runs: int) -> Path:
    """A number of runs, of which each twentieth is damaged or has no data of the plugin."""
    for number in range(runs):
        path = folder / f"group_{number % 7}" / f"run_{number}" / FILE
        path.parent.mkdir(parents=True)
        write_events(path, _events(seed=number, length=5 + number % 20))
        if number % 20 == 3:
            DAMAGES[number // 20 % len(DAMAGES)](path)
    return folder


def _events(seed: int, length: int):
    yield event_pb2.Event(wall_time=1.0, file_version="brain.Event:2")
    known = set()
    for content in troubled.written(seed, length):
        table = content.table
        if table.id not in known:
            known.add(table.id)
            yield table_event(table)
        if isinstance(content, Steps):
            yield tensor_event(steps_tag(table.id), content.values, step=content.last_step)
        else:
            yield tensor_event(record_tag(table.id), content.values, content.step, content.wall_time)


def cut_off(path: Path) -> None:
    """The file ends within a record."""
    os.truncate(path, path.stat().st_size - 7)


def flip(path: Path) -> None:
    """A checksum in the middle is wrong."""
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 0xFF
    path.write_bytes(content)


def fill(path: Path) -> None:
    """The file is no event file."""
    path.write_bytes(b"not an event file at all" * 9)


def dangle(path: Path) -> None:
    """The file is a link to nothing."""
    path.unlink()
    path.symlink_to("nowhere")


def pipe(path: Path) -> None:
    """The file is a named pipe beside a sound file."""
    os.mkfifo(path.with_name("events.out.tfevents.2.host"))


def other(path: Path) -> None:
    """The file has values of another plugin only."""
    write_events(path, [tensor_event("accuracy", np.float32(0.5), metadata=None)])


DAMAGES = (cut_off, flip, fill, dangle, pipe, other)
