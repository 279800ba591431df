"""What all routes share: parameters, methods, errors, ETags, compression; the tab's module and the report."""

import gzip
import json
import time

import pytest
from route_client import strict_json
from tensorboard.plugins import base_plugin
from werkzeug.test import Client

from tb_gradhealth.monitor.follower import MAX_AGE
from tb_gradhealth.plugin import tab_module
from tb_gradhealth.plugin.plugin import GradHealthPlugin

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
def test_an_invalid_request_is_answered_by_one_sentence(get, route, parameters, status, words):
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
    "later.js",
    "network.js",
)


@pytest.mark.parametrize("route", ROUTES)
@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "HEAD"])
def test_only_get_is_answered(get, route, method):
    response = get(route, method=method)
    assert response.status_code == 405
    assert response.headers["Allow"] == "GET"


@pytest.mark.parametrize(
    ("module", "name"), [("index.js", "BUNDLE"), ("later.js", "LATER"), ("network.js", "NETWORK")]
)
def test_the_tabs_modules_are_not_cached(get, monkeypatch, tmp_path, module, name):
    bundle = tmp_path / module
    bundle.write_text("export function render() { /* ü */ }")
    monkeypatch.setattr(tab_module, name, bundle)
    response = get(module)
    assert (response.mimetype, response.text) == ("text/javascript", bundle.read_text())
    assert "no-cache" in response.headers["Cache-Control"]


def test_without_a_bundle_the_tab_shows_how_to_build_it(get, monkeypatch, tmp_path):
    monkeypatch.setattr(tab_module, "BUNDLE", tmp_path / "absent.js")
    monkeypatch.setattr(tab_module, "LATER", tmp_path / "absent.js")
    monkeypatch.setattr(tab_module, "NETWORK", tmp_path / "absent.js")
    assert [get(part).status_code for part in ("later.js", "network.js")] == [404, 404]
    response = get("index.js")
    assert response.status_code == 200
    assert "export function render()" in response.text
    assert "npm run build" in response.text


def test_an_internal_error_is_answered_without_its_traceback(logs, caplog):
    plugin = GradHealthPlugin(base_plugin.TBContext(logdir=str(logs)))
    plugin._logdir = float("nan")  # no request can cause an answer that is not JSON
    response = Client(plugin.get_plugin_apps()["/runs"]).get("/")
    assert response.status_code == 500
    assert "not JSON compliant" in strict_json(response)["error"]
    assert "Traceback" in caplog.text
    assert "Traceback" not in response.text


def test_only_an_unchanged_answer_is_304(get, logs, add_run):
    first = get("runs")
    tag = first.headers["ETag"]
    assert tag.startswith('W/"')
    again = get("runs", headers={"If-None-Match": tag})
    assert (again.status_code, again.get_data(), again.headers["ETag"]) == (304, b"", tag)
    assert again.headers["X-Content-Type-Options"] == "nosniff"
    add_run(logs / "third")
    time.sleep(MAX_AGE)
    changed = get("runs", headers={"If-None-Match": tag})
    assert changed.status_code == 200
    assert changed.headers["ETag"] != tag
    assert get("tensors", headers={"If-None-Match": tag}, run="fine").status_code == 200


def test_other_parameters_have_another_etag(get):
    tag = get("series", **SERIES).headers["ETag"]
    other = get("series", headers={"If-None-Match": tag}, **{**SERIES, "points": "16"})
    assert other.status_code == 200


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
def test_a_report_is_an_attachment(get, form, kind):
    response = get("report", format=form, run="sick")
    assert (response.status_code, response.mimetype) == (200, kind)
    assert response.headers["Content-Disposition"].startswith('attachment; filename="gradhealth')
    assert "non-finite" in response.text.replace("\\-", "-")
    assert "fine" not in response.text.replace("not finite", "")


def test_only_text_is_compressed(get):
    response = get("symptoms", headers={"Accept-Encoding": "gzip"})
    assert (response.headers["Content-Encoding"], response.headers["Vary"]) == ("gzip", "Accept-Encoding")
    assert json.loads(gzip.decompress(response.get_data()))["symptoms"]
    assert "Content-Encoding" not in get("series", headers={"Accept-Encoding": "gzip"}, **SERIES).headers


def test_a_problem_outside_its_runs_changes_the_etag_of_a_report(get, logs):
    tag = get("report", run="fine").headers["ETag"]
    assert get("report", run="fine", headers={"If-None-Match": tag}).status_code == 304
    (logs / "other").mkdir()
    (logs / "other" / "events.out.tfevents.1.host").write_bytes(b"x" * 100)
    time.sleep(MAX_AGE)
    assert get("report", run="fine", headers={"If-None-Match": tag}).status_code == 200


def test_if_none_match_star_matches_only_existing_answers(get):
    given = {"If-None-Match": "*"}
    assert get("runs", headers=given).status_code == 304
    assert get("evidence", run="fine", finding="nothing", headers=given).status_code == 404
