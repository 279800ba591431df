"""Fixtures: the logs of trainings with many faults, and their reports."""

import json

import pytest
from click.testing import CliRunner
from sick_runs import write_sick_run

from tb_gradhealth.cli.main import main


@pytest.fixture(scope="session")
def sick_logs(tmp_path_factory):
    """Six runs with about a hundred findings."""
    logs = tmp_path_factory.mktemp("sick")
    for seed in range(6):
        write_sick_run(logs / f"run{seed}", seed)
    return logs


@pytest.fixture(scope="session")
def check():
    """Runs `gradhealth check` with some arguments and returns its output."""

    def run(*arguments):
        result = CliRunner().invoke(main, ["check", *map(str, arguments)])
        assert result.exit_code in (0, 1), result.output
        return result.stdout

    return run


@pytest.fixture(scope="session")
def as_json(sick_logs, check):
    return json.loads(check(sick_logs, "--format", "json"))


@pytest.fixture(scope="session")
def as_html(sick_logs, check):
    return check(sick_logs, "--format", "html", "--audit")
