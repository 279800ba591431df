import argparse
import gzip
import json
import re
import time
from dataclasses import replace

import numpy as np
import pytest
from frame import read_frame
from tensorboard.compat.proto import event_pb2, summary_pb2
from tensorboard.plugins import base_plugin
from tensorboard.plugins.hparams import plugin_data_pb2
from tensorboard.summary.writer.event_file_writer import EventFileWriter
from werkzeug.test import Client

from tb_gradhealth import rules
from tb_gradhealth.health import SYMPTOMS, Finding, finding_as_json, parameters
from tb_gradhealth.monitor.follower import FRESH
from tb_gradhealth.plugin import routes as routes_module
from tb_gradhealth.plugin.answers.common import finding_json
from tb_gradhealth.plugin.plugin import GradHealthPlugin
from tb_gradhealth.version import __version__


@pytest.fixture
def get(logs):
    """Asks the plugin over the two runs, as TensorBoard's application would."""
    flags = argparse.Namespace(logdir=str(logs), logdir_spec="")
    plugin = GradHealthPlugin(base_plugin.TBContext(flags=flags, logdir=str(logs)))
    clients = {path: Client(app) for path, app in plugin.get_plugin_apps().items()}

    def get(route, method="GET", headers=None, **parameters):
        return clients["/" + route].open("/", method=method, headers=headers, query_string=parameters)

    return get


def frame_of(response):
    assert (response.status_code, response.mimetype) == (200, "application/octet-stream")
    return read_frame(response.get_data())


def strict_json(response):
    assert response.mimetype == "application/json"

    def refuse(constant):
        raise AssertionError(constant)

    return json.loads(response.get_data(), parse_constant=refuse)


def finding_id(get):
    return strict_json(get("findings"))["findings"][0]["id"]


