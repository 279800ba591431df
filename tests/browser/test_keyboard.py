"""Keys alone: they work on arrival, lead into the evidence and back, and the Tab key has few stops."""

import pytest
from playwright.sync_api import expect

pytestmark = pytest.mark.browser

FOCUSED = """() => {
    const element = document.activeElement
    const part = element.closest('.alerts, aside, nav')
    return [element.tagName, element.getAttribute('role') ?? '', part?.ariaLabel ?? '']
}"""


def test_single_keys_work_before_anything_was_clicked(demo_server, open_tab):
    with open_tab(demo_server.url) as tab:
        assert tab.rows
        tab.page.keyboard.press("?")
        sheet = tab.frame.get_by_role("dialog", name="Keyboard")
        sheet.wait_for()
        sheet.get_by_role("button", name="Close").click()
    with open_tab(demo_server.url) as tab:
        assert tab.rows
        tab.page.keyboard.press("2")
        tab.frame.get_by_role("application").wait_for()
        tab.page.keyboard.press("3")
        tab.frame.get_by_role("region", name="Runs and symptoms").wait_for()
        tab.page.keyboard.press("/")
        search = tab.frame.get_by_role("searchbox", name="Search findings")
        expect(search).to_be_focused()
        tab.page.keyboard.type("j2?")
        expect(search).to_have_value("j2?")


def test_single_keys_leave_tensorboards_own_fields_and_tabs_alone(demo_server, open_tab):
    with open_tab(demo_server.url) as tab:
        assert tab.rows
        tab.page.get_by_role("tab", name="Scalars").click()
        tab.page.wait_for_url("**#scalars**")
        tab.page.wait_for_timeout(500)
        tab.page.keyboard.press("2")
        tab.page.get_by_role("tab", name="Grad Health").click()
        tab.grid.wait_for()
        assert "view=layers" not in tab.page.url


def test_enter_goes_into_the_evidence_and_escape_back_to_the_row(demo_server, open_tab):
    with open_tab(demo_server.url) as tab:
        assert tab.rows
        for key in ("j", "j", "j", "k", "Enter"):
            tab.page.keyboard.press(key)
        heading = tab.evidence.get_by_role("heading", level=2)
        expect(heading).to_be_focused()
        active = tab.grid.get_attribute("aria-activedescendant")
        second = tab.frame.locator(".rows .row").nth(1)
        assert second.get_attribute("id") == active
        tab.page.keyboard.press("Escape")
        tab.evidence.wait_for(state="detached")
        expect(tab.grid).to_be_focused()
        assert tab.grid.get_attribute("aria-activedescendant") == active


def test_with_the_evidence_open_j_goes_to_the_next_finding(demo_server, open_tab):
    with open_tab(demo_server.url) as tab:
        assert tab.rows
        rows = tab.frame.locator(".rows .row")
        rows.first.click()
        tab.evidence.wait_for()
        tab.page.keyboard.press("j")
        expect(rows.nth(1)).to_have_attribute("aria-selected", "true")
        tensor = rows.nth(1).locator(".tensor").inner_text()
        tab.evidence.get_by_role("heading", level=2, name=tensor).wait_for()


def test_the_tab_key_needs_two_stops_for_the_table(demo_server, open_tab):
    with open_tab(demo_server.url) as tab:
        assert tab.rows
        tab.frame.locator("summary", has_text="Report").focus()
        stops = []
        for _ in range(3):
            tab.page.keyboard.press("Tab")
            stops.append(tab.document.evaluate(FOCUSED))
        assert stops[0][:2] == ["DIV", "treegrid"]
        assert stops[1] == ["BUTTON", "", "Alerts"]
        assert stops[2][2] != "Alerts"


def test_the_arrow_keys_go_along_the_heads_and_set_widths(demo_server, open_tab):
    with open_tab(demo_server.url) as tab:
        assert tab.rows
        tab.column("Severity").get_by_role("button").focus()
        tab.page.keyboard.press("ArrowRight")
        symptom = tab.column("Symptom")
        expect(symptom.get_by_role("button")).to_be_focused()
        before = symptom.bounding_box()["width"]
        for _ in range(3):
            tab.page.keyboard.press("Shift+ArrowRight")
        assert symptom.bounding_box()["width"] == pytest.approx(before + 48, abs=2)
        tab.page.keyboard.press("Delete")
        assert symptom.bounding_box()["width"] == pytest.approx(before, abs=2)
        tab.page.keyboard.press("Enter")
        expect(symptom).to_have_attribute("aria-sort", "ascending")
