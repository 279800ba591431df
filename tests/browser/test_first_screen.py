"""The first screen agrees with itself: headline, table, Layers, Runs and `check` tell of the same run."""

import json
import re

import pytest
from click.testing import CliRunner
from run_log import GOOD, RunLog
from tensorboard_server import tensorboard_server

from tb_gradhealth.cli import main
from tb_gradhealth.record import Row, RowTable

pytestmark = pytest.mark.browser

TABLE = RowTable(
    (
        Row("dense_0/kernel", "gradient", "dense_0", "kernel", 0, (32, 32)),
        Row("loss", "loss", "loss", "loss", 1),
    ),
    settings={"every": 10},
)


def loss(step):
    return {**GOOD, **dict.fromkeys(("mean", "rms", "minimum", "maximum"), 2.0 - step / 400)}


@pytest.fixture(scope="module")
def report(demo_logs):
    """What `check` says of the runs, the one to look at first on top."""
    result = CliRunner().invoke(main, ["check", str(demo_logs), "--format", "json"])
    return json.loads(result.stdout)["runs"]


@pytest.fixture(scope="module")
def quiet(tmp_path_factory):
    """A server over a run that is healthy so far, and one of which it is too early to say."""
    logs = tmp_path_factory.mktemp("quiet") / "logs"
    for run, records in (("long", 40), ("young", 3)):
        (logs / run).mkdir(parents=True)
        with RunLog(logs / run / "gradhealth", TABLE) as log:
            for step in range(0, 10 * records, 10):
                log.record(step, GOOD, loss(step))
    with tensorboard_server(tmp_path_factory.mktemp("server"), "--logdir", logs) as server:
        server.wait_until(lambda: server.json("runs")["loading"]["done"])
        yield server


def view(tab, name):
    tab.frame.get_by_role("navigation", name="Views").get_by_role("button", name=name).click()


def test_headline_table_layers_runs_and_check_tell_of_the_same_run(report, demo_server, open_tab):
    first = report[0]
    with open_tab(demo_server.url) as tab:
        headline = tab.frame.get_by_role("heading", level=1)
        headline.filter(has_text=first["run"]).wait_for()
        # The tab keeps a number and its sign on one line.
        said = headline.inner_text().replace("\N{NO-BREAK SPACE}", " ")
        assert said == f"{first['run']}: {first['headline']}"
        origin = first["findings"][0]
        row = tab.frame.locator(".rows .row").first
        assert row.get_attribute("data-run") == first["run"]
        assert row.get_attribute("data-finding") == origin["id"]
        assert origin["tensor"] in tab.rows[0][2]
        row.click()
        tab.evidence.get_by_text(origin["message"]).wait_for()
        view(tab, "Layers")
        headline.filter(has_text=f"of {first['run']}").wait_for()
        view(tab, "Runs")
        tab.frame.locator("tr[data-run]").first.wait_for()
        runs = [line.get_attribute("data-run") for line in tab.frame.locator("tr[data-run]").all()]
        assert runs == [run["run"] for run in report]


def test_each_runs_page_begins_with_what_check_says_of_it(report, demo_server, open_tab):
    with open_tab(demo_server.url) as tab:
        runs = tab.frame.get_by_role("navigation", name="Runs")
        for run in report:
            runs.get_by_role("button", name=run["run"]).click()
            headline = tab.frame.get_by_role("heading", level=1)
            headline.filter(has_text=run["headline"]).wait_for()
            if run["findings"]:
                row = tab.frame.locator(f'.rows .row[data-run="{run["run"]}"]').first
                assert row.get_attribute("data-finding") == run["findings"][0]["id"]


def test_what_is_folded_says_what_it_follows_from(report, demo_server, open_tab):
    sick = next(run for run in report if run["run"] == "nan_contrast")
    origin = sick["findings"][0]
    following = [found for found in sick["findings"] if found["follows"] == origin["id"]]
    assert following
    with open_tab(demo_server.url, "#gradhealth&p.gradhealth.run=nan_contrast") as tab:
        tab.frame.locator(".rows .row .fold").first.click()
        for found in following:
            row = tab.frame.locator(f'.row[data-finding="{found["id"]}"]')
            assert f"follows from {origin['tensor']}" in row.inner_text()


def test_a_loss_that_is_no_number_any_more_says_since_when_and_is_not_the_best(demo_server, open_tab):
    with open_tab(demo_server.url, "#gradhealth&p.gradhealth.view=runs") as tab:
        line = tab.frame.locator('tr[data-run="nan_contrast"]')
        assert "NaN since 343" in line.inner_text()
        head = tab.frame.locator("th").filter(has_text=re.compile("^Loss$"))
        for direction, place in (("ascending", -1), ("descending", 0)):
            head.get_by_role("button").click()
            assert head.get_attribute("aria-sort") == direction
            order = [row.get_attribute("data-run") for row in tab.frame.locator("tr[data-run]").all()]
            assert order[place] == "nan_contrast"


def test_a_quiet_runs_page_says_what_was_checked(quiet, open_tab, axe):
    with open_tab(quiet.url, "#gradhealth&p.gradhealth.run=long") as tab:
        checked = tab.frame.get_by_role("region", name="What was checked")
        checked.get_by_text("steps 0 to 390").wait_for()
        told = quiet.json("runs")["runs"]
        long = next(run["checked"] for run in told if run["run"] == "long")
        text = checked.inner_text()
        assert f"{len(long['symptoms'])} symptoms judged, {len(long['not_judged'])} not" in text
        assert all(left["title"] in text and left["reason"] in text for left in long["not_judged"])
        assert tab.frame.get_by_text("passes the filters").count() == 0
        assert axe(tab) == []
        tab.frame.get_by_role("button", name="All runs").click()
        checked.get_by_role("button", name="young").wait_for()
        tab.switch_to_dark()
        assert axe(tab) == []


def test_a_young_run_is_no_healthy_one(quiet, open_tab):
    with open_tab(quiet.url) as tab:
        young = tab.frame.get_by_role("navigation", name="Runs").get_by_role("button", name="young")
        assert young.locator(".chip").inner_text() == "too early"
        young.click()
        tab.frame.get_by_role("heading", level=1, name="Too early to say: 3 of").wait_for()