def test_runs_say_how_each_is(get, logs):
    before = time.time()
    answer = strict_json(get("runs"))
    assert before <= answer.pop("now") <= time.time()
    size = sum(file.stat().st_size for file in logs.rglob("*tfevents*"))
    read = {"done": True, "runs_read": 2, "runs": 2, "bytes_read": size, "bytes": size}
    assert answer.pop("loading") == read
    fine, sick = answer.pop("runs")
    assert sick.pop("revision") != fine["revision"]
    (file,) = (logs / "sick").rglob("*tfevents*")
    size = file.stat().st_size
    assert sick.pop("loading") == {"done": True, "bytes_read": size, "bytes": size}
    assert answer == {
        "schema": "gradhealth.runs/1",
        "version": __version__,
        "logdir": str(logs),
        "other_runs": 0,
        "problems": [],
    }
    assert (fine["verdict"], fine["enough"]) == ("too early", {"records": 4, "wanted": 10})
    assert (fine.pop("rank"), sick.pop("rank")) == (1, 0)
    checked = sick.pop("checked")
    assert checked["symptoms"] == ["non-finite"]
    assert {each["symptom"] for each in checked["not_judged"]} == set(SYMPTOMS) - {"non-finite"}
    assert (checked["tensors"], checked["records"], checked["last_step"]) == (1, 4, 30)
    (finding,) = strict_json(get("findings", run="sick"))["findings"]
    missing = r"no weights, updates, activations and inputs recorded, \d+ symptoms not judged"
    assert re.fullmatch(missing, sick.pop("reservation"))
    assert sick == {
        "headline": finding["message"],
        "named": finding["id"],
        "enough": {"records": 4, "wanted": 10},
        "run": "sick",
        "verdict": "critical",
        "first_step": 0,
        "last_step": 30,
        "last_wall_time": 1.7e9 + 30,
        "records": 4,
        "tensors": 1,
        "every": 10,
        "counts": {"critical": 1, "warning": 0, "info": 0},
        "incidents": 1,
        "symptoms": {"non-finite": "critical"},
        "hparams": None,
        "loss": {"first": 2.0, "last": pytest.approx(1.7), "non_finite_since": None},
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
    names = ["step", "value", "threshold", "statistic", "reference", "loss"]
    assert header["columns"] == [{"name": name, "dtype": "float64", "length": 4} for name in names]
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


SERIES = {"run": "fine", "kind": "gradient", "tensor": "dense/kernel", "column": "rms"}

WRONG = [
    ("evidence", {"finding": "x"}, 400, "'run'"),
    ("evidence", {"run": "sick"}, 400, "'finding'"),
    ("evidence", {"run": "", "finding": "x"}, 400, "'run'"),
    ("evidence", {"run": ["sick", "fine"], "finding": "x"}, 400, "2 times"),
    ("evidence", {"run": "sick", "finding": "x"}, 404, "'x'"),
    ("evidence", {"run": "../sick", "finding": "x"}, 404, "'../sick'"),
    ("findings", {"run": "absent"}, 404, "'absent'"),
    ("series", {**SERIES, "kind": "mood"}, 400, "'mood'"),
    ("series", {**SERIES, "column": "step"}, 400, "'step'"),
    ("series", {**SERIES, "column": []}, 400, "'column'"),
    ("series", {**SERIES, "column": "magnitudes_0"}, 400, "'magnitudes_0'"),
    ("series", {**SERIES, "points": "15"}, 400, "from 16 to 4096"),
    ("series", {**SERIES, "points": "1_0_0"}, 400, "points='1_0_0'"),
    ("series", {**SERIES, "points": "٣٣"}, 400, "no whole number"),
    ("series", {**SERIES, "from": "1e3"}, 400, "from='1e3'"),
    ("series", {**SERIES, "from": str(2**70)}, 400, "no whole number"),
    ("series", {**SERIES, "from": "20", "to": "10"}, 400, "ends before it begins"),
    ("series", {**SERIES, "tensor": "x" * 3_000}, 400, "3000 characters"),
    ("findings", {"trends": "yes"}, 400, "'yes'"),
    ("findings", {"run": [str(name) for name in range(1001)]}, 400, "at most 1000"),
    ("findings", {"limit": "0"}, 400, "from 1 to 1000"),
    ("findings", {"limit": "1001"}, 400, "from 1 to 1000"),
    ("findings", {"limit": "5", "run": "absent"}, 404, "'absent'"),
    ("findings", {"trends": "0", "run": "absent"}, 404, "'absent'"),
    ("trends", {"run": "sick", "finding": "x"}, 404, "'x'"),
    ("trends", {"run": "sick", "finding": [str(name) for name in range(201)]}, 400, "at most 200"),
    ("tensors", {}, 400, "'run'"),
    ("steps", {**SERIES, "tensor": "absent"}, 404, "'absent'"),
    ("magnitudes", {**SERIES, "width": "7"}, 400, "from 8 to 1024"),
    ("magnitudes", {**SERIES, "tensor": "absent"}, 404, "'absent'"),
    ("heatmap", {**SERIES, "width": "4096"}, 400, "from 8 to 2048"),
    ("heatmap", {**SERIES, "reduce": "median"}, 400, "'median'"),
    ("states", {"run": "sick", "limit": "2001"}, 400, "from 1 to 2000"),
    ("states", {"run": "sick", "symptom": "flu"}, 400, "'flu'"),
    ("judge", {}, 400, "'rules'"),
    ("judge", {"rules": "{"}, 400, "no JSON"),
    ("judge", {"rules": "[]"}, 400, "JSON object"),
    ("judge", {"rules": '{"version": NaN}'}, 400, "NaN"),
    ("judge", {"rules": '{"symptoms": {"dead-unit": {}}}'}, 400, "did you mean 'dead-units'?"),
    ("judge", {"rules": '{"symptoms": {"dead-units": {"threshold": 2}}}'}, 400, "at most 1"),
    ("judge", {"rules": "x" * 20_000}, 400, "20000 characters"),
    ("judge", {"rules": '{"symptoms": {"dead-units": {"batches": 1e999}}}'}, 400, "inf"),
    ("judge", {"rules": '{"symptoms": {"gradient-spike": {"factor": 1e999}}}'}, 400, "finite number"),
    ("judge", {"rules": "{}", "toml": "version = 1"}, 400, "one is enough"),
    ("judge", {"toml": "version = "}, 400, "toml: is no TOML"),
    ("judge", {"toml": "version = " + "[" * 16_000}, 400, "toml: is no TOML"),
    ("judge", {"toml": "version = " + "1" * 5_000}, 400, "toml: is no TOML"),
    ("judge", {"toml": "[symptoms.dead-unit]"}, 400, "did you mean 'dead-units'?"),
    ("judge", {"toml": "[symptoms.gradient-spike]\nfactor = nan"}, 400, "finite number"),
    ("judge", {"toml": "x" * 20_000}, 400, "20000 characters"),
    ("judge", {"rules": "{}", "findings": "yes"}, 400, "'yes'"),
    ("judge", {"rules": '{"extends": "/etc/passwd"}'}, 400, "no preset '/etc/passwd'"),
    ("report", {"format": "pdf"}, 400, "'pdf'"),
    ("report", {"run": "absent"}, 404, "'absent'"),
    ("problems", {"run": "absent"}, 404, "'absent'"),
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


ROUTES = (
    "runs",
    "findings",
    "trends",
    "symptoms",
    "evidence",
    "series",
    "steps",
    "magnitudes",
    "heatmap",
    "tensors",
    "states",
    "rules",
    "judge",
    "report",
    "problems",
    "version",
    "openapi.json",
    "index.js",
)


@pytest.mark.parametrize("route", ROUTES)
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


GRADIENT = {"run": "fine", "tensor": "dense/kernel", "kind": "gradient"}


def test_an_unchanged_answer_is_304_and_a_changed_one_is_not(get, logs, add_run):
    first = get("runs")
    tag = first.headers["ETag"]
    assert tag.startswith('W/"')
    again = get("runs", headers={"If-None-Match": tag})
    assert (again.status_code, again.get_data(), again.headers["ETag"]) == (304, b"", tag)
    add_run(logs / "third")
    time.sleep(FRESH)
    changed = get("runs", headers={"If-None-Match": tag})
    assert changed.status_code == 200
    assert changed.headers["ETag"] != tag
    assert get("tensors", headers={"If-None-Match": tag}, run="fine").status_code == 200


def test_another_question_is_another_answer(get):
    tag = get("series", **SERIES).headers["ETag"]
    other = get("series", headers={"If-None-Match": tag}, **{**SERIES, "points": "16"})
    assert other.status_code == 200


def test_findings_without_trends_and_trends_alone(get):
    (finding,) = strict_json(get("findings", trends="0"))["findings"]
    assert "trend" not in finding
    answer = strict_json(get("trends", run="sick", finding=finding["id"]))
    assert answer["trends"] == {finding["id"]: [0, 0, 3, 3]}


@pytest.mark.parametrize("wanted", [[], ["fine"], ["fine", "sick"]])
def test_findings_are_the_same_with_and_without_trends(get, wanted):
    answer = strict_json(get("findings", run=wanted))
    for finding in answer["findings"]:
        del finding["trend"]
    assert strict_json(get("findings", run=wanted, trends="0")) == answer


def test_a_value_that_is_no_number_is_null(get, logs, add_run):
    (finding,) = strict_json(get("findings"))["findings"]
    measured = Finding(**{name: value for name, value in finding.items() if name not in ("run", "trend")})
    odd = replace(measured, value=float("inf"), threshold=float("nan"))
    assert finding_json("sick", odd) == {"run": "sick", **finding_as_json(odd)}
    assert (finding_json("sick", odd)["value"], finding_json("sick", odd)["threshold"]) == (None, None)


def test_a_first_page_tells_the_worst_and_counts_the_others(get, logs, add_run):
    add_run(logs / "worse" / "gradhealth", bad_from=10)
    everything = strict_json(get("findings", trends="0"))
    assert everything["page"] is None
    sick, worse = everything["findings"]
    answer = strict_json(get("findings", limit="1"))
    assert answer["findings"] == [worse]
    assert answer["page"] == {
        "total": 2,
        "muted": 0,
        "counts": {
            "severity": {"critical": 2},
            "state": {"open": 2},
            "symptom": {"non-finite": 2},
            "kind": {"gradient": 2},
        },
        "incidents": 2,
        "rows": [{"run": "worse", "lead": worse["id"], "findings": 1}],
        "named": worse,
    }
    assert strict_json(get("findings", limit="1", run="sick"))["findings"] == [sick]
    healthy = strict_json(get("findings", limit="1", run="fine"))
    assert (healthy["findings"], healthy["page"]["named"], healthy["page"]["total"]) == ([], None, 0)


def test_a_first_page_changes_with_its_runs(get, logs, add_run):
    before = get("findings", limit="5")
    tag = before.headers["ETag"]
    assert get("findings", limit="5", headers={"If-None-Match": tag}).status_code == 304
    add_run(logs / "worse" / "gradhealth", bad_from=10)
    time.sleep(FRESH)
    after = get("findings", limit="5", headers={"If-None-Match": tag})
    assert [finding["run"] for finding in strict_json(after)["findings"]] == ["worse", "sick"]


def test_symptoms_say_their_formula_its_source_and_what_they_look_at(get):
    symptoms = {each["id"]: each for each in strict_json(get("symptoms"))["symptoms"]}
    assert all(each["formula"] and each["source"] and each["kinds"] for each in symptoms.values())
    assert symptoms["dead-units"]["kinds"] == ["activation"]
    assert symptoms["vanishing-gradient"]["kinds"] == ["gradient"]
    assert symptoms["loss-spike"]["kinds"] == ["loss"]


def test_tensors_are_listed_in_forward_order_with_what_is_measured(get):
    listed = strict_json(get("tensors", run="fine"))["tensors"]
    assert [each["tensor"] for each in listed] == ["dense/kernel", "frozen/kernel", "loss"]
    kernel, frozen, _ = listed
    assert (kernel["kind"], kernel["role"], kernel["magnitudes"]) == ("gradient", "kernel", True)
    assert {"rms", "nan_count"} <= set(kernel["columns"])
    assert (frozen["columns"], frozen["not_measured"]) == ([], "dtype int32 is not a floating one")


def test_a_heatmap_is_row_by_row_in_forward_order(get):
    header, columns = frame_of(get("heatmap", run="fine", kind="gradient", column="rms"))
    assert [row["tensor"] for row in header["rows"]] == ["dense/kernel"]
    np.testing.assert_array_equal(columns["step"], [0, 10, 20, 30])
    np.testing.assert_array_equal(columns["value"], [0.5] * 4)
    _, columns = frame_of(get("heatmap", run="fine", kind="loss", column="mean", **{"from": 5, "to": 20}))
    np.testing.assert_allclose(columns["value"], [1.9, 1.8], rtol=1e-6)


def test_nothing_measured_is_an_empty_chart(get):
    header, columns = frame_of(get("heatmap", run="fine", kind="activation", column="rms"))
    assert (header["rows"], columns["value"].size) == ([], 0)
    header, columns = frame_of(get("magnitudes", **GRADIENT))
    assert (header["points"], header["bins"], len(header["exponents"])) == (0, 30, 30)
    header, columns = frame_of(get("steps", **GRADIENT))
    assert (header["statistic"], columns["value"].size) == ("RMS", 0)


def test_states_say_why_and_come_in_pages(get):
    answer = strict_json(get("states", run="sick", tensor="dense/kernel", symptom="non-finite"))
    (state,) = answer["states"]
    assert (state["state"], state["value"], answer["total"]) == ("critical", 3, 1)
    everything = strict_json(get("states", run="sick"))
    assert everything["total"] == len(everything["states"]) > 2
    page = strict_json(get("states", run="sick", offset=1, limit=2))
    assert (page["states"], page["total"]) == (everything["states"][1:3], everything["total"])


def test_the_rules_in_force_are_a_file_that_check_reads(get, tmp_path):
    answer = strict_json(get("rules"))
    assert (answer["origin"], answer["problem"], answer["mutes"]) == ("default", "", [])
    (tmp_path / "rules.toml").write_text(answer["toml"])
    assert rules.load(str(tmp_path / "rules.toml")).symptoms == rules.load("default").symptoms
    assert [preset["name"] for preset in answer["presets"]] == list(rules.PRESETS)
    for preset in answer["presets"]:
        assert in_full(rules.rules_from(preset["rules"])) == in_full(rules.load(preset["name"]))
        assert preset["summary"]
    dead = next(each for each in answer["symptoms"] if each["id"] == "dead-units")
    threshold = dead["limits"][0]
    assert (threshold["name"], threshold["value"], threshold["maximum"]) == ("threshold", 0.2, 1)
    assert dead["scope"].startswith("Judges activations; leaves out: ")


def in_full(rule_set):
    """What a rule set says of every symptom, the defaults included."""
    return {
        name: replace(wanted := rule_set.symptom(name), limits={**defaults(symptom), **wanted.limits})
        for name, symptom in SYMPTOMS.items()
    }


def defaults(symptom):
    return {name: parameter.default for name, parameter in parameters(symptom.limits_type).items()}


def judged(get, document, **parameters):
    return strict_json(get("judge", rules=json.dumps(document), **parameters))


def test_judging_by_the_rules_in_force_changes_nothing(get):
    answer = judged(get, {"version": 1})
    assert (answer["added"], answer["removed"], answer["changed"]) == ([], [], [])
    assert answer["counts"]["before"] == answer["counts"]["after"] == {"critical": 1, "warning": 0, "info": 0}
    assert answer["findings"] == strict_json(get("findings", trends="0"))["findings"]


def test_judging_by_other_rules_says_what_they_change(get, tmp_path):
    identity = finding_id(get)
    off = judged(get, {"symptoms": {"non-finite": {"enabled": False}}})
    (removed,) = off["removed"]
    assert (removed["run"], removed["id"], removed["symptom"]) == ("sick", identity, "non-finite")
    assert off["findings"] == []
    weaker = judged(get, {"symptoms": {"non-finite": {"most_severity": "warning"}}}, run="sick")
    (changed,) = weaker["changed"]
    assert {
        "run": "sick",
        "id": identity,
        "before": "critical",
        "after": "warning",
    }.items() <= changed.items()
    assert (changed["symptom"], changed["tensor"]) == ("non-finite", "dense/kernel")
    muted = judged(get, {"mute": [{"reason": "known = fine", "tensor": "dense/*", "until": "2999-01-01"}]})
    assert (muted["counts"]["after"]["critical"], len(muted["removed"])) == (0, 1)
    (tmp_path / "kept.toml").write_text(muted["toml"])
    (mute,) = rules.load(str(tmp_path / "kept.toml")).mutes
    assert (mute.reason, mute.tensor, str(mute.until)) == ("known = fine", "dense/*", "2999-01-01")


def test_a_rule_file_is_judged_as_its_document_is_and_told_as_one(get):
    document = {
        "version": 1,
        "symptoms": {"dead-units": {"threshold": 0.3}, "non-finite": {"most_severity": "warning"}},
        "mute": [{"reason": "it is ü", "symptom": "*", "tensor": "frozen/*", "until": "2999-01-01"}],
    }
    by_document = judged(get, document)
    assert by_document["rules"] == document
    by_file = strict_json(get("judge", toml=by_document["toml"]))
    assert by_file == by_document
    preset = strict_json(get("judge", toml='extends = "quiet"'))["rules"]
    assert preset == next(
        each["rules"] for each in strict_json(get("rules"))["presets"] if each["name"] == "quiet"
    )


def test_the_file_that_gradhealth_rules_prints_is_judged_as_the_default(get):
    assert strict_json(get("judge", toml=rules.document()))["rules"] == {"version": 1}


TRIED = [
    {},
    {"symptoms": {"non-finite": {"threshold": 2}}},
    {"symptoms": {"non-finite": {"threshold": 50}}},
    {"symptoms": {"non-finite": {"enabled": False}, "dead-units": {"threshold": 0.3}}},
    {"symptoms": {"non-finite": {"most_severity": "warning"}}},
    {"symptoms": {"non-finite": {"exclude": ["dense/*"]}}},
    {"symptoms": {"no-gradient": {"enabled": False}}},
    {"mute": [{"reason": "known", "symptom": "non-*"}]},
    {"symptoms": {"loss-spike": {"past": 4}}, "mute": [{"reason": "known", "tensor": "frozen/*"}]},
]


@pytest.mark.parametrize("document", TRIED, ids=str)
def test_what_changes_is_the_same_whether_or_not_the_findings_are_told(get, logs, add_run, document):
    add_run(logs / "long", bad_from=9_000, records=1_200)  # more than is remembered one by one
    while not strict_json(get("runs"))["loading"]["done"]:
        time.sleep(0.05)
    whole, changes = judged(get, document), judged(get, document, findings="0")
    assert changes.pop("findings") == []
    found = [each for each in whole.pop("findings") if not each["muted"]]
    assert whole == changes
    assert sum(whole["counts"]["after"].values()) == len(found)
    gone = len(whole["removed"]) - len(whole["added"])
    assert sum(whole["counts"]["before"].values()) == len(found) + gone


@pytest.mark.parametrize(
    ("form", "kind"),
    [
        ("json", "application/json"),
        ("markdown", "text/markdown"),
        ("html", "text/html"),
        ("csv", "text/csv"),
        ("junit", "application/xml"),
    ],
)
def test_a_report_is_a_file_to_keep(get, form, kind):
    response = get("report", format=form, run="sick")
    assert (response.status_code, response.mimetype) == (200, kind)
    assert response.headers["Content-Disposition"].startswith('attachment; filename="gradhealth')
    assert "non-finite" in response.text.replace("\\-", "-")
    assert "fine" not in response.text.replace("not finite", "")


def test_problems_and_version(get, logs):
    assert strict_json(get("problems")) == {"schema": "gradhealth.problems/1", "problems": []}
    (file,) = (logs / "fine" / "gradhealth").iterdir()
    with file.open("ab") as appended:
        appended.write(b"\xff" * 12)
    time.sleep(FRESH)
    (problem,) = strict_json(get("problems", run="fine"))["problems"]
    assert (problem["run"], problem["path"]) == ("fine", f"fine/gradhealth/{file.name}")
    assert strict_json(get("version")) == {
        "schema": "gradhealth.version/1",
        "version": __version__,
        "contract": 1,
    }


def test_text_is_compressed_for_those_who_can_read_it_and_frames_never(get):
    response = get("symptoms", headers={"Accept-Encoding": "gzip"})
    assert (response.headers["Content-Encoding"], response.headers["Vary"]) == ("gzip", "Accept-Encoding")
    assert json.loads(gzip.decompress(response.get_data()))["symptoms"]
    assert "Content-Encoding" not in get("series", headers={"Accept-Encoding": "gzip"}, **SERIES).headers


def test_hyper_parameters_stand_beside_their_run(get, logs):
    hparams = {"rate": 0.5, "units": 3.0, "name": "<b>", "warm": True}
    write_hparams(logs / "fine" / "gradhealth", {**hparams, "bad": float("nan")})
    runs = {run["run"]: run["hparams"] for run in strict_json(get("runs"))["runs"]}
    assert runs == {"fine": hparams, "sick": None}


def test_a_run_has_the_hyper_parameters_of_the_session_around_it(get, logs, add_run):
    add_run(logs / "trial" / "train", records=1)
    write_hparams(logs / "trial", {"rate": 0.25})
    write_hparams(logs / "fine", {"rate": 0.5})
    runs = {run["run"]: run["hparams"] for run in strict_json(get("runs"))["runs"]}
    assert runs == {"fine": {"rate": 0.5}, "sick": None, "trial/train": {"rate": 0.25}}


def write_hparams(folder, values):
    """What `tensorboard.plugins.hparams.summary_v2.hparams` writes, which needs TensorFlow."""
    content = plugin_data_pb2.HParamsPluginData(version=0)
    for name, value in values.items():
        given = content.session_start_info.hparams[name]
        if isinstance(value, str):
            given.string_value = value
        elif isinstance(value, bool):
            given.bool_value = value
        else:
            given.number_value = value
    data = summary_pb2.SummaryMetadata.PluginData(plugin_name="hparams", content=content.SerializeToString())
    metadata = summary_pb2.SummaryMetadata(plugin_data=data)
    value = summary_pb2.Summary.Value(tag="_hparams_/session_start_info", metadata=metadata)
    writer = EventFileWriter(str(folder), filename_suffix=".hparams")
    writer.add_event(event_pb2.Event(summary=summary_pb2.Summary(value=[value])))
    writer.close()


def test_a_304_hides_no_hyper_parameters_that_came_later(get, logs):
    tag = get("runs").headers["ETag"]
    assert get("runs", headers={"If-None-Match": tag}).status_code == 304
    write_hparams(logs / "fine" / "gradhealth", {"rate": 0.5})
    time.sleep(FRESH)
    assert get("runs", headers={"If-None-Match": tag}).status_code == 200


def test_nor_a_problem_outside_the_runs_of_a_report(get, logs):
    tag = get("report", run="fine").headers["ETag"]
    assert get("report", run="fine", headers={"If-None-Match": tag}).status_code == 304
    (logs / "other").mkdir()
    (logs / "other" / "events.out.tfevents.1.host").write_bytes(b"x" * 100)
    time.sleep(FRESH)
    assert get("report", run="fine", headers={"If-None-Match": tag}).status_code == 200


def test_whatever_is_there_has_to_be_there(get):
    given = {"If-None-Match": "*"}
    assert get("runs", headers=given).status_code == 304
    assert get("evidence", run="fine", finding="nothing", headers=given).status_code == 404


def test_a_run_made_anew_under_its_name_has_its_own_hyper_parameters(get, logs):
    folder = logs / "fine" / "gradhealth"
    write_hparams(folder, {"rate": 0.5})
    assert strict_json(get("runs"))["runs"][0]["hparams"] == {"rate": 0.5}
    (file,) = folder.glob("*.hparams*")
    file.unlink()
    write_hparams(logs / "elsewhere", {"rate": 0.25, "units": 3.0})
    (other,) = (logs / "elsewhere").glob("*.hparams*")
    other.rename(file)
    time.sleep(FRESH)
    assert strict_json(get("runs"))["runs"][0]["hparams"] == {"rate": 0.25, "units": 3.0}
