import argparse
import json
import struct

import numpy as np
import pytest
from tensorboard.plugins import base_plugin
from werkzeug.test import Client

from tb_gradhealth.plugin import routes as routes_module
from tb_gradhealth.plugin.plugin import GradHealthPlugin
from tb_gradhealth.version import __version__


@pytest.fixture
def get(logs):
    """Asks the plugin over the two runs, as TensorBoard's application would."""
    flags = argparse.Namespace(logdir=str(logs), logdir_spec="")
    plugin = GradHealthPlugin(base_plugin.TBContext(flags=flags, logdir=str(logs)))
    clients = {path: Client(app) for path, app in plugin.get_plugin_apps().items()}

    def get(route, method="GET", **parameters):
        return clients["/" + route].open("/", method=method, query_string=parameters)

    return get


def frame_of(response):
    assert (response.status_code, response.mimetype) == (200, "application/octet-stream")
    content = response.get_data()
    (length,) = struct.unpack_from("<I", content, 4)
    header = json.loads(content[8 : 8 + length])
    numbers = np.frombuffer(content, "<f8", offset=8 + length).reshape(
        len(header["columns"]), header["points"]
    )
    return header, dict(zip(header["columns"], numbers, strict=True))


def strict_json(response):
    assert response.mimetype == "application/json"

    def refuse(constant):
        raise AssertionError(constant)

    return json.loads(response.get_data(), parse_constant=refuse)


def finding_id(get):
    return strict_json(get("findings"))["findings"][0]["id"]


def test_runs_say_how_each_is(get, logs):
    answer = strict_json(get("runs"))
    fine, sick = answer.pop("runs")
    assert answer == {
        "schema": "gradhealth.runs/1",
        "version": __version__,
        "logdir": str(logs),
        "other_runs": 0,
        "problems": [],
    }
    assert fine["verdict"] == "healthy"
    assert sick == {
        "run": "sick",
        "verdict": "critical",
        "last_step": 30,
        "last_wall_time": 1.7e9 + 30,
        "records": 4,
        "tensors": 1,
        "every": 10,
        "counts": {"critical": 1, "warning": 0, "info": 0},
        "loss": {"first": 2.0, "last": pytest.approx(1.7)},
        "not_measured": [
            {"tensor": "frozen/kernel", "kind": "gradient", "reason": "dtype int32 is not a floating one"}
        ],
        "problems": [],
    }


def test_a_damaged_file_is_said_in_its_run(get, logs):
    (file,) = (logs / "fine" / "gradhealth").iterdir()
    size = file.stat().st_size
    with file.open("ab") as appended:
        appended.write(b"\xff" * 12)
    fine = strict_json(get("runs"))["runs"][0]
    assert fine["records"] == 4
    assert [(problem["path"], problem["offset"]) for problem in fine["problems"]] == [
        (f"fine/gradhealth/{file.name}", size)
    ]


def test_wall_times_that_are_no_times_are_null(get, logs, add_run):
    add_run(logs / "odd", records=1)
    (file,) = (logs / "odd").iterdir()
    from tensorboard.compat.proto import event_pb2
    from tensorboard.summary.writer.record_writer import RecordWriter

    from tb_gradhealth.events.tail import Tail

    events = [event_pb2.Event.FromString(frame.payload) for frame in Tail(str(file)).read()]
    with file.open("wb") as rewritten:
        for event in events:
            event.wall_time = float("nan")
            RecordWriter(rewritten).write(event.SerializeToString())
    (odd,) = [run for run in strict_json(get("runs"))["runs"] if run["run"] == "odd"]
    assert (odd["last_wall_time"], odd["records"], len(odd["problems"])) == (None, 1, 1)


def test_findings_carry_their_run_and_a_trend_without_nan(get):
    (finding,) = strict_json(get("findings"))["findings"]
    assert (finding["run"], finding["tensor"], finding["symptom"]) == ("sick", "dense/kernel", "non-finite")
    assert finding["opened_step"] == 20
    assert 0 < len(finding["trend"]) <= 40
    assert finding["trend"][-1] == 3


@pytest.mark.parametrize(("wanted", "count"), [(["fine"], 0), (["sick"], 1), (["sick", "fine", "sick"], 1)])
def test_findings_of_chosen_runs(get, wanted, count):
    assert len(strict_json(get("findings", run=wanted))["findings"]) == count


def test_symptoms_are_the_ones_findings_name(get):
    answer = strict_json(get("symptoms"))
    assert answer["schema"] == "gradhealth.symptoms/1"
    symptom = next(each for each in answer["symptoms"] if each["id"] == "non-finite")
    assert {"title", "meaning", "causes", "advice", "measure", "logarithmic", "direction"} <= symptom.keys()


