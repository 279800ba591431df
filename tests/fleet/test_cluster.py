"""A Dask cluster of real processes judges a log directory as one process does."""

import os
import signal
import subprocess
import sys

import pytest
from click.testing import CliRunner
from dask_cluster import dask_cluster
from deadly_rules import DEADLY, DeadlyRules
from fleet_logs import write_fleet
from fleet_reports import RULES, SETTINGS, as_json, written
from run_log import RunLog

from tb_gradhealth.cli import main
from tb_gradhealth.events import Root
from tb_gradhealth.fleet import FleetError, Settings, Survey, cluster
from tb_gradhealth.record import Row, RowTable
from tb_gradhealth.version import __version__

SUPPORT = os.path.join(os.path.dirname(os.path.dirname(__file__)), "support")


@pytest.fixture(scope="module")
def shared(tmp_path_factory):
    with dask_cluster(tmp_path_factory.mktemp("cluster")) as running:
        yield running


def check(*arguments):
    return CliRunner().invoke(main, ["check", *map(str, arguments)])


def test_every_format_is_the_same_from_a_cluster(shared, logs, capsys):
    survey, settings = Survey([Root(str(logs))]), Settings(RULES.rules, audit=True)
    here = survey.report(survey.judged(settings, 1), RULES)
    there = survey.report(survey.judged(settings, cluster=shared.address), RULES)
    assert len(here.runs) > 150
    assert written(there, capsys) == written(here, capsys)


def test_explanations_are_the_same_from_a_cluster(shared, few, capsys):
    settings = Settings(RULES.rules, explain=True)
    here = written(few.report(few.judged(settings, 1)), capsys)
    assert written(few.report(few.judged(settings, cluster=shared.address)), capsys) == here


def test_a_relative_path_is_that_of_the_command(shared, logs, monkeypatch):
    monkeypatch.chdir(logs)
    arguments = "group_1", "--format", "json"
    assert check(*arguments, "--dask", shared.address).stdout == check(*arguments, "--workers", 1).stdout


def test_a_worker_that_does_not_see_the_folder_never_calls_a_run_healthy(shared, logs, monkeypatch):
    monkeypatch.chdir(logs)
    result = check("/proc/self/cwd/group_1", "--dask", shared.address)  # another folder on each worker
    assert result.exit_code == 2
    assert "not found on worker" in result.stdout
    assert "healthy" not in result.stdout
    assert result.stdout.count("no readable record") > 20


def test_a_killed_worker_changes_nothing(tmp_path, few, expected_of_few):
    with dask_cluster(tmp_path) as running:
        outcomes = cluster.judged_on_cluster(few.runs, SETTINGS, running.address)
        judged = [next(outcomes)]
        running.workers[0].kill()
        judged += outcomes
        assert running.workers[0].wait() == -signal.SIGKILL
    assert as_json(few.report(judged)) == expected_of_few


def test_a_run_that_kills_its_workers_is_a_problem(tmp_path):
    logs = write_fleet(tmp_path / "logs", 1)
    table = RowTable((Row(DEADLY, "gradient", "deadly", "kernel", 0, (4, 4)),), settings={"every": 10})
    with RunLog(logs / "deadly", table) as log:
        log.record(0, {"nan_count": 1})
    survey = Survey([Root(str(logs))])
    once = {"DASK_DISTRIBUTED__SCHEDULER__ALLOWED_FAILURES": "0", "PYTHONPATH": SUPPORT}
    with dask_cluster(tmp_path / "cluster", 2, once) as running:
        report = survey.report(survey.judged(Settings(DeadlyRules(symptoms={})), cluster=running.address))
    (deadly,) = (run for run in report.runs if run.run == "deadly")
    assert deadly.verdict == "unknown"
    assert [problem.path for problem in deadly.problems] == [f"deadly/{log.file.name}"]
    assert len(report.runs) == 2


def test_an_unknown_address_is_one_line(logs, monkeypatch):
    monkeypatch.setattr(cluster, "CONNECT_SECONDS", 1)
    for address in ("tcp://127.0.0.1:9", "nonsense://host", "host"):
        result = check(logs, "--dask", address)
        assert result.exit_code == 2
        assert len(result.stderr.splitlines()) == 1
        assert repr(address) in result.stderr


def test_a_cluster_without_workers_is_one_line(tmp_path, logs, monkeypatch):
    monkeypatch.setattr(cluster, "WORKERS_SECONDS", 1)
    with dask_cluster(tmp_path, 0) as running:
        result = check(logs, "--dask", running.address)
    assert result.exit_code == 2
    assert result.stderr == f"Error: the Dask scheduler at {running.address} has no workers\n"


def test_a_worker_with_another_version_is_one_line(tmp_path, logs):
    other = tmp_path / "path" / "tb_gradhealth-0.0.1.dist-info"
    other.mkdir(parents=True)
    (other / "METADATA").write_text("Metadata-Version: 2.1\nName: tb_gradhealth\nVersion: 0.0.1\n")
    with dask_cluster(tmp_path, 1, python_path=other.parent) as running:
        result = check(logs, "--dask", running.address)
    assert result.exit_code == 2
    (line,) = result.stderr.splitlines()
    assert "has tb_gradhealth 0.0.1, not " in line


def test_a_worker_without_the_package_is_one_line(tmp_path, logs):
    absent = tmp_path / "path" / "tb_gradhealth"
    absent.mkdir(parents=True)
    (absent / "__init__.py").write_text("raise ImportError('no such package here')\n")
    with dask_cluster(tmp_path, 1, python_path=absent.parent) as running:
        result = check(logs, "--dask", running.address)
    assert result.exit_code == 2
    (line,) = result.stderr.splitlines()
    assert line == "Error: a Dask worker cannot judge runs: no such package here"


def test_a_worker_that_joins_with_another_version_raises():
    with pytest.raises(cluster.OtherVersionError, match=f"has tb_gradhealth {__version__}, not 0.0.1"):
        cluster.judge_shared([], SETTINGS, "0.0.1")


def test_a_lost_scheduler_is_an_error(tmp_path, few):
    with dask_cluster(tmp_path) as running:
        outcomes = cluster.judged_on_cluster(few.runs, SETTINGS, running.address)
        next(outcomes)
        running.scheduler.kill()
        with pytest.raises(FleetError, match="lost"):
            list(outcomes)


def test_dask_is_optional(logs):
    code = (
        "import sys; sys.modules['distributed'] = None\n"
        f"from tb_gradhealth.cli import main; main(['check', {str(logs)!r}, '--dask', 'tcp://127.0.0.1:9'])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 2
    assert done.stderr == "Error: Dask is not installed: pip install 'tb_gradhealth[fleet]'\n"
