"""Fixtures of the capture tests: reading event files, and the ways in which a step can run."""

from pathlib import Path

import numpy as np
import pytest
from tensorboard.backend.event_processing.event_file_loader import EventFileLoader
from tensorboard.util import tensor_util

from tb_gradhealth.record import (
    Epoch,
    Record,
    Steps,
    decode_epoch,
    decode_steps,
    decode_table,
    decode_values,
    parse_tag,
)


def graph(step, **options):
    """The step as a function of TensorFlow, which the conformance tests do without where it is missing."""
    import tensorflow as tf

    return tf.function(step, **options)


MODES = {
    "eager": lambda step: step,
    "function": graph,
    "xla": lambda step: graph(step, jit_compile=True),
}


QUICK = ("test_host_statistics", "test_record_file", "test_segments")


def pytest_collection_modifyitems(items):
    for item in items:
        if item.path.parent.name == "capture" and item.path.stem not in QUICK:
            item.add_marker(pytest.mark.training)


class Run:
    """The content of a directory's event files, in the order of their names."""

    def __init__(self, directory):
        self.tables, self.records, self.steps_written, self.scalars, self.table_events = {}, [], [], [], 0
        self.epochs = []
        for path in sorted(Path(directory).rglob("*tfevents*")):
            for event in EventFileLoader(str(path)).Load():
                for value in event.summary.value:
                    self._add(event, value)

    def _add(self, event, value):
        content = tensor_util.make_ndarray(value.tensor)
        tag = parse_tag(value.tag)
        if tag is None:
            self.scalars.append((value.tag, event.step, float(content)))
        elif tag.content == "rows":
            self.table_events += 1
            self.tables[tag.table_id] = decode_table(content.item())
        else:
            assert value.metadata.plugin_data.plugin_name == "gradhealth"
            assert value.metadata.data_class == 2
            table = self.tables[tag.table_id]
            if tag.content == "epoch":
                values = decode_epoch(content.item())
                self.epochs.append(Epoch(event.step, event.wall_time, table, values))
                return
            raw = content.astype("<f4").tobytes()
            if tag.content == "steps":
                values = decode_steps(table, raw, content.shape)
                self.steps_written.append(Steps(event.step, event.wall_time, table, values))
            else:
                values = decode_values(table, raw, content.shape)
                self.records.append(Record(event.step, event.wall_time, table, values))

    @property
    def steps(self):
        return [record.step for record in self.records]

    def values(self, kind, tensor, column):
        """One statistic of one tensor, record by record."""
        return [row(record, kind, tensor)[column] for record in self.records]


def row(record, kind, tensor):
    """A row as a mapping of column to number."""
    names = [(r.kind, r.tensor) for r in record.table.rows]
    return dict(zip(record.table.columns, record.values[names.index((kind, tensor))].tolist(), strict=True))


@pytest.fixture
def read_run():
    return Run


@pytest.fixture
def row_of():
    return row


@pytest.fixture(params=list(MODES))
def as_step(request):
    """Turns a Python step into one that runs eagerly, in a tf.function, or compiled by XLA."""
    return MODES[request.param]


@pytest.fixture
def random():
    return np.random.default_rng(7)