def test_evidence_is_a_frame_in_the_contracts_order(get):
    identity = finding_id(get)
    header, columns = frame_of(get("evidence", run="sick", finding=identity))
    assert header["columns"] == ["step", "value", "threshold", "statistic", "reference", "loss"]
    assert (header["schema"], header["run"], header["points"]) == ("gradhealth.evidence/1", "sick", 4)
    assert header["finding"] == strict_json(get("findings"))["findings"][0]
    assert {"value", "statistic"} <= header["labels"].keys()
    np.testing.assert_array_equal(columns["step"], [0, 10, 20, 30])
    np.testing.assert_array_equal(columns["value"], [0, 0, 3, 3])
    np.testing.assert_allclose(columns["loss"], [2.0, 1.9, 1.8, 1.7], rtol=1e-6)


def test_a_link_to_evidence_works_as_the_very_first_request(get, logs):
    identity = finding_id(get)
    flags = argparse.Namespace(logdir=str(logs), logdir_spec="")
    fresh = GradHealthPlugin(base_plugin.TBContext(flags=flags)).get_plugin_apps()
    response = Client(fresh["/evidence"]).get("/", query_string={"run": "sick", "finding": identity})
    assert frame_of(response)[0]["points"] == 4


def test_series_are_the_columns_that_were_asked_for(get):
    asked = {
        "run": "fine",
        "kind": "gradient",
        "tensor": "dense/kernel",
        "column": ["rms", "nan_count", "rms"],
    }
    header, columns = frame_of(get("series", **asked))
    assert header == {
        "schema": "gradhealth.series/1",
        "run": "fine",
        "tensor": "dense/kernel",
        "kind": "gradient",
        "points": 4,
        "columns": ["step", "rms", "nan_count"],
    }
    np.testing.assert_array_equal(columns["rms"], [0.5] * 4)


SERIES = {"run": "fine", "kind": "gradient", "tensor": "dense/kernel", "column": "rms"}

WRONG = [
    ("evidence", {"finding": "x"}, 400, "'run'"),
    ("evidence", {"run": "sick"}, 400, "'finding'"),
    ("evidence", {"run": "", "finding": "x"}, 400, "'run'"),
    ("evidence", {"run": ["sick", "fine"], "finding": "x"}, 400, "twice"),
    ("evidence", {"run": "sick", "finding": "x"}, 404, "'x'"),
    ("evidence", {"run": "../sick", "finding": "x"}, 404, "'../sick'"),
    ("findings", {"run": "absent"}, 404, "'absent'"),
    ("series", {**SERIES, "kind": "mood"}, 400, "'mood'"),
    ("series", {**SERIES, "column": "step"}, 400, "'step'"),
    ("series", {**SERIES, "column": []}, 400, "'column'"),
    ("series", {**SERIES, "tensor": "absent"}, 404, "'absent'"),
    ("series", {**SERIES, "run": "absent"}, 404, "'absent'"),
]


@pytest.mark.parametrize(("route", "parameters", "status", "words"), WRONG)
def test_a_wrong_question_is_answered_in_one_sentence(get, route, parameters, status, words):
    response = get(route, **parameters)
    assert response.status_code == status
    answer = strict_json(response)
    assert list(answer) == ["error"]
    assert words in answer["error"]


@pytest.mark.parametrize("route", ["runs", "findings", "symptoms", "evidence", "series", "index.js"])
@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "HEAD"])
def test_only_get_is_answered(get, route, method):
    response = get(route, method=method)
    assert response.status_code == 405
    assert response.headers["Allow"] == "GET"


def test_the_tabs_module_is_served_uncached(get, monkeypatch, tmp_path):
    bundle = tmp_path / "index.js"
    bundle.write_text("export function render() { /* ü */ }")
    monkeypatch.setattr(routes_module, "BUNDLE", bundle)
    response = get("index.js")
    assert (response.mimetype, response.text) == ("text/javascript", bundle.read_text())
    assert "no-cache" in response.headers["Cache-Control"]


def test_without_a_bundle_the_tab_says_how_to_build_it(get, monkeypatch, tmp_path):
    monkeypatch.setattr(routes_module, "BUNDLE", tmp_path / "absent.js")
    response = get("index.js")
    assert response.status_code == 200
    assert "export function render()" in response.text
    assert "npm run build" in response.text


def test_a_fault_of_ours_is_said_without_its_traceback(logs, caplog):
    plugin = GradHealthPlugin(base_plugin.TBContext(logdir=str(logs)))
    plugin._logdir = float("nan")  # nothing a user can do makes an answer that is no JSON
    response = Client(plugin.get_plugin_apps()["/runs"]).get("/")
    assert response.status_code == 500
    assert "not JSON compliant" in strict_json(response)["error"]
    assert "Traceback" in caplog.text
    assert "Traceback" not in response.text
