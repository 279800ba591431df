"""Epochs read from an event file."""

import math

import numpy as np
import pytest
from run_log import RunLog

from tb_gradhealth.record import COLUMNS, Epoch, Record, Row, RowTable, encode_epoch, epoch_tag

TABLE = RowTable((Row("loss", "loss", "loss", "loss", 0),), columns=("rms", "mean", "nan_count"))


def test_epochs_are_read_in_the_order_of_the_file(tmp_path, reading):
    with RunLog(tmp_path / "run", TABLE) as log:
        log.record(0, {"mean": 2.0})
        log.epoch(7, loss=1.5, accuracy=0.25, val_loss=math.nan)
        log.record(8, {"mean": 1.0})
        log.epoch(15, loss=math.inf)
    found = reading.records()
    assert [type(each).__name__ for each in found] == ["Record", "Epoch", "Record", "Epoch"]
    first, second = (each for each in found if isinstance(each, Epoch))
    assert (first.step, first.wall_time, first.table) == (7, 1.7e9 + 7, TABLE)
    assert repr(first.values) == repr({"loss": 1.5, "accuracy": 0.25, "val_loss": math.nan})
    assert second.values == {"loss": math.inf}
    assert reading.messages() == []


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        (np.float32(1.0), "holds DT_FLOAT of shape [], an epoch is one string"),
        ([encode_epoch({}), encode_epoch({})], "holds DT_STRING of shape [2], an epoch is one string"),
        (b"loss", "cannot be read: the epoch is not JSON"),
        (b'{"format": "gradhealth.epoch", "values": {"loss": null}}', "None is not a number"),
    ],
    ids=["a number", "two strings", "no JSON", "no number"],
)
def test_an_unreadable_epoch_is_a_problem_and_the_rest_is_read(log, reading, write, value, reason):
    log.table(TABLE)
    log.append(write.tensor_event(epoch_tag(TABLE.id), value, step=3))
    log.append(write.tensor_event(epoch_tag(TABLE.id), encode_epoch({"loss": 1.0}), step=4))
    (epoch,) = reading.records()
    assert (epoch.step, epoch.values) == (4, {"loss": 1.0})
    (message,) = reading.messages()
    assert reason in message


def test_an_epoch_without_its_table_is_a_problem(log, reading, write):
    log.append(write.tensor_event(epoch_tag("0" * 12), encode_epoch({"loss": 1.0}), step=3))
    assert reading.records() == []
    (message,) = reading.messages()
    assert "its row table is in no file of the run" in message


def test_a_file_of_version_2_is_read_to_its_end(tmp_path, reading, request):
    written = request.config.rootpath / "tests" / "fuzz" / "corpus" / "version_2.tfevents"
    folder = tmp_path / "run" / "gradhealth"
    folder.mkdir(parents=True)
    (folder / written.name.replace("version_2.", "events.out.")).write_bytes(written.read_bytes())
    records = reading.records()
    assert [type(each).__name__ for each in records] == ["Record", "Record", "Steps"]
    assert reading.messages() == []
    newest = records[1]
    assert isinstance(newest, Record)
    assert newest.step == 4
    assert newest.table.columns != COLUMNS
    kinds = [row.kind for row in newest.table.rows]
    assert newest.column("mean")[kinds.index("training")] == 1 / 16
