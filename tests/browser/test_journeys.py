"""What people come to the tab for, done by hand in a real browser."""

import threading
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer

import pytest
from run_log import BAD, GOOD, RunLog
from tensorboard_server import tensorboard_server

from tb_gradhealth.record import Row, RowTable

pytestmark = pytest.mark.browser

TABLE = RowTable(
    (
        Row("dense_0/kernel", "gradient", "dense_0", "kernel", 0, (32, 32)),
        Row("dense_1/kernel", "gradient", "dense_1", "kernel", 1, (32, 32)),
    ),
    settings={"every": 10},
)


def test_the_origin_of_a_nan_is_found_and_the_address_can_be_shared(demo_server, open_tab):
    with open_tab(demo_server.url) as tab:
        tab.frame.get_by_role("navigation", name="Runs").get_by_role("button", name="nan_contrast").click()
        verdict = tab.frame.get_by_role("heading", level=1)
        verdict.filter(has_text="nan_contrast").wait_for()
        lead = tab.row("nan_contrast", "contrast", "NaN or infinite values")
        assert lead.get_attribute("aria-expanded") == "false"
        lead.locator(".fold").click()
        tab.frame.locator('.row[aria-level="2"]').nth(5).wait_for()
        lead.click()
        tab.evidence.get_by_text("343").first.wait_for()
        tab.page.wait_for_function("location.hash.includes('finding')")
        address, rows = tab.page.url, tab.rows
        tab.page.go_back()
        tab.evidence.wait_for(state="detached")
        tab.page.go_forward()
        tab.evidence.wait_for()
    with open_tab(address.split("#")[0], "#" + address.split("#")[1]) as shared:
        shared.evidence.get_by_text("343").first.wait_for()
        assert shared.rows == rows


def test_filters_by_symptom_and_search_and_columns_keep_their_width(demo_server, open_tab):
    with open_tab(demo_server.url) as tab:
        tab.frame.get_by_text("Symptom", exact=False).locator("visible=true").first.wait_for()
        tab.frame.locator("summary", has_text="Symptom").click()
        tab.frame.get_by_role("checkbox", name="Dead units").check()
        tab.page.keyboard.press("Escape")
        tab.frame.locator('.row[data-run="vanishing_sigmoid"]').first.wait_for(state="detached")
        assert {row[1] for row in tab.rows} == {"Dead units"}
        tab.frame.get_by_role("searchbox", name="Search findings").fill("nothing says this")
        tab.frame.get_by_role("button", name="Clear filters").click()
        edge = tab.frame.get_by_role("separator", name="Width of Symptom")
        before = tab.column("Symptom").bounding_box()["width"]
        for _ in range(3):
            edge.press("ArrowRight")
        tab.page.wait_for_function("location.hash.includes('widths')")
        assert tab.column("Symptom").bounding_box()["width"] == pytest.approx(before + 48, abs=2)
        tab.page.reload()
        tab.grid.wait_for()
        assert tab.column("Symptom").bounding_box()["width"] == pytest.approx(before + 48, abs=2)


def test_a_live_training_opens_and_resolves_a_finding_before_the_readers_eyes(logs, tmp_path, open_tab):
    with (
        RunLog(logs / "run" / "gradhealth", TABLE) as log,
        tensorboard_server(tmp_path, "--logdir", logs, "--reload_interval=1") as server,
    ):
        log.record(0, GOOD, GOOD)
        with open_tab(server.url) as tab:
            tab.frame.get_by_text("No symptom has been found.").wait_for()
            log.record(10, GOOD, BAD)
            tab.frame.get_by_role("button", name="1 new finding: show").click()
            row = tab.frame.locator(".rows .row")
            row.filter(has_text="open").wait_for()
            row.click()
            for step in range(20, 400, 10):
                log.record(step, GOOD, GOOD)
            row.filter(has_text="resolved").wait_for()
            tab.evidence.get_by_text("resolved").first.wait_for()


