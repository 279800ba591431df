"""The routes ``findings``, ``trends`` and ``evidence``."""

import argparse
import time
from dataclasses import replace

import numpy as np
import pytest
from route_client import finding_id, frame_of, strict_json, without
from tensorboard.plugins import base_plugin
from werkzeug.test import Client

from tb_gradhealth.health import Finding, finding_as_json
from tb_gradhealth.monitor.follower import MAX_AGE
from tb_gradhealth.plugin.answers.json_values import finding_json
from tb_gradhealth.plugin.plugin import GradHealthPlugin


def test_findings_have_their_run_and_a_trend_without_nan(get):
    (finding,) = strict_json(get("findings"))["findings"]
    assert (finding["run"], finding["tensor"], finding["symptom"]) == ("sick", "dense/kernel", "non-finite")
    assert finding["opened_step"] == 20
    assert 0 < len(finding["trend"]) <= 40
    assert finding["trend"][-1] == 3


@pytest.mark.parametrize(("names", "count"), [(["fine"], 0), (["sick"], 1), (["sick", "fine", "sick"], 1)])
def test_findings_of_selected_runs(get, names, count):
    assert len(strict_json(get("findings", run=names))["findings"]) == count


def test_evidence_is_a_frame_with_columns_in_the_documented_order(get):
    identity = finding_id(get)
    header, columns = frame_of(get("evidence", run="sick", finding=identity))
    names = ["step", "value", "threshold", "statistic", "reference", "loss", "wall_time", "epoch"]
    assert header["columns"] == [{"name": name, "dtype": "float64", "length": 4} for name in names]
    assert (header["schema"], header["run"], header["points"]) == ("gradhealth.evidence/1", "sick", 4)
    assert header["finding"] == strict_json(get("findings"))["findings"][0]
    assert {"value", "statistic"} <= header["labels"].keys()
    np.testing.assert_array_equal(columns["step"], [0, 10, 20, 30])
    np.testing.assert_array_equal(columns["value"], [0, 0, 3, 3])
    np.testing.assert_allclose(columns["loss"], [2.0, 1.9, 1.8, 1.7], rtol=1e-6)


def test_evidence_can_be_the_first_request(get, logs):
    identity = finding_id(get)
    flags = argparse.Namespace(logdir=str(logs), logdir_spec="")
    fresh = GradHealthPlugin(base_plugin.TBContext(flags=flags)).get_plugin_apps()
    response = Client(fresh["/evidence"]).get("/", query_string={"run": "sick", "finding": identity})
    assert frame_of(response)[0]["points"] == 4


def test_findings_without_trends_and_trends_alone(get):
    (finding,) = strict_json(get("findings", trends="0"))["findings"]
    assert "trend" not in finding
    answer = strict_json(get("trends", run="sick", finding=finding["id"]))
    assert answer["trends"] == {finding["id"]: [0, 0, 3, 3]}


@pytest.mark.parametrize("names", [[], ["fine"], ["fine", "sick"]])
def test_findings_are_the_same_with_and_without_trends(get, names):
    answer = strict_json(get("findings", run=names))
    for finding in answer["findings"]:
        del finding["trend"]
    assert strict_json(get("findings", run=names, trends="0")) == answer


def test_a_value_that_is_not_finite_is_null(get, logs, add_run):
    (finding,) = strict_json(get("findings"))["findings"]
    measured = Finding(**without(finding, "run", "trend", "sort_key"))
    odd = replace(measured, value=float("inf"), threshold=float("nan"))
    assert finding_json("sick", odd) == {"run": "sick", **finding_as_json(odd)}
    assert (finding_json("sick", odd)["value"], finding_json("sick", odd)["threshold"]) == (None, None)


def test_a_first_page_has_the_worst_incidents_and_counts_all(get, logs, add_run):
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
    time.sleep(MAX_AGE)
    after = get("findings", limit="5", headers={"If-None-Match": tag})
    assert [finding["run"] for finding in strict_json(after)["findings"]] == ["worse", "sick"]
