"""What pipelines need of `gradhealth check`: some runs only, an earlier report as baseline, SARIF."""

import hashlib
import json

import pytest
from click.testing import CliRunner
from run_log import RunLog
from sarif_pydantic import Sarif

from tb_gradhealth.cli import main
from tb_gradhealth.health import SYMPTOMS
from tb_gradhealth.record import Row, RowTable

TABLE = RowTable(
    (
        Row("dense/kernel", "gradient", "dense", "kernel", 0, (32, 32)),
        Row("dense", "activation", "dense", "activation", 0, (-1, 32), activation="relu"),
        Row("head/kernel", "gradient", "head", "kernel", 1, (32, 32)),
    ),
    settings={"every": 10},
)


def write(folder, *, nan=0.0, dead=0.0, head=0.0):
    with RunLog(folder, TABLE) as log:
        for step in range(0, 60, 10):
            log.record(step, {"nan_count": nan}, {"dead_fraction": dead, "window": 10}, {"nan_count": head})


def check(*arguments):
    return CliRunner().invoke(main, ["check", *map(str, arguments)])


@pytest.fixture
def baseline(tmp_path):
    """Writes the report of a log directory to a file."""

    def written(logs):
        path = tmp_path / "baseline.json"
        path.write_text(check(logs, "--format", "json").stdout)
        return path

    return written


def test_what_the_baseline_has_does_not_fail(tmp_path, baseline):
    write(tmp_path / "logs" / "run", nan=3)
    assert check(tmp_path / "logs").exit_code == 1
    result = check(tmp_path / "logs", "--baseline", baseline(tmp_path / "logs"))
    assert result.exit_code == 0
    assert "known" in result.stdout


def test_what_is_new_fails_and_what_is_gone_is_listed(tmp_path, baseline):
    write(tmp_path / "before" / "run", nan=3)
    write(tmp_path / "after" / "run", head=3)
    result = check(tmp_path / "after", "--baseline", baseline(tmp_path / "before"), "--format", "json")
    (run,) = json.loads(result.stdout)["runs"]
    assert result.exit_code == 1
    assert [(each["tensor"], each["change"]) for each in run["findings"]] == [("head/kernel", "new")]
    assert ["dense/kernel" in message for message in run["gone"]] == [True]


def test_a_higher_severity_is_worse(tmp_path, baseline):
    write(tmp_path / "logs" / "run", nan=3)
    path = baseline(tmp_path / "logs")
    report = json.loads(path.read_text())
    (finding,) = report["runs"][0]["findings"]
    assert finding["severity"] == "critical"
    finding["severity"] = "warning"
    path.write_text(json.dumps(report))
    result = check(tmp_path / "logs", "--baseline", path, "--format", "json")
    assert [each["change"] for each in json.loads(result.stdout)["runs"][0]["findings"]] == ["worse"]
    assert result.exit_code == 1


def test_a_finding_that_was_muted_is_new(tmp_path, baseline):
    write(tmp_path / "logs" / "run", nan=3)
    path = baseline(tmp_path / "logs")
    report = json.loads(path.read_text())
    report["runs"][0]["findings"][0]["muted"] = "a known fault of the data"
    path.write_text(json.dumps(report))
    assert check(tmp_path / "logs", "--baseline", path).exit_code == 1


def test_single_runs_are_compared_whatever_their_names(tmp_path, baseline):
    write(tmp_path / "before" / "main", nan=3)
    write(tmp_path / "after" / "change", nan=3)
    path = baseline(tmp_path / "before")
    assert check(tmp_path / "after", "--baseline", path).exit_code == 0
    write(tmp_path / "after" / "other", nan=3)
    assert check(tmp_path / "after", "--baseline", path).exit_code == 1


@pytest.mark.parametrize(
    "content",
    [
        "",
        "[]",
        "{}",
        '{"schema": "other/1", "runs": []}',
        '{"schema": "gradhealth.report/1", "runs": [1]}',
        '{"schema": "gradhealth.report/1", "runs": [{"run": "a", "findings": '
        '[{"id": "0", "severity": "grave", "message": ""}]}]}',
    ],
)
def test_a_file_that_is_no_report_is_wrong_usage(tmp_path, content):
    write(tmp_path / "logs" / "run")
    path = tmp_path / "other.json"
    path.write_text(content)
    result = check(tmp_path / "logs", "--baseline", path)
    assert result.exit_code == 2
    assert "other.json" in result.stderr
    assert check(tmp_path / "logs", "--baseline", tmp_path / "missing.json").exit_code == 2


