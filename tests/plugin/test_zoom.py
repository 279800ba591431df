"""A range that memory has only in part is read again from the files, and followed while they grow."""

import numpy as np
import pytest
from run_log import RunLog

from tb_gradhealth.events import Root, discover
from tb_gradhealth.health.series.chart_queries import query_series
from tb_gradhealth.monitor import Monitor
from tb_gradhealth.plugin import zoom as zoom_module
from tb_gradhealth.plugin.zoom import Zooms
from tb_gradhealth.record import Row, RowTable

ROWS = tuple(Row(f"d{depth}/kernel", "gradient", f"d{depth}", "kernel", depth) for depth in range(3))
TABLE = RowTable(ROWS)


@pytest.fixture
def log(tmp_path):
    with RunLog(tmp_path / "run", TABLE) as log:
        yield log


def write(log, steps, factor=1):
    for step in steps:
        log.record(step, *[{"rms": factor * (step + depth)} for depth in range(3)])


def zoomed(log, zooms, steps, most=4096, tensor="d1/kernel"):
    files = discover([Root(str(log.folder.parent))]).runs["run"]
    return zooms.series("run", files, "gradient", tensor, ["rms"], steps, most)


def test_every_record_of_the_range_is_there_and_the_new_ones_too(log):
    zooms = Zooms()
    write(log, range(0, 3000, 10))
    cells = zoomed(log, zooms, (501, 2995))["rms"]
    np.testing.assert_array_equal(cells.steps, range(510, 3000, 10))
    np.testing.assert_array_equal(cells.mean[0], np.arange(511, 3001, 10))
    assert cells.exact
    write(log, range(2990, 3000))  # goes back one record
    cells = zoomed(log, zooms, (501, 2995))["rms"]
    np.testing.assert_array_equal(cells.steps[-7:], [2980, *range(2990, 2996)])
    write(log, [100, 600], factor=2)
    cells = zoomed(log, zooms, (501, 2995))["rms"]
    np.testing.assert_array_equal(cells.mean[0], [1202])


def test_more_records_than_points_are_pooled_and_say_so(log):
    write(log, range(0, 1000, 10))
    cells = zoomed(log, Zooms(), (0, 999), most=20)["rms"]
    assert (cells.steps.size, cells.records.sum(), cells.exact) == (20, 100, False)
    np.testing.assert_array_equal(cells.high[0], np.arange(41, 1000, 50))


def test_what_is_not_there_or_too_much_is_none(log, monkeypatch):
    write(log, range(100))
    assert zoomed(log, Zooms(), (0, 99), tensor="absent") is None
    monkeypatch.setattr(zoom_module, "MOST_RECORDS", 50)
    assert zoomed(log, Zooms(), (0, 99)) is None
    assert zoomed(log, Zooms(), (0, 40))["rms"].exact
    monkeypatch.setattr(zoom_module, "LARGEST", 100)
    assert zoomed(log, Zooms(), (0, 40)) is None


def test_what_memory_thinned_out_the_route_reads_again(log, tmp_path, monkeypatch):
    from frame import read_frame
    from werkzeug.test import Client

    from tb_gradhealth.plugin.judging import Judging
    from tb_gradhealth.plugin.routes import routes

    write(log, range(1500))
    monitor = Monitor([Root(str(tmp_path))])
    monitor.refresh()  # a busy machine needs more than the half second that a question waits
    client = Client(routes(monitor, "logs", Judging.by(""))["/series"])
    asked = {"run": "run", "tensor": "d2/kernel", "kind": "gradient", "column": "rms"}
    header, columns = read_frame(client.get("/", query_string=asked).get_data())
    assert (header["exact"], header["records"]) == (False, 1500)
    with monitor.reading() as watched:
        histories = watched.runs["run"].health.histories()
        assert not query_series(histories, "gradient", "d2/kernel", ["rms"], (100, 299))["rms"].exact
    header, columns = read_frame(client.get("/", query_string={**asked, "from": 100, "to": 299}).get_data())
    assert (header["exact"], header["records"]) == (True, 200)
    np.testing.assert_array_equal(columns["step"], range(100, 300))
    np.testing.assert_array_equal(columns["rms.max"], np.arange(102, 302))