def test_without_a_server_the_tab_keeps_its_rows_and_updates_when_it_returns(logs, tmp_path, browser):
    with RunLog(logs / "run" / "gradhealth", TABLE) as log:
        log.record(0, BAD, GOOD)
        page = browser.new_page()
        page.set_default_timeout(30_000)
        with tensorboard_server(tmp_path, "--logdir", logs) as server:
            page.goto(server.url + "#gradhealth")
            frame = page.frame_locator("iframe")
            frame.locator(".rows .row").first.wait_for()
            port = server.url.rsplit(":", 1)[1].strip("/")
        status = frame.get_by_test_id("status")
        page.locator("button.reload-button").click()
        status.get_by_role("status").filter(has_text="Trying again").wait_for()
        assert frame.locator(".rows .row").count() == 1
        log.record(10, BAD, BAD)
        with tensorboard_server(tmp_path, "--logdir", logs, f"--port={port}"):
            # A request that met the end of the first server is given up after a minute.
            frame.get_by_role("button", name="1 new finding: show").wait_for(timeout=90_000)
            status.get_by_text("updated").wait_for()
        page.close()


def test_the_keyboard_sheet_opens_by_its_key_and_axe_finds_nothing(demo_server, open_tab, axe):
    with open_tab(demo_server.url) as tab:
        tab.grid.focus()
        tab.page.keyboard.press("?")
        sheet = tab.frame.get_by_role("dialog", name="Keyboard")
        sheet.wait_for()
        assert axe(tab) == []
        tab.page.keyboard.press("Escape")
        sheet.wait_for(state="hidden")
        tab.frame.locator("summary", has_text="Kind").click()
        assert axe(tab) == []


def test_under_a_path_prefix_the_tab_works_and_its_links_stay_below_it(demo_logs, browser, tmp_path):
    options = ("--logdir", demo_logs, "--path_prefix=/pre/fix")
    with tensorboard_server(tmp_path, *options, without=(), suffix="pre/fix/") as server:
        # Not opened as the others are: under a prefix TensorBoard looks for its own fonts in vain.
        page = browser.new_page()
        asked = []
        page.on("request", lambda request: asked.append(request.url))
        page.goto(server.url + "#gradhealth")
        frame = page.frame_locator("iframe")
        frame.locator('.rows .row[data-run="dead_relu"]').filter(has_text="Dead units").first.click()
        evidence = frame.get_by_role("complementary", name="Evidence")
        evidence.get_by_role("img").first.wait_for()
        ours = [url for url in asked if "gradhealth" in url]
        assert ours
        assert all(url.startswith(server.url) for url in ours)
        tab = next(frame for frame in page.frames if "plugin_entry" in frame.url)
        tab.wait_for_function("document.fonts.check('13px Roboto') && document.fonts.size > 0")
        link = evidence.get_by_role("link", name="Histograms")
        assert link.get_attribute("href").startswith(server.url)
        link.click()
        page.wait_for_url("**/pre/fix/**#histograms**")
        page.close()


def test_in_a_notebook_the_tab_works_within_the_notebooks_own_frame(demo_server, browser, tmp_path):
    """`%tensorboard` shows TensorBoard in a frame of a page that has another port."""
    address = demo_server.url + "#gradhealth"
    (tmp_path / "index.html").write_text(f'<iframe width="1200" height="800" src="{address}"></iframe>')
    page = browser.new_page(viewport={"width": 1300, "height": 900})
    complaints = []
    page.on("pageerror", lambda error: complaints.append(str(error)))
    handler = partial(SimpleHTTPRequestHandler, directory=str(tmp_path))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as notebook:
        threading.Thread(target=notebook.serve_forever, daemon=True).start()
        page.goto(f"http://127.0.0.1:{notebook.server_port}/")
        tensorboard = page.frame_locator("iframe")
        tab = tensorboard.frame_locator("iframe")
        tab.locator('.rows .row[data-run="dead_relu"]').filter(has_text="Dead units").first.click()
        evidence = tab.get_by_role("complementary", name="Evidence")
        evidence.get_by_role("img").first.wait_for()
        tab.get_by_role("button", name="Layers").click()
        tab.get_by_role("application").wait_for()
        evidence.get_by_role("link", name="Histograms").click()
        tensorboard.get_by_text("Histogram mode").wait_for()
        assert complaints == []
        page.close()
        notebook.shutdown()
