"""The routes ``tensors``, ``states``, ``series``, ``steps``, ``magnitudes`` and ``heatmap``."""

import numpy as np
from frame import read_frame
from route_client import RouteClient, frame_of, strict_json
from run_log import GOOD, RunLog
from werkzeug.test import Client

from tb_gradhealth.events import Root
from tb_gradhealth.health.series.chart_queries import query_series
from tb_gradhealth.monitor import Monitor
from tb_gradhealth.plugin.handlers import Handlers
from tb_gradhealth.plugin.routes import wsgi_applications
from tb_gradhealth.record import Row, RowTable
from tb_gradhealth.rules import RulesInForce


def test_series_has_the_requested_columns(get):
    query = {
        "run": "fine",
        "kind": "gradient",
        "tensor": "dense/kernel",
        "column": ["rms", "nan_count", "rms"],
    }
    header, columns = frame_of(get("series", **query))
    assert header.pop("columns")[0] == {"name": "step", "dtype": "float64", "length": 4}
    assert header == {
        "schema": "gradhealth.series/1",
        "run": "fine",
        "tensor": "dense/kernel",
        "kind": "gradient",
        "points": 4,
        "exact": True,
        "records": 4,
    }
    assert list(columns) == [
        "step",
        *(f"{n}{end}" for n in ("rms", "nan_count") for end in ("", ".min", ".max")),
    ]
    np.testing.assert_array_equal(columns["rms"], [0.5] * 4)


GRADIENT = {"run": "fine", "tensor": "dense/kernel", "kind": "gradient"}


def test_tensors_are_listed_in_forward_order_with_their_columns(get):
    listed = strict_json(get("tensors", run="fine"))["tensors"]
    assert [each["tensor"] for each in listed] == ["dense/kernel", "frozen/kernel", "loss"]
    kernel, frozen, _ = listed
    assert (kernel["kind"], kernel["role"], kernel["magnitudes"]) == ("gradient", "kernel", True)
    assert {"rms", "nan_count"} <= set(kernel["columns"])
    assert (frozen["columns"], frozen["not_measured"]) == ([], "dtype int32 is not a floating one")


def test_tensors_hold_the_structure_of_the_network(tmp_path):
    table = RowTable(
        (
            Row("input", "input", "input", "other", 0, (-1, 4)),
            Row("dense", "activation", "dense", "activation", 0, (-1, 8), inputs=("input",)),
            Row(
                "add",
                "activation",
                "add",
                "activation",
                1,
                (-1, 8),
                inputs=("dense", "input"),
                between="x + y",
            ),
            Row("head", "activation", "head", "activation", 2, (-1, 2), output=True),
        )
    )
    with RunLog(tmp_path / "run" / "gradhealth", table) as log:
        log.record(0, *[GOOD] * 4)
    listed = strict_json(RouteClient(tmp_path)("tensors", run="run"))["tensors"]
    links = {each["tensor"]: (each["inputs"], each["between"], each["output"]) for each in listed}
    assert links == {
        "input": ([], "", False),
        "dense": (["input"], "", False),
        "add": (["dense", "input"], "x + y", False),
        "head": ([], "", True),
    }


def test_heatmap_rows_are_in_forward_order(get):
    header, columns = frame_of(get("heatmap", run="fine", kind="gradient", column="rms"))
    assert [row["tensor"] for row in header["rows"]] == ["dense/kernel"]
    np.testing.assert_array_equal(columns["step"], [0, 10, 20, 30])
    np.testing.assert_array_equal(columns["value"], [0.5] * 4)
    _, columns = frame_of(get("heatmap", run="fine", kind="loss", column="mean", **{"from": 5, "to": 20}))
    np.testing.assert_allclose(columns["value"], [1.9, 1.8], rtol=1e-6)


def test_charts_without_measurements_are_empty(get):
    header, columns = frame_of(get("heatmap", run="fine", kind="activation", column="rms"))
    assert (header["rows"], columns["value"].size) == ([], 0)
    header, columns = frame_of(get("magnitudes", **GRADIENT))
    assert (header["points"], header["bins"], len(header["exponents"])) == (0, 30, 30)
    header, columns = frame_of(get("steps", **GRADIENT))
    assert (header["statistic"], columns["value"].size) == ("RMS", 0)


def test_states_have_reasons_and_pages(get):
    answer = strict_json(get("states", run="sick", tensor="dense/kernel", symptom="non-finite"))
    (state,) = answer["states"]
    assert (state["state"], state["value"], answer["total"]) == ("critical", 3, 1)
    everything = strict_json(get("states", run="sick"))
    assert everything["total"] == len(everything["states"]) > 2
    page = strict_json(get("states", run="sick", offset=1, limit=2))
    assert (page["states"], page["total"]) == (everything["states"][1:3], everything["total"])


LONG_TABLE = RowTable((Row("dense/kernel", "gradient", "dense", "kernel", 0),))


def test_a_range_that_the_history_keeps_in_buckets_is_read_from_the_files(tmp_path):
    with RunLog(tmp_path / "run", LONG_TABLE) as log:
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
