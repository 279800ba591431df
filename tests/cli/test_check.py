"""`gradhealth check`: what it prints and how it exits, over real event files, whole and damaged."""

import csv
import json
import re
from pathlib import Path

import jsonschema
import pytest
from click.testing import CliRunner
from run_log import RunLog
from tensorboard.summary.writer.event_file_writer import EventFileWriter

from tb_gradhealth.cli import main
from tb_gradhealth.record import Row, RowTable

TABLE = RowTable(
    (
        Row("dense/kernel", "gradient", "dense", "kernel", 0, (32, 32)),
        Row("dense", "activation", "dense", "activation", 0, (-1, 32), activation="relu"),
    ),
    settings={"every": 10},
)

MISSING = r"no weights, updates, inputs and loss recorded, \d+ symptoms not judged"

FINDING = {
    "type": "object",
    "required": [
        "id", "symptom", "severity", "kind", "tensor", "layer", "state", "opened_step", "last_step",
        "peak_step", "resolved_step", "count", "value", "threshold", "origin", "message",
    ],
    "properties": {
        "severity": {"enum": ["info", "warning", "critical"]},
        "state": {"enum": ["open", "resolved"]},
        "opened_step": {"type": "integer"},
        "resolved_step": {"type": ["integer", "null"]},
        "value": {"type": ["number", "null"]},
        "origin": {"type": "boolean"},
        "message": {"type": "string", "minLength": 10},
    },
}  # fmt: skip
REPORT = {
    "type": "object",
    "required": ["schema", "runs"],
    "properties": {
        "schema": {"const": "gradhealth.report/1"},
        "runs": {
            "type": "array",
            "items": {
                "required": ["run", "verdict", "last_step", "tensors", "findings", "problems"],
                "properties": {
                    "verdict": {"enum": ["healthy", "too early", "warning", "critical", "unknown"]},
                    "findings": {"type": "array", "items": FINDING},
                },
            },
        },
    },
}


def write(folder: Path, *, nan=0.0, dead=0.0, records=6) -> Path:
    """A run whose gradient holds ``nan`` NaN and whose layer has a share ``dead`` of dead units."""
    with RunLog(folder, TABLE) as log:
        for step in range(0, 10 * records, 10):
            log.record(step, {"nan_count": nan}, {"dead_fraction": dead, "window": 10})
    return log.file


def run(*arguments):
    return CliRunner().invoke(main, ["check", *map(str, arguments)])


@pytest.mark.parametrize(
    ("run_of", "fail_on", "code"),
    [
        ({}, "info", 0),
        ({"nan": 3}, "critical", 1),
        ({"dead": 0.3}, "critical", 0),
        ({"dead": 0.3}, "warning", 1),
    ],
)
def test_the_exit_code_says_whether_findings_reach_the_limit(tmp_path, run_of, fail_on, code):
    write(tmp_path / "run", **run_of)
    assert run(tmp_path, "--fail-on", fail_on).exit_code == code


def test_the_report_keeps_its_contract(tmp_path):
    write(tmp_path / "sick", nan=3, dead=0.3)
    write(tmp_path / "fine")
    report = json.loads(run(tmp_path, "--format", "json").stdout)
    jsonschema.validate(report, REPORT)
    sick, fine = report["runs"]
    assert (fine["run"], fine["verdict"], fine["last_step"], fine["tensors"]) == ("fine", "too early", 50, 2)
    assert (sick["run"], sick["verdict"]) == ("sick", "critical")
    assert [(found["symptom"], found["origin"]) for found in sick["findings"]] == [
        ("non-finite", True),  # 30 % of dead units a record earlier did not cause a NaN
        ("dead-units", False),
    ]
    assert sick["findings"][0]["value"] == 3
    assert sick["findings"][0]["incident"] == sick["findings"][1]["incident"]


def test_too_early_is_no_failure_and_says_what_is_missing(tmp_path):
    write(tmp_path / "young", records=3)
    result = run(tmp_path)
    assert result.exit_code == 0
    assert result.stdout.startswith("young  too early: 3 of 10 records; no weights, updates, inputs and loss")


FORMS = ["text", "json", "markdown", "html", "csv", "junit"]


@pytest.mark.parametrize("form", FORMS)
def test_every_form_says_what_follows_from_what_and_what_was_not_judged(tmp_path, form):
    rows = (*TABLE.rows, Row("head/kernel", "gradient", "head", "kernel", 1, (32, 32)))
    with RunLog(tmp_path / "later", RowTable(rows, settings={"every": 10})) as log:
        for step in range(0, 200, 10):
            bad = {"nan_count": 3 if step > 90 else 0}
            log.record(step, bad, {"dead_fraction": 0, "window": 10}, bad)
    with RunLog(tmp_path / "sooner", TABLE) as log:
        log.record(0, {"nan_count": 1}, {})
    said = run(tmp_path, "--format", form).stdout
    first, second = (said.index(name) for name in ("sooner", "later"))
    assert first < second, "the run that went wrong first comes first"
    plain = said.replace("\\", "")
    if form in ("text", "markdown", "html"):
        assert "likely origin" in plain
        assert "follows from non-finite of head/kernel" in plain
        assert re.search(MISSING, plain)
    elif form == "csv":
        head, *lines = csv.reader(said.splitlines())
        follows, identity, origin = (head.index(name) for name in ("follows", "id", "origin"))
        of_later = [line for line in lines if line[0] == "later"]
        (leading,) = [line[identity] for line in of_later if line[origin] == "true"]
        assert {line[follows] for line in of_later if line[origin] != "true"} == {leading}
    elif form == "json":
        _, later = json.loads(said)["runs"]
        leading, following = later["findings"]
        assert (leading["follows"], following["follows"]) == (None, leading["id"])
        assert later["headline"] == leading["message"]
    else:
        assert 'message="not judged: no loss recorded"' in said


