"""The routes ``runs``, ``problems`` and ``version``, and hyper-parameters."""

import re
import time

import pytest
from route_client import strict_json
from tensorboard.compat.proto import event_pb2, summary_pb2
from tensorboard.plugins.hparams import plugin_data_pb2
from tensorboard.summary.writer.event_file_writer import EventFileWriter

from tb_gradhealth.health import SYMPTOMS
from tb_gradhealth.monitor.follower import MAX_AGE
from tb_gradhealth.version import __version__


def test_runs_summarize_each_run(get, logs):
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


def test_a_damaged_file_is_a_problem_of_its_run(get, logs):
    (file,) = (logs / "fine" / "gradhealth").iterdir()
    size = file.stat().st_size
    with file.open("ab") as appended:
        appended.write(b"\xff" * 12)
    fine = strict_json(get("runs"))["runs"][0]
    assert fine["records"] == 4
    assert [(problem["path"], problem["offset"]) for problem in fine["problems"]] == [
        (f"fine/gradhealth/{file.name}", size)
    ]


def test_wall_times_that_are_not_finite_are_null(get, logs, add_run):
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


def test_problems_and_version(get, logs):
    assert strict_json(get("problems")) == {"schema": "gradhealth.problems/1", "problems": []}
    (file,) = (logs / "fine" / "gradhealth").iterdir()
    with file.open("ab") as appended:
        appended.write(b"\xff" * 12)
    time.sleep(MAX_AGE)
    (problem,) = strict_json(get("problems", run="fine"))["problems"]
    assert (problem["run"], problem["path"]) == ("fine", f"fine/gradhealth/{file.name}")
    assert strict_json(get("version")) == {
        "schema": "gradhealth.version/1",
        "version": __version__,
        "contract": 1,
    }


def test_runs_have_their_hyper_parameters(get, logs):
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
    """Write the event of `tensorboard.plugins.hparams.summary_v2.hparams`, which needs TensorFlow."""
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


def test_new_hyper_parameters_change_the_etag(get, logs):
    tag = get("runs").headers["ETag"]
    assert get("runs", headers={"If-None-Match": tag}).status_code == 304
    write_hparams(logs / "fine" / "gradhealth", {"rate": 0.5})
    time.sleep(MAX_AGE)
    assert get("runs", headers={"If-None-Match": tag}).status_code == 200


def test_hyper_parameters_of_a_replaced_file_are_read_again(get, logs):
    folder = logs / "fine" / "gradhealth"
    write_hparams(folder, {"rate": 0.5})
    assert strict_json(get("runs"))["runs"][0]["hparams"] == {"rate": 0.5}
    (file,) = folder.glob("*.hparams*")
    file.unlink()
    write_hparams(logs / "elsewhere", {"rate": 0.25, "units": 3.0})
    (other,) = (logs / "elsewhere").glob("*.hparams*")
    other.rename(file)
    time.sleep(MAX_AGE)
    assert strict_json(get("runs"))["runs"][0]["hparams"] == {"rate": 0.25, "units": 3.0}
