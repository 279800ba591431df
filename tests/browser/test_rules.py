"""The view Rules by hand: thresholds tried over the demo, and the file that `check` then reads."""

import json
from collections import Counter

import pytest
from click.testing import CliRunner

from tb_gradhealth.cli import main

pytestmark = pytest.mark.browser

VIEW = "#gradhealth&p.gradhealth.view=rules"


class RulesView:
    """The view as its reader has it."""

    def __init__(self, tab):
        self.page, self.frame, self.tab = tab.page, tab.frame, tab
        self.frame.get_by_role("region", name="Rules").wait_for()

    def symptom(self, title):
        return self.frame.get_by_role("group", name=title, exact=True)

    def field(self, title, limit):
        return self.symptom(title).get_by_role("textbox", name=limit, exact=True)

    def slider(self, title, limit):
        return self.symptom(title).get_by_role("slider", name=limit, exact=True)

    def wait_for(self, headline):
        self.frame.get_by_role("heading", level=1).filter(has_text=headline).wait_for()

    def counts(self):
        """Findings by severity by the rules being tried, or by those in force."""
        chips = self.frame.get_by_role("list", name="Findings by severity").locator(".chip").all_inner_texts()
        return {words[0]: int(words[-1]) for words in map(str.split, chips)}

    def download(self, folder):
        with self.page.expect_download() as started:
            self.frame.get_by_role("button", name="Download rule file").click()
        assert started.value.suggested_filename == "gradhealth-rules.toml"
        started.value.save_as(folder / "gradhealth-rules.toml")
        return folder / "gradhealth-rules.toml"

    def load(self, path):
        self.frame.get_by_label("Rule file", exact=True).set_input_files(path)


def check(logs, rules="default"):
    """What the command finds, by run and id, without what is muted; and the muted ones' reasons."""
    result = CliRunner().invoke(main, ["check", str(logs), "--rules", str(rules), "--format", "json"])
    assert result.exit_code in (0, 1), result.output
    runs = json.loads(result.stdout)["runs"]
    found = {(run["run"], finding["id"]): finding for run in runs for finding in run["findings"]}
    counted = {key: finding["severity"] for key, finding in found.items() if not finding["muted"]}
    return counted, [finding["muted"] for finding in found.values() if finding["muted"]]


def by_severity(counted):
    return {"critical": 0, "warning": 0, "info": 0} | Counter(counted.values())


def sentence(before, after):
    """As the headline should have it."""
    many = [
        ("+{} finding", len(after.keys() - before.keys())),
        ("−{} finding", len(before.keys() - after.keys())),
    ]
    parts = [text.format(n) + "s" * (n != 1) for text, n in many if n]
    changed = sum(before[key] != after[key] for key in before.keys() & after.keys())
    if changed:
        parts.append("1 changes its severity" if changed == 1 else f"{changed} change their severity")
    return ", ".join(parts) or "nothing changes"


def test_what_a_moved_threshold_promises_is_what_check_finds_by_the_file(
    demo_server, demo_logs, open_tab, tmp_path
):
    before, _ = check(demo_logs)
    with open_tab(demo_server.url, VIEW) as tab:
        view = RulesView(tab)
        view.wait_for("Rules in force: default")
        assert view.counts() == by_severity(before)
        view.field("Dead units", "threshold").fill("0.05")
        view.slider("Vanishing gradient", "threshold").press("Home")
        view.symptom("NaN or infinite values").get_by_label("at most").select_option("warning")
        view.symptom("Exploding gradient").get_by_role("checkbox", name="judged").uncheck()
        assert float(view.field("Vanishing gradient", "threshold").input_value()) == 1e-5
        view.frame.get_by_text("judging…").wait_for(state="detached")
        after, _ = check(demo_logs, view.download(tmp_path))
        assert len(after.keys() - before.keys()) > 0 < len(before.keys() - after.keys())
        view.wait_for(f"Trying other rules: {sentence(before, after)}")
        assert view.counts() == by_severity(after)


