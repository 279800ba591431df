"""A log directory with a sick and a healthy run, and real TensorBoard servers over it."""

from functools import partial

import pytest
from route_client import RouteClient
from run_log import RunLog
from tensorboard_server import tensorboard_server

from tb_gradhealth.record import Row, RowTable

ROWS = (
    Row(tensor="dense/kernel", kind="gradient", layer="dense", role="kernel", depth=0),
    Row(
        tensor="frozen/kernel",
        kind="gradient",
        layer="frozen",
        role="kernel",
        depth=1,
        not_measured="dtype int32 is not a floating one",
    ),
    Row(tensor="loss", kind="loss", layer="loss", role="loss", depth=2),
)
TABLE = RowTable(rows=ROWS, settings={"every": 10})


def write_run(folder, bad_from=None, records=4):
    """Records at steps 0, 10, 20...; the gradient holds NaN from the step ``bad_from`` on."""
    with RunLog(folder, TABLE) as log:
        for step in range(0, 10 * records, 10):
            bad = bad_from is not None and step >= bad_from
            gradient = {"rms": 0.5, "nan_count": 3 * bad, "inf_count": 0, "bad_steps": bad, "bad_ago": 0}
            log.record(step, gradient, {}, {"mean": 2.0 - step / 100})


@pytest.fixture
def add_run():
    return write_run


@pytest.fixture(scope="session")
def two_runs():
    """Writes two runs: "sick" has NaN from step 20 on, "fine" has none."""

    def write(logs):
        write_run(logs / "sick" / "gradhealth", bad_from=20)
        write_run(logs / "fine" / "gradhealth")
        return logs

    return write


@pytest.fixture
def logs(tmp_path, two_runs):
    return two_runs(tmp_path / "logs")


@pytest.fixture
def get(logs):
    """Sends requests to the routes over the two runs."""
    return RouteClient(logs)


@pytest.fixture
def tensorboard(tmp_path):
    """Starts a server: ``with tensorboard("--logdir", path, without=["tensorflow"]) as server``."""
    return partial(tensorboard_server, tmp_path)
