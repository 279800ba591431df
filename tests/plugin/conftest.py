"""A log directory with a sick and a healthy run, and real TensorBoard servers over it."""

import json
import os
import re
import subprocess
import sys
import textwrap
import time
import urllib.error
import urllib.request
from contextlib import contextmanager
from importlib import metadata
from pathlib import Path

import numpy as np
import pytest
from tensorboard.compat.proto import event_pb2, summary_pb2
from tensorboard.summary.writer.event_file_writer import EventFileWriter
from tensorboard.util import tensor_util

from tb_gradhealth.record import Row, RowTable, encode_table, record_tag, table_tag

REPOSITORY = Path(__file__).parents[2]
PATIENCE = 90
"""Seconds a server may take to start or to notice data, on a slow machine that also imports TensorFlow."""

ROWS = (
    Row(tensor="dense/kernel", kind="gradient", layer="dense", role="kernel", depth=0),
    Row(
        tensor="frozen/kernel",
        kind="gradient",
        layer="frozen",
        role="kernel",
        depth=1,
        not_measured="gradient is None",
    ),
    Row(tensor="loss", kind="loss", layer="loss", role="loss", depth=2),
)
TABLE = RowTable(rows=ROWS, settings={"every": 10})


def write_run(folder, bad_from=None, records=4):
    """Records at steps 0, 10, 20...; the gradient holds NaN from the step ``bad_from`` on."""
    writer = EventFileWriter(str(folder))
    writer.add_event(_event(table_tag(TABLE.id), encode_table(TABLE), 0))
    for step in range(0, 10 * records, 10):
        bad = bad_from is not None and step >= bad_from
        values = np.full((len(ROWS), len(TABLE.columns)), np.nan, np.float32)
        for row, columns in (
            (0, {"rms": 0.5, "nan_count": 3 * bad, "inf_count": 0, "bad_steps": bad, "bad_ago": 0}),
            (2, {"mean": 2.0 - step / 100}),
        ):
            for name, value in columns.items():
                values[row, TABLE.columns.index(name)] = value
        writer.add_event(_event(record_tag(TABLE.id), values, step))
    writer.close()


def _event(tag, content, step):
    value = summary_pb2.Summary.Value(tag=tag, tensor=tensor_util.make_tensor_proto(content))
    value.metadata.data_class = summary_pb2.DATA_CLASS_TENSOR
    value.metadata.plugin_data.plugin_name = "gradhealth"
    value.metadata.plugin_data.content = b"1"
    return event_pb2.Event(step=step, wall_time=1.7e9 + step, summary=summary_pb2.Summary(value=[value]))


@pytest.fixture
def add_run():
    return write_run


@pytest.fixture
def logs(tmp_path):
    """Two runs: "sick" has NaN from step 20 on, "fine" has none."""
    write_run(tmp_path / "logs" / "sick" / "gradhealth", bad_from=20)
    write_run(tmp_path / "logs" / "fine" / "gradhealth")
    return tmp_path / "logs"


class Server:
    """A running TensorBoard."""

    def __init__(self, url, output):
        self.url, self._output = url, output

    def get(self, route, base="data/plugin/gradhealth/"):
        """Status, content type and body."""
        try:
            with urllib.request.urlopen(self.url + base + route, timeout=30) as response:
                return response.status, response.headers.get_content_type(), response.read()
        except urllib.error.HTTPError as error:
            return error.code, error.headers.get_content_type(), error.read()

    def json(self, route, **kwargs):
        status, _, body = self.get(route, **kwargs)
        assert status == 200, (body, self.output())
        return json.loads(body)

    def listing(self):
        return self.json("data/plugins_listing", base="")["gradhealth"]

    def wait_until(self, condition):
        end = time.monotonic() + PATIENCE
        while not condition():
            assert time.monotonic() < end, self.output()
            time.sleep(0.2)

    def output(self):
        return self._output.read_text()


@pytest.fixture
def tensorboard(tmp_path):
    """Starts a server: ``with tensorboard("--logdir", path, without=["tensorflow"]) as server``.

    Args of the server first; ``without`` names modules whose import fails in it, ``suffix`` is what
    follows the address.
    """

    @contextmanager
    def start(*arguments, without=("tensorflow",), suffix=""):
        output = tmp_path / "server-output"
        with output.open("wb") as file:
            process = subprocess.Popen(
                [
                    sys.executable,
                    "-m",
                    "tensorboard.main",
                    "--port=0",
                    "--host=127.0.0.1",
                    *map(str, arguments),
                ],
                stdout=file,
                stderr=subprocess.STDOUT,
                env=_environment(tmp_path / "path", without),
                cwd=tmp_path,
            )
        try:
            yield Server(_address(process, output) + suffix, output)
        finally:
            process.terminate()
            process.wait(timeout=30)

    return start


def _environment(folder, without):
    """The environment of a server that finds this source tree as an installed plugin."""
    folder.mkdir(exist_ok=True)
    (folder / "sitecustomize.py").write_text(
        textwrap.dedent(f"""
            import sys

            class Absent:
                def find_spec(self, name, path=None, target=None):
                    if name in {list(without)!r} or name.partition(".")[0] in {list(without)!r}:
                        raise ModuleNotFoundError(f"No module named {{name!r}}", name=name)

            sys.meta_path.insert(0, Absent())
            """)
    )
    try:
        metadata.distribution("tb_gradhealth")
    except metadata.PackageNotFoundError:
        import tomllib

        project = tomllib.loads((REPOSITORY / "pyproject.toml").read_text())["project"]
        info = folder / "tb_gradhealth-0.dist-info"
        info.mkdir(exist_ok=True)
        (info / "METADATA").write_text("Metadata-Version: 2.1\nName: tb_gradhealth\nVersion: 0\n")
        ((name, target),) = project["entry-points"]["tensorboard_plugins"].items()
        (info / "entry_points.txt").write_text(f"[tensorboard_plugins]\n{name} = {target}\n")
    return {**os.environ, "PYTHONPATH": f"{folder}{os.pathsep}{REPOSITORY}", "PYTHONWARNINGS": "default"}


def _address(process, output):
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end and process.poll() is None:
        if found := re.search(r"(http://127\.0\.0\.1:\d+/)", output.read_text()):
            return found[1]
        time.sleep(0.1)
    raise AssertionError(f"TensorBoard did not start:\n{output.read_text()}")
