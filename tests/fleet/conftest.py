"""A log directory of some hundred runs, a part of it, and the report of that part from one process."""

import pytest
from fleet_logs import write_fleet
from fleet_reports import SETTINGS, as_json

from tb_gradhealth.events import Root
from tb_gradhealth.fleet import Survey

RUNS = 200


@pytest.fixture(scope="session")
def logs(tmp_path_factory):
    return write_fleet(tmp_path_factory.mktemp("fleet") / "logs", RUNS)


@pytest.fixture(scope="session")
def few(logs):
    """A part of the runs, for tests of what goes wrong."""
    return Survey([Root(str(logs / "group_3"))])


@pytest.fixture(scope="session")
def expected_of_few(few):
    return as_json(few.report(few.judged(SETTINGS, 1)))
