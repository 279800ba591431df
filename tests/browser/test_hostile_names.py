"""Runs, layers and hyper-parameters named like attacks: in a real browser nothing of them runs."""

import pytest
from hostile import NAMES
from run_log import RunLog
from tensorboard_server import tensorboard_server

from tb_gradhealth.record import Row, RowTable

pytestmark = pytest.mark.browser

RUNS = ("<img src=x onerror=alert(1)>", '"><svg onload=alert(1)>', "a\nb\u202ec", "..%2f..%2fetc")


@pytest.fixture(scope="module")
def hostile_server(tmp_path_factory):
    folder = tmp_path_factory.mktemp("hostile")
    rows = [
        Row(name, "gradient", f"layer {name}", "kernel", 0, (8, 8), activation=name[:40])
        for name in NAMES.values()
    ]
    rows.append(Row("<b>", "weight", "<i>", "kernel", 0, (8, 8), not_measured="<script>alert(1)</script>"))
    for run in RUNS:
        with RunLog(folder / "logs" / run.replace("/", "\u2215"), RowTable(tuple(rows))) as log:
            sick = {"rms": 1, "nan_count": 1, "inf_count": 0, "bad_steps": 1, "bad_ago": 0}
            log.record(0, *[sick] * (len(rows) - 1))
    with tensorboard_server(folder, "--logdir", folder / "logs") as server:
        yield server


def test_no_name_runs_as_a_script_anywhere_in_the_tab(hostile_server, open_tab):
    with open_tab(hostile_server.url) as tab:
        dialogs = []
        tab.page.on("dialog", lambda dialog: (dialogs.append(dialog.message), dialog.dismiss()))
        tab.grid.wait_for()
        title = tab.page.title()
        rows = tab.frame.locator(".rows .row")
        for place in range(min(rows.count(), 20)):
            rows.nth(place).click()
            tab.evidence.wait_for()
        assert (
            tab.frame.locator("img[onerror], img[src='x'], svg[onload], evil, script:not([type])").count()
            == 0
        )
        assert tab.page.title() == title
        assert dialogs == []


def test_the_html_report_opened_as_a_page_runs_nothing(hostile_server, browser):
    context = browser.new_context()
    page = context.new_page()
    dialogs = []
    page.on("dialog", lambda dialog: (dialogs.append(dialog.message), dialog.dismiss()))
    _, _, report = hostile_server.get("report?format=html")
    page.set_content(report.decode())
    assert page.locator("h2").count() == len(RUNS)
    assert page.locator("script, img, iframe, foreignObject, a:not([href^='#'])").count() == 0
    assert page.locator("svg:not([role=img])").count() == 0
    assert page.title() == "Grad Health: report"
    assert dialogs == []
    context.close()
