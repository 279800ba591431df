"""The first screen answers: what is wrong, what to try first, where it shows; on wide and narrow pages."""

import pytest
from playwright.sync_api import expect

pytestmark = pytest.mark.browser


def symptoms_of(server):
    return {symptom["id"]: symptom for symptom in server.json("symptoms")["symptoms"]}


def bottom(locator):
    box = locator.bounding_box()
    return box["y"] + box["height"]


def test_it_says_how_many_are_sick_what_to_try_and_leads_to_the_evidence(demo_server, open_tab):
    runs = demo_server.json("runs")["runs"]
    worst = min(runs, key=lambda run: run["rank"])
    named = demo_server.json("findings?limit=1")["page"]["named"]
    assert (named["run"], named["id"]) == (worst["run"], worst["named"])
    advice = symptoms_of(demo_server)[named["symptom"]]["advice_by_framework"][named["framework"]]
    with open_tab(demo_server.url, width=1280, height=800) as tab:
        sick = sum(run["verdict"] in ("critical", "warning") for run in runs)
        tab.frame.get_by_text(f"{sick} of {len(runs)} runs are sick", exact=True).wait_for()
        tab.frame.get_by_text(f"Try first: {advice[0]}").wait_for()
        tab.frame.get_by_role("button", name="See the evidence").click()
        tab.evidence.get_by_text(named["message"]).wait_for()
        for text in advice:
            assert text in tab.evidence.inner_text()


def test_below_the_table_is_the_run_at_a_glance_and_its_picture_opens_layers(demo_server, open_tab):
    with open_tab(demo_server.url, width=1280, height=800) as tab:
        runs = tab.frame.get_by_role("navigation", name="Runs")
        runs.get_by_role("button", name="vanishing_sigmoid").click()
        glance = tab.frame.get_by_role("region", name="At a glance")
        loss = glance.get_by_role("img", name="Loss of vanishing_sigmoid")
        loss.wait_for()
        assert "vanishing-gradient from step 0" in loss.get_attribute("aria-label")
        picture = glance.get_by_role("button", name="Gradients: RMS of vanishing_sigmoid")
        assert bottom(picture) <= 800
        picture.click()
        tab.frame.get_by_role("heading", level=1, name="Gradients: RMS of vanishing_sigmoid").wait_for()


def test_the_model_is_a_chain_of_blocks_that_leads_to_the_network(demo_server, open_tab):
    with open_tab(demo_server.url, "#gradhealth&p.gradhealth.run=nan_contrast", width=1280) as tab:
        chain = tab.frame.get_by_role("button", name="Network of nan_contrast")
        chain.wait_for()
        blocks = [
            (block.inner_text(), block.get_attribute("class").split()[-1])
            for block in chain.locator(".chain-block").all()
        ]
        names = ["input", "contrast", "hidden", "logits", "loss"]
        assert blocks == [("input", "healthy"), *((name, "critical") for name in names[1:])]
        chain.click()
        graph = tab.frame.get_by_role("group", name="Network of nan_contrast")
        graph.get_by_role("button", name="contrast").first.wait_for()
        # The way is played node after node, and ends.
        tab.frame.get_by_role("button", name="Play").click()
        playing = "document.getAnimations().filter(each => each.effect.target.matches('.node')).length"
        tab.document.wait_for_function(f"{playing} === {len(names) - 1}")
        tab.document.wait_for_function(f"{playing} === 0")


def test_the_glance_follows_the_opened_finding(demo_server, open_tab):
    with open_tab(demo_server.url, width=1280, height=800) as tab:
        assert tab.rows
        tab.frame.locator('.rows .row[data-run="nan_contrast"]').first.click()
        glance = tab.frame.get_by_role("region", name="At a glance")
        glance.get_by_role("img", name="Loss of nan_contrast").wait_for()
        glance.get_by_role("button", name="NaN or infinite values from step 343").wait_for()
        tab.page.keyboard.press("Escape")
        worst = min(demo_server.json("runs")["runs"], key=lambda run: run["rank"])
        glance.get_by_role("img", name=f"Loss of {worst['run']}").wait_for()


