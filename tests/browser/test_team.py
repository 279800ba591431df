"""For the team: a finding is muted by a file or a link, and what is exported says what it holds."""

import csv
import io
import json

import pytest
from click.testing import CliRunner

from tb_gradhealth.cli import main

pytestmark = pytest.mark.browser

REASON = "frozen “on purpose”, see the wiki"


def check(logs, *options):
    result = CliRunner().invoke(main, ["check", str(logs), *options])
    assert result.exit_code in (0, 1), result.output
    return result.stdout


def mute_first(tab):
    tab.frame.locator(".rows .row").first.click()
    tab.evidence.get_by_text("Acknowledge or mute").click()
    tab.evidence.get_by_role("button", name="Make the rule").click()
    tab.evidence.get_by_role("alert").wait_for()
    tab.evidence.get_by_label("Reason").fill(REASON)
    tab.evidence.get_by_role("radio", name="Mute for good").check()
    tab.evidence.get_by_role("button", name="Make the rule").click()
    tab.evidence.get_by_role("button", name="Download rule file").wait_for()


def test_a_mute_is_a_file_that_check_reads_and_a_link_that_shows_it(
    demo_server, demo_logs, open_tab, tmp_path
):
    file = tmp_path / "gradhealth-rules.toml"
    clipboard = ["clipboard-read", "clipboard-write"]
    address = "#gradhealth&p.gradhealth.run=vanishing_sigmoid"
    with open_tab(demo_server.url, address, permissions=clipboard) as tab:
        assert tab.rows
        mute_first(tab)
        with tab.page.expect_download() as started:
            tab.evidence.get_by_role("button", name="Download rule file").click()
        started.value.save_as(file)
        tab.evidence.get_by_role("button", name="Copy link").click()
        tab.evidence.get_by_role("button", name="Copied").wait_for()
        link = tab.document.evaluate("navigator.clipboard.readText()")
    report = json.loads(check(demo_logs, "--rules", str(file), "--format", "json"))
    muted = [found for run in report["runs"] for found in run["findings"] if found["muted"]]
    assert {(found["symptom"], found["tensor"], found["muted"]) for found in muted} == {
        ("vanishing-gradient", "hidden_0/kernel", REASON)
    }
    with open_tab(link.split("#")[0], "#" + link.split("#")[1]) as shared:
        shared.frame.get_by_role("heading", level=1, name="Trying other rules: −").wait_for()
        shared.frame.get_by_role("region", name="Mutes").get_by_text(REASON).wait_for()


def test_an_acknowledgement_ends_on_its_day(demo_server, open_tab):
    with open_tab(demo_server.url, "#gradhealth&p.gradhealth.run=vanishing_sigmoid") as tab:
        assert tab.rows
        tab.frame.locator(".rows .row").first.click()
        tab.evidence.get_by_text("Acknowledge or mute").click()
        tab.evidence.get_by_label("Until", exact=True).fill("2100-01-31")
        tab.evidence.get_by_label("Reason").fill(REASON)
        tab.evidence.get_by_role("button", name="Make the rule").click()
        tab.evidence.get_by_role("button", name="Show in Rules").click()
        tab.frame.get_by_role("region", name="Mutes").get_by_text("until 2100-01-31").wait_for()


@pytest.mark.parametrize(("name", "form"), [("Web page", "html"), ("Markdown", "markdown"), ("JSON", "json")])
def test_the_report_is_that_of_the_command_line(demo_server, demo_logs, open_tab, name, form):
    with open_tab(demo_server.url) as tab:
        assert tab.rows
        tab.frame.locator("summary", has_text="Report").click()
        with tab.page.expect_download() as started:
            tab.frame.get_by_role("link", name=name, exact=True).click()
        report = started.value.path().read_text()
    assert report == check(demo_logs, "--format", form)


def test_the_report_is_of_the_chosen_run(demo_server, open_tab):
    with open_tab(demo_server.url, "#gradhealth&p.gradhealth.run=dead_relu") as tab:
        assert tab.rows
        tab.frame.locator("summary", has_text="Report").click()
        with tab.page.expect_download() as started:
            tab.frame.get_by_role("link", name="JSON", exact=True).click()
        assert [run["run"] for run in json.loads(started.value.path().read_text())["runs"]] == ["dead_relu"]


def test_exports_say_what_they_hold_and_group_as_the_table_does(demo_server, open_tab):
    address = "#gradhealth&p.gradhealth.runs=dead_relu%7Cspike_glare&p.gradhealth.severity=critical%2Cwarning"
    clipboard = ["clipboard-read", "clipboard-write"]
    with open_tab(demo_server.url, address, permissions=clipboard) as tab:
        assert tab.rows
        export = tab.frame.get_by_role("group", name="Export")
        export.get_by_text("findings:").wait_for()
        number = int(export.locator(".export-size").inner_text().split()[0])
        with tab.page.expect_download() as started:
            export.get_by_role("button", name="Download CSV").click()
        rows = list(csv.DictReader(io.StringIO(started.value.path().read_text())))
        with tab.page.expect_download() as started:
            export.get_by_role("button", name="Download JSON").click()
        told = json.loads(started.value.path().read_text())
        export.get_by_role("button", name="Copy as Markdown").click()
        export.get_by_role("button", name="Copied").wait_for()
        copied = tab.document.evaluate("navigator.clipboard.readText()")
    assert len(rows) == len(told["findings"]) == number
    incidents = {(row["run"], row["incident"]) for row in rows}
    size = f"{number} findings in {len(incidents)} incidents of 2 runs"
    assert told["contents"].startswith(size)
    assert "runs matching /dead_relu|spike_glare/" in told["contents"]
    assert "only critical, warning" in told["contents"]
    sentence, _, _, _, *table = copied.strip().split("\n")
    assert sentence.startswith(size)
    leads = [i for i, line in enumerate(table) if not line.startswith("| ↳")]
    assert len(table) == number
    assert len(leads) == len(incidents)
    for begin, end in zip(leads, [*leads[1:], number], strict=True):
        assert len({(row["run"], row["incident"]) for row in rows[begin:end]}) == 1