def test_the_table_names_run_layer_and_origin(tmp_path):
    write(tmp_path / "sick", nan=3)
    lines = run(tmp_path).stdout.splitlines()
    assert re.fullmatch(f"sick  critical; {MISSING}  step 50, 2 tensors", lines[0])
    assert re.sub(r" +", " ", lines[2]).strip() == (
        "critical non-finite dense/kernel likely origin gradient 0 50 3 / 0 elements open"
    )


@pytest.mark.parametrize(
    ("make", "line"),
    [
        (lambda path: None, "does not exist"),
        (lambda path: path.mkdir(), "no event files below this directory"),
        (lambda path: EventFileWriter(str(path)).close(), "none was written with tb_gradhealth"),
    ],
)
def test_nothing_to_judge_is_no_pass(tmp_path, make, line):
    make(tmp_path / "logs")
    result = run(tmp_path / "logs")
    assert result.exit_code == 2
    assert line in result.stdout
    assert len(result.stdout.splitlines()) == 1


def test_wrong_usage_is_two(tmp_path):
    assert run(tmp_path, "--fail-on", "everything").exit_code == 2


def test_a_file_cut_off_within_a_record_is_judged_up_to_there(tmp_path):
    file = write(tmp_path / "run")
    file.write_bytes(file.read_bytes()[:-7])
    result = run(tmp_path, "--format", "json")
    (judged,) = json.loads(result.stdout)["runs"]
    assert (result.exit_code, judged["last_step"], judged["problems"]) == (0, 40, [])
    (note,) = judged["notes"]
    assert note["message"].startswith("ends within a record")
    assert "ends within a record" in run(tmp_path).stdout


def test_a_damaged_record_is_said_and_is_no_pass(tmp_path):
    file = write(tmp_path / "run")
    content = bytearray(file.read_bytes())
    content[-40] ^= 1
    file.write_bytes(content)
    result = run(tmp_path)
    assert result.exit_code == 2
    (line,) = [line for line in result.stdout.splitlines() if "at byte" in line]
    assert "checksum" in line


def test_one_broken_run_leaves_the_others_judged(tmp_path):
    write(tmp_path / "sick", nan=3)
    (tmp_path / "broken").mkdir()
    (tmp_path / "broken" / "events.out.tfevents.1").write_bytes(b"not an event file at all" * 9)
    result = run(tmp_path, "--format", "json")
    report = json.loads(result.stdout)
    assert [each["run"] for each in report["runs"]] == ["sick"]
    assert [problem["path"] for problem in report["problems"]] == ["broken/events.out.tfevents.1"]
    assert result.exit_code == 1


def test_markup_in_a_layers_name_is_only_text(tmp_path):
    table = RowTable((Row("[bold]x/kernel", "gradient", "[bold]x", "kernel", 0, (32, 32)),))
    with RunLog(tmp_path, table) as log:
        log.record(0, {"nan_count": 1})
    assert "[bold]x/kernel" in run(tmp_path).stdout


def test_rules_decide_what_fails(tmp_path):
    write(tmp_path / "logs" / "run", dead=0.3)
    rules = tmp_path / "mine.toml"
    rules.write_text('[[mute]]\ntensor = "dense*"\nreason = "sparse on purpose"\n')
    assert run(tmp_path / "logs", "--fail-on", "warning").exit_code == 1
    muted = run(tmp_path / "logs", "--fail-on", "warning", "--rules", rules)
    assert muted.exit_code == 0
    assert "muted: sparse on purpose" in muted.stdout


def test_rules_that_cannot_be_used_are_wrong_usage(tmp_path):
    rules = tmp_path / "mine.toml"
    rules.write_text("[symptoms.dead-unit]\n")
    result = run(tmp_path, "--rules", rules)
    assert result.exit_code == 2
    assert "unknown key 'dead-unit', did you mean 'dead-units'?" in result.output


def test_explain_says_why_something_is_not_flagged(tmp_path):
    write(tmp_path / "run", dead=0.1)
    text = run(tmp_path, "--explain").stdout
    (line,) = [line for line in text.splitlines() if "dormant-units" in line]
    assert "the means of its units were not measured" in line
    (judged,) = json.loads(run(tmp_path, "--explain", "--format", "json").stdout)["runs"]
    (state,) = [state for state in judged["states"] if state["symptom"] == "dead-units"]
    assert (state["state"], state["tensor"], state["value"]) == ("ok", "dense", pytest.approx(0.1))
    assert "states" not in json.loads(run(tmp_path, "--format", "json").stdout)["runs"][0]


def test_rules_are_printed_to_be_changed_and_kept(tmp_path):
    printed = CliRunner().invoke(main, ["rules", "--preset", "strict"]).stdout
    (tmp_path / "mine.toml").write_text(printed)
    write(tmp_path / "logs" / "run", dead=0.15)
    assert run(tmp_path / "logs", "--fail-on", "warning").exit_code == 0
    assert run(tmp_path / "logs", "--fail-on", "warning", "--rules", tmp_path / "mine.toml").exit_code == 1
    jsonschema.Draft202012Validator.check_schema(
        json.loads(CliRunner().invoke(main, ["rules", "--schema"]).stdout)
    )
