"""The examples for other tools: what they log is read back by the tool's own code."""

import json
import os
import re
import runpy
import struct
import subprocess
import sys
import urllib.request
from pathlib import Path

import numpy as np
import pytest
from run_log import BAD, GOOD, RunLog
from tensorboard.plugins.hparams.summary_v2 import hparams_pb
from tensorboard.summary.writer.event_file_writer import EventFileWriter
from tensorboard_server import tensorboard_server

import tb_gradhealth as gradhealth
from tb_gradhealth.record import Row, RowTable

EXAMPLES = Path(__file__).parents[2] / "demo" / "ecosystem"


@pytest.fixture
def logdir(tmp_path):
    """A healthy run, a run with NaN from step 90 on, and one that has only begun."""
    for name, records, faulty in (("fine (1)", 20, False), ("sick+1", 20, True), ("begun", 2, False)):
        _write_run(tmp_path / "logs" / name, records, faulty)
    return tmp_path / "logs"


def _write_run(folder, records, faulty):
    table = RowTable(
        (
            Row("dense/kernel", "gradient", "dense", "kernel", 0, (8, 8)),
            Row("loss", "loss", "loss", "loss", 1),
        ),
        settings={"every": 10},
    )
    with RunLog(folder / "gradhealth", table) as log:
        for number in range(records):
            loss = {**GOOD, "mean": np.exp(-number / 5), "rms": np.exp(-number / 5)}
            log.record(10 * number, BAD if faulty and number > 8 else GOOD, loss)


def test_hparams_shows_the_health_of_each_judged_run(logdir):
    for run in logdir.iterdir():
        _write_hparams(run)
    before = {name: run.findings for name, run in gradhealth.load(logdir).items()}
    example = runpy.run_path(str(EXAMPLES / "hparams_health.py"))
    for _ in range(2):  # a second call replaces the numbers
        assert example["write_health"](logdir) == {"fine (1)": 0, "sick+1": 2}
    assert {name: run.findings for name, run in gradhealth.load(logdir).items()} == before

    with tensorboard_server(logdir.parent, "--logdir", logdir) as server:
        assert _health_by_run(server.url) == {"fine (1)": 0, "sick+1": 2, "begun": None}


def _write_hparams(folder):
    from tensorboard.compat.proto.event_pb2 import Event

    writer = EventFileWriter(str(folder))
    writer.add_event(Event(summary=hparams_pb({"learning_rate": 0.1}, trial_id=folder.name)))
    writer.close()


def _health_by_run(url):
    def post(route, body):
        address = f"{url}data/plugin/hparams/{route}"
        request = urllib.request.Request(
            address, json.dumps(body).encode(), {"Content-Type": "application/json"}
        )
        with urllib.request.urlopen(request, timeout=30) as response:
            return json.load(response)

    metrics = [info["name"] for info in post("experiment", {})["metricInfos"]]
    assert {"group": "gradhealth", "tag": "gradhealth/health"} in metrics
    statuses = ["STATUS_UNKNOWN", "STATUS_SUCCESS", "STATUS_FAILURE", "STATUS_RUNNING"]
    columns = [{"metric": metric} for metric in metrics]
    groups = post("session_groups", {"allowedStatuses": statuses, "sliceSize": 100, "colParams": columns})[
        "sessionGroups"
    ]
    return {
        group["sessions"][0]["name"]: next(
            (
                value["value"]
                for value in group["metricValues"]
                if value["name"]["tag"] == "gradhealth/health"
            ),
            None,
        )
        for group in groups
    }


def test_mlflow_has_verdict_findings_and_report(logdir, tmp_path):
    mlflow = pytest.importorskip("mlflow", reason="run by hand: pip install mlflow-skinny")
    store = {"MLFLOW_TRACKING_URI": f"file:{tmp_path}/mlflow", "MLFLOW_ALLOW_FILE_STORE": "true"}
    for run in ("sick+1", "fine (1)"):
        assert _run("mlflow_health.py", logdir / run, tmp_path, store).returncode == 0
    refused = _run("mlflow_health.py", tmp_path / "absent", tmp_path, store)
    assert refused.returncode == 1
    assert "absent was not judged" in refused.stderr
    assert "none of 3 runs" in refused.stderr

    with pytest.MonkeyPatch.context() as patch:
        for name, value in store.items():
            patch.setenv(name, value)
        client = mlflow.MlflowClient()
        (sick,) = client.search_runs(["0"], "tags.`gradhealth.verdict` = 'critical'")
        (fine,) = client.search_runs(["0"], "tags.`gradhealth.verdict` = 'healthy'")
        page = Path(client.download_artifacts(sick.info.run_id, "gradhealth/gradhealth.html", str(tmp_path)))
    assert (sick.info.run_name, fine.info.run_name) == ("sick+1", "fine (1)")
    assert "dense/kernel" in sick.data.tags["gradhealth.headline"]
    assert sick.data.metrics["gradhealth/critical"] == _critical(logdir, "sick+1")
    assert fine.data.metrics["gradhealth/critical"] == 0
    assert "sick+1" in page.read_text()


def test_wandb_has_verdict_findings_and_report(logdir, tmp_path):
    pytest.importorskip("wandb", reason="run by hand: pip install wandb")
    offline = {"WANDB_MODE": "offline", "WANDB_DIR": str(tmp_path), "WANDB_DATA_DIR": str(tmp_path)}
    done = _run("wandb_health.py", logdir / "sick+1", tmp_path, offline)
    assert done.returncode == 0, done.stderr

    (file,) = tmp_path.glob("wandb/offline-run-*/*.wandb")
    records = list(_wandb_records(file))
    summary = {
        item.key: json.loads(item.value_json)
        for record in records
        for item in record.summary.update
        if item.key.startswith("gradhealth/")
    }
    assert summary["gradhealth/verdict"] == "critical"
    assert "dense/kernel" in summary["gradhealth/headline"]
    assert summary["gradhealth/critical"] == _critical(logdir, "sick+1")
    assert ["gradhealth: critical"] in [list(record.run.tags) for record in records]
    contents = {item.path for record in records for item in record.artifact.manifest.contents}
    assert contents == {"gradhealth.html", "gradhealth.json"}


def _run(example, log_dir, folder, variables):
    command = [sys.executable, str(EXAMPLES / example), str(log_dir)]
    return subprocess.run(
        command, cwd=folder, env={**os.environ, **variables}, capture_output=True, text=True
    )


def _critical(logdir, name):
    number = sum(finding.severity == "critical" for finding in gradhealth.load(logdir)[name].findings)
    assert number > 0
    return number


def _wandb_records(path):
    """The records of an offline run: LevelDB's log format after seven bytes, in blocks of 32 KiB."""
    from wandb.proto.wandb_internal_pb2 import Record

    data, position, parts = path.read_bytes(), 7, b""
    while position + 7 <= len(data):
        if (left := 2**15 - position % 2**15) < 7:
            position += left
            continue
        _, size, kind = struct.unpack_from("<IHB", data, position)
        parts += data[position + 7 : position + 7 + size]
        position += 7 + size
        if kind in (1, 4):  # a whole record, or the last part of one
            yield Record.FromString(parts)
            parts = b""


def test_the_python_examples_are_short_and_described():
    described = (EXAMPLES / "README.md").read_text()
    for example in EXAMPLES.glob("*.*"):
        assert example.name == "README.md" or f"`{example.name}`" in described
    for example in EXAMPLES.glob("*.py"):
        assert len(example.read_text().splitlines()) <= 50
        assert re.search(r"^    python \w+\.py [A-Z_/]+$", example.read_text(), re.MULTILINE)