def test_only_runs_that_match_are_judged(tmp_path):
    write(tmp_path / "sick", nan=3)
    write(tmp_path / "fine")
    assert check(tmp_path, "--run", "^fi").exit_code == 0
    assert check(tmp_path, "--run", "sick|fine").exit_code == 1
    for wrong, reason in (("nowhere", "none of 2 runs"), ("(", "no regular expression")):
        result = check(tmp_path, "--run", wrong)
        assert result.exit_code == 2
        assert reason in result.stderr


def test_a_junit_failure_is_new(tmp_path, baseline):
    write(tmp_path / "logs" / "run", nan=3)
    assert "<failure" in check(tmp_path / "logs", "--format", "junit").stdout
    path = baseline(tmp_path / "logs")
    assert "<failure" not in check(tmp_path / "logs", "--format", "junit", "--baseline", path).stdout


def test_sarif_is_valid_and_has_each_finding(tmp_path, baseline):
    write(tmp_path / "logs" / "a run", nan=3, dead=0.3)
    path = baseline(tmp_path / "logs")
    document = json.loads(check(tmp_path / "logs", "--format", "sarif", "--baseline", path).stdout)
    (run,) = Sarif.model_validate(document).runs
    assert [rule.id for rule in run.tool.driver.rules] == list(SYMPTOMS)
    results = {(each.rule_id, each.level.value) for each in run.results}
    assert results == {("non-finite", "error"), ("dead-units", "warning")}
    for each, raw in zip(run.results, document["runs"][0]["results"], strict=True):
        assert run.tool.driver.rules[each.rule_index].id == each.rule_id
        assert raw["baselineState"] == "unchanged"
        location = raw["locations"][0]["physicalLocation"]["artifactLocation"]
        assert location == {"uri": "a%20run/", "uriBaseId": "LOGDIR"}


def test_sarif_names_what_could_not_be_read(tmp_path):
    (tmp_path / "broken").mkdir()
    (tmp_path / "broken" / "events.out.tfevents.1").write_bytes(b"not an event file at all" * 9)
    write(tmp_path / "fine")
    document = json.loads(check(tmp_path, "--format", "sarif").stdout)
    Sarif.model_validate(document)
    (invocation,) = document["runs"][0]["invocations"]
    assert invocation["executionSuccessful"] is False
    assert "broken" in invocation["toolExecutionNotifications"][0]["message"]["text"]


def test_reports_are_the_same_byte_for_byte(tmp_path):
    write(tmp_path / "sick", nan=3, dead=0.3)
    for form in ("json", "sarif", "html", "markdown", "junit", "csv"):
        first, second = (check(tmp_path, "--format", form).stdout for _ in range(2))
        assert first == second, form


def test_an_audit_names_rules_software_and_hashes(tmp_path):
    write(tmp_path / "logs" / "sick", nan=3)
    write(tmp_path / "logs" / "other")
    rules = tmp_path / "rules.toml"
    rules.write_text("version = 1\n[symptoms.dead-units]\nenabled = false\n")
    arguments = [tmp_path / "logs", "--audit", "--rules", rules, "--run", "sick"]
    result = check(*arguments, "--format", "json")
    audit = json.loads(result.stdout)["audit"]
    (file,) = (tmp_path / "logs" / "sick").iterdir()
    content = file.read_bytes()
    assert audit["files"] == {
        "sick": [
            {
                "path": f"sick/{file.name}",
                "bytes": len(content),
                "sha256": hashlib.sha256(content).hexdigest(),
            }
        ]
    }
    assert audit["rules"] == {"version": 1, "symptoms": {"dead-units": {"enabled": False}}}
    assert {"tb_gradhealth", "python", "numpy"} == set(audit["software"])
    page = check(*arguments, "--format", "html").stdout
    assert hashlib.sha256(content).hexdigest() in page
    assert "[symptoms.dead-units]" in page
    assert "audit" not in json.loads(check(tmp_path / "logs", "--format", "json").stdout)


def test_an_audit_hashes_what_was_read_of_a_file_that_ends_within_a_record(tmp_path):
    write(tmp_path / "run")
    (file,) = (tmp_path / "run").iterdir()
    whole = file.read_bytes()
    file.write_bytes(whole[:-7])
    (read,) = json.loads(check(tmp_path, "--audit", "--format", "json").stdout)["audit"]["files"]["run"]
    assert read["bytes"] < len(whole) - 7
    assert read["sha256"] == hashlib.sha256(whole[: read["bytes"]]).hexdigest()