def test_the_draft_is_in_the_address_and_the_other_views_keep_the_rules_in_force(demo_server, open_tab):
    with open_tab(demo_server.url, VIEW) as tab:
        view = RulesView(tab)
        view.wait_for("Rules in force: default")
        in_force = view.counts()
        slider = view.slider("Dead units", "threshold")
        slider.focus()
        for _ in range(3):
            slider.press("ArrowLeft")
        assert slider.get_attribute("aria-valuetext") == "0.17"
        tab.page.wait_for_function("location.hash.includes('0.17')")
        view.frame.get_by_text("judging…").wait_for(state="detached")
        counts = view.counts()
        tab.page.reload()
        shared = RulesView(tab)
        assert shared.field("Dead units", "threshold").input_value() == "0.17"
        shared.wait_for("Trying other rules: ")
        assert shared.counts() == counts
        shared.symptom("Dead units").get_by_role("button", name="Reset to 0.2: threshold").click()
        shared.wait_for("Rules in force: default")
        tab.page.wait_for_function("!location.hash.includes('draft')")
        shared.frame.locator("summary", has_text="Presets").click()
        shared.frame.get_by_role("button", name="quiet").click()
        shared.wait_for("Trying other rules: −")
        tab.frame.get_by_role("button", name="Overview").click()
        shown = tab.frame.get_by_role("group", name="Severity").get_by_role("button").all_inner_texts()
        assert {words[0].lower(): int(words[-1]) for words in map(str.split, shown)} == in_force


def test_a_file_is_loaded_and_a_broken_one_is_told_in_a_sentence(demo_server, browser, tmp_path):
    good, broken = tmp_path / "team.toml", tmp_path / "broken.toml"
    good.write_text('extends = "strict"\n\n[symptoms.dead-units]\nthreshold = 0.123  # ours\n')
    broken.write_text("[symptoms.dead-unit]\nthreshold = 2\n")
    page = browser.new_page(viewport={"width": 1600, "height": 900})  # a 400 is an error on the console
    page.set_default_timeout(30_000)
    page.goto(demo_server.url + VIEW)
    view = RulesView(_Page(page))
    view.load(good)
    view.wait_for("Trying other rules: ")
    assert view.field("Dead units", "threshold").input_value() == "0.123"
    assert view.field("Exploding gradient", "threshold").input_value() == "5"
    view.load(broken)
    alert = view.frame.get_by_role("alert").filter(has_text="broken.toml")
    alert.wait_for()
    assert "broken.toml: symptoms: unknown key 'dead-unit', did you mean 'dead-units'?" in alert.inner_text()
    assert view.field("Dead units", "threshold").input_value() == "0.123"
    view.field("Dead units", "threshold").fill("7")
    view.symptom("Dead units").get_by_text("At most 1.").wait_for()
    view.frame.get_by_role("button", name="Reset all").click()
    view.wait_for("Rules in force: default")
    page.close()


class _Page:
    def __init__(self, page):
        self.page, self.frame = page, page.frame_locator("iframe")


def test_a_mute_with_its_reason_takes_findings_away_here_and_in_check(
    demo_server, demo_logs, open_tab, tmp_path
):
    before, _ = check(demo_logs)
    with open_tab(demo_server.url, VIEW) as tab:
        view = RulesView(tab)
        view.frame.locator("summary", has_text="Add a mute").click()
        mutes = view.frame.get_by_role("region", name="Mutes")
        mutes.get_by_label("Symptom").select_option("Vanishing gradient")
        mutes.get_by_label("Tensors").fill("hidden_0/*")
        mutes.get_by_role("button", name="Mute", exact=True).click()
        mutes.get_by_text("Say why").wait_for()
        mutes.get_by_label("Reason").fill("the first layer is frozen “on purpose”")
        mutes.get_by_role("button", name="Mute", exact=True).click()
        view.wait_for("Trying other rules: −")
        after, reasons = check(demo_logs, view.download(tmp_path))
        assert set(reasons) == {"the first layer is frozen “on purpose”"}
        view.wait_for(f"Trying other rules: {sentence(before, after)}")
        assert view.counts() == by_severity(after)
        gone = len(before) - len(after)
        assert len(reasons) == gone > 0
        # What is gone is still in force elsewhere: its evidence opens from the list.
        removed = view.frame.locator("details", has_text=f"−{gone} removed")
        removed.get_by_role("button").first.click()
        tab.evidence.get_by_text("hidden_0/kernel").first.wait_for()
        tab.page.keyboard.press("Escape")
        tab.evidence.wait_for(state="detached")
        mutes.get_by_role("button", name="Remove the mute").click()
        view.wait_for("Rules in force: default")


@pytest.mark.parametrize("width", [1920, 800])
def test_both_themes_pass_axe(demo_server, open_tab, axe, width):
    with open_tab(demo_server.url, VIEW, width=width) as tab:
        view = RulesView(tab)
        view.field("Dead units", "threshold").fill("0.05")
        view.symptom("Loss spike").get_by_role("checkbox", name="judged").uncheck()
        view.wait_for("Trying other rules: +")
        view.frame.locator("summary", has_text="Add a mute").click()
        if width == 800:
            view.frame.locator("summary", has_text="added").click()
        view.field("Dead units", "critical").fill("much")
        view.symptom("Dead units").get_by_text("Write a number.").wait_for()
        assert axe(tab) == []
        tab.switch_to_dark()
        assert axe(tab) == []
