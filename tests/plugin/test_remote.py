"""A log directory on S3, through a real TensorBoard, the monitor and the command line."""

import json
from io import BytesIO

import pytest
from click.testing import CliRunner
from remote_storage import s3_bucket, s3_server
from tensorboard.compat.proto import event_pb2, summary_pb2
from tensorboard.summary.writer.record_writer import RecordWriter
from tensorboard_server import tensorboard_server

from tb_gradhealth.cli import main
from tb_gradhealth.events import Root
from tb_gradhealth.monitor import Monitor


@pytest.fixture
def server(monkeypatch):
    with s3_server(monkeypatch) as server:
        yield server


@pytest.fixture
def bucket(server, logs):
    """The two runs of `logs`, copied into a bucket."""
    bucket = s3_bucket()
    for path in logs.rglob("*tfevents*"):
        bucket.put(str(path.relative_to(logs)), path.read_bytes())
    return bucket


def test_the_tab_reads_a_bucket(bucket, logs, tmp_path):
    """With TensorFlow installed, TensorBoard itself does not start with s3://."""
    with BytesIO() as scalars:
        value = summary_pb2.Summary.Value(tag="loss", simple_value=0.5)
        event = event_pb2.Event(step=1, wall_time=1.0, summary=summary_pb2.Summary(value=[value]))
        RecordWriter(scalars).write(event.SerializeToString())
        bucket.put("fine/events.out.tfevents.1.host", scalars.getvalue())
    local = Monitor([Root(str(logs))])
    local.refresh()
    with tensorboard_server(tmp_path, "--logdir", bucket.root) as tensorboard:
        tensorboard.wait_until(lambda: tensorboard.json("runs")["loading"]["done"])
        served = {run["run"]: run for run in tensorboard.json("runs")["runs"]}
        theirs = "data/plugin/scalars/tags"
        tensorboard.wait_until(lambda: tensorboard.json("", base=theirs))
        assert [*tensorboard.json("", base=theirs)["fine"]] == ["loss"]
    with local.snapshot() as snapshot:
        assert served.keys() == snapshot.runs.keys()
        for name, run in snapshot.runs.items():
            assert served[name]["verdict"] == run.health.verdict()
            assert served[name]["records"] == run.health.summary().records
            assert served[name]["problems"] == []


def test_check_judges_a_bucket_as_it_judges_its_copy(bucket, logs):
    reports = []
    for where in (str(logs), bucket.root):
        checked = CliRunner().invoke(main, ["check", where, "--format", "json"])
        assert checked.exit_code == 1, checked.output
        reports.append(json.loads(checked.output)["runs"])
    assert reports[0] == reports[1]


def test_runs_stay_while_their_server_is_unreachable(bucket, server):
    monitor = Monitor([Root(bucket.root)])
    monitor.refresh()
    with monitor.snapshot() as snapshot:
        before = {name: run.health.summary().records for name, run in snapshot.runs.items()}
        assert before
        assert snapshot.problems == ()
    server.stop()
    monitor.refresh()
    with monitor.snapshot() as snapshot:
        assert {name: run.health.summary().records for name, run in snapshot.runs.items()} == before
        (problem,) = snapshot.problems
        assert bucket.root in problem.path
        assert "cannot be" in problem.message
    server.start()
    monitor.refresh()
    with monitor.snapshot() as snapshot:
        assert {name: run.health.summary().records for name, run in snapshot.runs.items()} == before
        assert snapshot.problems == ()
        assert all(run.problems() == () for run in snapshot.runs.values())