def test_the_glance_stays_folded_where_it_was_folded(demo_server, open_tab):
    with open_tab(demo_server.url, width=1280, height=800) as tab:
        glance = tab.frame.get_by_role("region", name="At a glance")
        glance.get_by_role("img").wait_for()
        glance.get_by_role("button", name="at a glance").click()
        tab.page.reload()
        glance.get_by_role("button", name="at a glance", expanded=False).wait_for()
        assert glance.get_by_role("img").count() == 0


def test_a_narrow_page_begins_with_the_verdict_and_unfolds_the_runs(demo_server, open_tab):
    with open_tab(demo_server.url, width=800, height=900) as tab:
        step = tab.frame.get_by_role("button", name="See the evidence")
        step.wait_for()
        assert bottom(step) < 400
        assert bottom(tab.frame.locator(".rows .row").nth(4)) < 900
        runs = tab.frame.get_by_role("navigation", name="Runs")
        healthy = runs.get_by_role("button", name="healthy_cnn")
        assert healthy.count() == 0
        runs.get_by_role("button", name="All 6 runs").click()
        healthy.click()
        tab.frame.get_by_role("heading", level=1, name="healthy_cnn: Healthy").wait_for()
        runs.get_by_role("button", name="healthy_cnn", expanded=False).wait_for()


def test_every_column_can_be_reached_on_a_narrow_page(demo_server, open_tab):
    with open_tab(demo_server.url, width=800, height=900) as tab:
        assert tab.rows
        expect(tab.column("Trend")).to_have_count(0)
        tab.frame.locator("summary", has_text="Columns").click()
        for name in ("Last seen", "State", "Trend"):
            tab.frame.get_by_role("checkbox", name=name).check()
        tab.page.keyboard.press("Escape")
        for name in ("Severity", "Trend"):
            tab.column(name).scroll_into_view_if_needed()
            expect(tab.column(name)).to_be_in_viewport()
        assert tab.grid.evaluate("grid => grid.scrollWidth > grid.clientWidth")
        tab.page.wait_for_function("location.hash.includes('columns=')")
        tab.page.reload()
        tab.column("Trend").wait_for()
        tab.frame.locator("summary", has_text="Columns").click()
        tab.frame.get_by_role("checkbox", name="As many as fit").check()
        expect(tab.column("Trend")).to_have_count(0)


@pytest.mark.parametrize(("width", "height"), [(1280, 800), (800, 900)])
def test_both_themes_pass_axe(demo_server, open_tab, axe, width, height):
    with open_tab(demo_server.url, width=width, height=height) as tab:
        assert tab.rows
        if width == 800:
            tab.frame.get_by_role("button", name="All 6 runs").click()
        else:
            tab.frame.get_by_role("region", name="At a glance").get_by_role("img").wait_for()
        tab.frame.locator("summary", has_text="Columns").click()
        assert axe(tab) == []
        tab.switch_to_dark()
        assert axe(tab) == []


def test_a_finger_unfolds_an_incident_and_opens_its_evidence(demo_server, open_tab):
    with open_tab(demo_server.url, width=800, height=900, has_touch=True) as tab:
        assert tab.rows
        lead = tab.frame.locator(".rows .row").first
        before = tab.frame.locator(".rows .row").count()
        lead.locator(".fold").tap()
        expect(lead).to_have_attribute("aria-expanded", "true")
        tab.frame.locator('.row[aria-level="2"]').first.wait_for()
        assert tab.frame.locator(".rows .row").count() > before
        lead.locator(".tensor").tap()
        tab.evidence.wait_for()
        tab.evidence.get_by_role("button", name="Close evidence").tap()
        tab.evidence.wait_for(state="detached")
