"""The route ``series`` over a run of which the history keeps only a part of the records."""

import numpy as np
from frame import read_frame
from run_log import RunLog
from werkzeug.test import Client

from tb_gradhealth.events import Root
from tb_gradhealth.health.series.chart_queries import query_series
from tb_gradhealth.monitor import Monitor
from tb_gradhealth.plugin.handlers import Handlers
from tb_gradhealth.plugin.routes import wsgi_applications
from tb_gradhealth.record import Row, RowTable
from tb_gradhealth.rules import RulesInForce

TABLE = RowTable((Row("dense/kernel", "gradient", "dense", "kernel", 0),))


def test_a_range_that_the_history_keeps_in_buckets_is_read_from_the_files(tmp_path):
    with RunLog(tmp_path / "run", TABLE) as log:
        for step in range(1500):
            log.record(step, {"rms": step + 2})
    monitor = Monitor([Root(str(tmp_path))])
    monitor.refresh()  # a busy machine needs more than the half second that a request waits
    client = Client(wsgi_applications(Handlers(monitor, "logs", RulesInForce.load("")))["/series"])
    query = {"run": "run", "tensor": "dense/kernel", "kind": "gradient", "column": "rms"}
    header, columns = read_frame(client.get("/", query_string=query).get_data())
    assert (header["exact"], header["records"]) == (False, 1500)
    with monitor.snapshot() as snapshot:
        histories = snapshot.runs["run"].health.histories()
        assert not query_series(histories, "gradient", "dense/kernel", ["rms"], (100, 299))["rms"].exact
    header, columns = read_frame(client.get("/", query_string={**query, "from": 100, "to": 299}).get_data())
    assert (header["exact"], header["records"]) == (True, 200)
    np.testing.assert_array_equal(columns["step"], range(100, 300))
    np.testing.assert_array_equal(columns["rms.max"], np.arange(102, 302))
