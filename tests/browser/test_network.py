"""The network as a graph, in a real browser: a researcher follows a NaN through it."""

import numpy as np
import pytest
from run_log import RunLog
from tensorboard_server import tensorboard_server

from tb_gradhealth.record import COLUMNS, Row, RowTable

pytestmark = pytest.mark.browser

VIEW = "#gradhealth&p.gradhealth.view=layers&p.gradhealth.picture=network&p.gradhealth.run="
ZOOM = "document.querySelector('.zoom-buttons output').textContent"
PARTS = ("norm", "attention", "add", "dense", "out")
FORWARD, BACKWARD, LAST = 80, 90, 190
"""The steps from which activations and gradients hold NaN, and the last step."""


def network(blocks):
    """Residual blocks: each part's activation with its origins, and the gradients of its weights."""
    rows = [Row("input", "input", "input", "other", 0, (-1, 16))]
    before = "input"
    for block in range(blocks):
        name = f"encoder/layer_{block}"
        origins = {
            "norm": (before,),
            "attention": (f"{name}/norm",),
            "add": (before, f"{name}/attention"),
            "dense": (f"{name}/add",),
            "out": (f"{name}/add", f"{name}/dense"),
        }
        for part in PARTS:
            layer, depth = f"{name}/{part}", len(PARTS) * block + PARTS.index(part)
            rows.append(Row(layer, "activation", layer, "activation", depth, (-1, 16), inputs=origins[part]))
            if part in ("attention", "dense"):
                rows.append(Row(f"{layer}/kernel", "gradient", layer, "kernel", depth, (16, 16)))
        before = f"{name}/out"
    depth = len(PARTS) * blocks
    rows.append(
        Row("head", "activation", "head", "activation", depth, (-1, 2), inputs=(before,), output=True)
    )
    return RowTable(tuple(rows), settings={"every": 10})


def write(folder, blocks, sick):
    """A NaN that begins in one attention, flows forward, and comes back through the gradients."""
    table = network(blocks)
    names = [row.tensor for row in table.rows]
    first = names.index(f"encoder/layer_{sick}/attention")
    column = {name: index for index, name in enumerate(COLUMNS)}
    with RunLog(folder, table) as log:
        for step in range(0, LAST + 1, 10):
            values = np.full((len(names), len(COLUMNS)), np.nan, np.float32)
            values[:, column["rms"]] = [10.0 ** -(row.depth % 5) for row in table.rows]
            for name in ("nan_count", "inf_count", "bad_steps"):
                values[:, column[name]] = 0
            for index, row in enumerate(table.rows):
                forward = row.kind == "activation" and index >= first and step >= FORWARD
                if forward or (row.kind == "gradient" and step >= BACKWARD):
                    values[index, [column["nan_count"], column["bad_steps"], column["bad_ago"]]] = 5, 1, 0
            log.matrix(step, values)


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    logs = tmp_path_factory.mktemp("network") / "logs"
    write(logs / "small" / "gradhealth", 3, sick=1)
    write(logs / "large" / "gradhealth", 500, sick=203)
    with tensorboard_server(tmp_path_factory.mktemp("server"), "--logdir", logs) as server:
        server.wait_until(lambda: server.json("runs")["loading"]["done"])
        yield server


def picture(tab):
    graph = tab.frame.get_by_role("group", name="Network of")
    graph.get_by_role("button").first.wait_for()
    return graph


def node(tab, name):
    return picture(tab).locator(f'[data-node="{name}"]')


def test_a_researcher_follows_a_nan_from_its_origin(server, open_tab):
    with open_tab(server.url, VIEW + "small") as tab:
        origin = node(tab, "encoder/layer_1/attention")
        assert "reached as number 1, at step 80" in origin.get_attribute("aria-label")
        # Forward in the same step, back through the gradients ten steps later, and never past the input.
        assert "number 2, at step 80" in node(tab, "head").get_attribute("aria-label")
        assert "number 3, at step 90" in node(tab, "encoder/layer_0/dense").get_attribute("aria-label")
        assert "reached" not in node(tab, "encoder/layer_0/add").get_attribute("aria-label")
        links = tab.frame.locator(".network-link")
        # Every recorded origin is a link: one into each norm, attention and dense, two into each sum.
        assert links.count() == 3 * 7 + 1
        assert tab.frame.locator(".network-link.order").count() == 0
        assert tab.frame.locator(".network-link.way").count() > 5
        slider = tab.frame.get_by_role("slider", name="Step")
        slider.fill("7")
        tab.page.wait_for_function("location.hash.includes('gradhealth.at=70')")
        assert tab.frame.locator(".network-link.way").count() == 0
        assert "nothing found" in origin.get_attribute("aria-label")
        slider.fill("8")
        tab.page.wait_for_function("location.hash.includes('gradhealth.at=80')")
        assert "number 1" in origin.get_attribute("aria-label")
        assert "reached" not in node(tab, "encoder/layer_0/dense").get_attribute("aria-label")
        origin.click()
        tab.evidence.get_by_text("encoder/layer_1/attention", exact=False).first.wait_for()
        tab.evidence.get_by_role("img").first.wait_for()
        address = tab.page.url
    with open_tab(address.split("#")[0], "#" + address.split("#")[1]) as shared:
        assert "number 1" in node(shared, "encoder/layer_1/attention").get_attribute("aria-label")
        shared.evidence.get_by_role("img").first.wait_for()


def test_the_keyboard_walks_along_the_links(server, open_tab):
    with open_tab(server.url, VIEW + "small") as tab:
        node(tab, "encoder/layer_1/attention").focus()
        focused = "document.activeElement.dataset.node"
        walk = [
            ("ArrowDown", "encoder/layer_1/add"),
            ("ArrowDown", "encoder/layer_1/dense"),
            ("ArrowUp", "encoder/layer_1/add"),
            ("Home", "input"),
            ("End", "head"),
        ]
        for key, reached in walk:
            tab.page.keyboard.press(key)
            tab.frame.locator(f'[data-node="{reached}"]:focus').wait_for()
        # One stop of the Tab key for the whole graph.
        tab.page.keyboard.press("Tab")
        assert tab.document.evaluate(focused) is None
        tab.page.keyboard.press("Shift+Tab")
        assert tab.document.evaluate(focused) == "head"
        tab.page.keyboard.press("Enter")
        tab.evidence.get_by_role("img").first.wait_for()


def test_a_key_right_after_the_focus_moves_it_on(server, open_tab):
    # The tab renders within the pause, but the browser has not painted yet.
    keys = """async (button) => {
        button.focus()
        for (let turn = 0; turn < 20; turn++) await null
        button.dispatchEvent(new KeyboardEvent('keydown', { key: 'ArrowDown', bubbles: true }))
    }"""
    with open_tab(server.url, VIEW + "small") as tab:
        node(tab, "encoder/layer_1/attention").evaluate(keys)
        tab.frame.locator('[data-node="encoder/layer_1/add"]:focus').wait_for()


def test_nodes_show_a_statistic_at_a_step(server, open_tab):
    with open_tab(server.url, VIEW + "small") as tab:
        picture(tab)
        tab.frame.get_by_label("Statistic").select_option("Activations: RMS")
        tab.frame.get_by_role("button", name="Activations: RMS", pressed=True).wait_for()
        label = node(tab, "encoder/layer_0/attention")
        tab.frame.locator(".node.painted").first.wait_for()
        assert label.inner_text().split()[-1] == "0.1"
        assert node(tab, "encoder/layer_0/out").inner_text().split()[-1] == "1e-4"
        assert "not measured" in node(tab, "input").inner_text()


def test_thousands_of_layers_are_folded_and_open_block_by_block(server, open_tab):
    with open_tab(server.url, VIEW + "large") as tab:
        blocks = picture(tab).locator(".node[aria-expanded]")
        assert 4 <= blocks.count() <= 40
        origin = picture(tab).get_by_role("button", name="number 1,")
        members = []
        while origin.get_attribute("aria-expanded") is not None:
            members.append(origin.inner_text().split("layers")[0].split()[-1])
            origin.click()
            tab.page.wait_for_timeout(300)
            assert picture(tab).get_by_role("button").count() < 120
        assert origin.get_attribute("data-node") == "encoder/layer_203/attention"
        assert len(members) >= 2
        # A block opens where it was, not where the incident began, and its first node has the focus.
        block = tab.frame.locator(f'.node[title="{blocks.nth(2).get_attribute("title")}"]')
        block.scroll_into_view_if_needed()
        block.focus()
        before = block.bounding_box()["y"]
        tab.page.keyboard.press("Enter")
        block.wait_for(state="detached")
        assert tab.frame.locator(".node:focus").bounding_box()["y"] == pytest.approx(before, abs=10)
        tab.frame.get_by_role("button", name="Blocks").click()
        tab.frame.get_by_role("button", name="Blocks").click()
        assert blocks.count() >= 4


def test_the_network_is_zoomed_by_wheel_buttons_and_keys(server, open_tab):
    with open_tab(server.url, VIEW + "large") as tab:
        frame, nodes = picture(tab), picture(tab).get_by_role("button")
        zoom = tab.frame.get_by_role("group", name="Zoom")

        def shown():
            return int(zoom.locator("output").inner_text().split()[0])

        held = frame.get_by_role("button", name="number 1,")
        before = held.bounding_box()
        tab.page.mouse.move(before["x"] + 20, before["y"] + 20)
        tab.page.keyboard.down("Control")
        for _ in range(3):
            tab.page.mouse.wheel(0, 100)
        tab.page.keyboard.up("Control")
        tab.document.wait_for_function(f"Number.parseInt({ZOOM}) < 70")
        # What is under the pointer stays there, and the page has not been zoomed.
        after, share = held.bounding_box(), shown() / 100
        assert after["y"] + 20 * share == pytest.approx(before["y"] + 20, abs=2)
        assert after["width"] == pytest.approx(before["width"] * share, rel=0.02)
        assert tab.page.evaluate("visualViewport.scale") == 1
        zoom.get_by_role("button", name="Fit").click()
        tab.document.wait_for_function(
            "(frame => frame.scrollHeight <= frame.clientHeight)(document.querySelector('.network-frame'))"
        )
        window = frame.bounding_box()
        last = nodes.last.bounding_box()
        assert last["y"] + last["height"] < window["y"] + window["height"]
        fitted = shown()
        nodes.first.focus()
        tab.page.keyboard.press("+")
        tab.document.wait_for_function(f"Number.parseInt({ZOOM}) > {fitted}")
        assert shown() == pytest.approx(fitted * 1.25, abs=1)
        for _ in range(12):
            tab.page.keyboard.press("+")
        zoom.get_by_role("button", name="Nearer", disabled=True).wait_for()
        assert shown() == 200


def test_an_overview_of_a_large_network_leads_to_its_parts(server, open_tab):
    with open_tab(server.url, VIEW + "large&p.gradhealth.blocks=0") as tab:
        picture(tab)
        overview = tab.frame.locator(".network-overview").bounding_box()
        tab.page.mouse.click(overview["x"] + overview["width"] / 2, overview["y"] + overview["height"] - 1)
        node(tab, "head").wait_for()
        tab.page.mouse.down()
        tab.page.mouse.move(overview["x"] + 5, overview["y"], steps=2)
        tab.page.mouse.up()
        node(tab, "input").wait_for()
        assert node(tab, "head").count() == 0
    with open_tab(server.url, VIEW + "small", height=2000) as tab:
        picture(tab)
        assert tab.frame.locator(".network-overview").count() == 0


def test_fingers_scroll_and_pinch_the_network(server, open_tab):
    with open_tab(server.url, VIEW + "large", width=800, has_touch=True) as tab:
        window = picture(tab).bounding_box()
        x, y = window["x"] + window["width"] / 2, window["y"] + window["height"] / 2
        fingers = tab.page.context.new_cdp_session(tab.page)

        def touch(kind, *points):
            at = [{"x": px, "y": py, "id": i} for i, (px, py) in enumerate(points)]
            fingers.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": at})

        top = tab.document.evaluate("document.querySelector('.network-frame').scrollTop")
        touch("touchStart", (x, y))
        for step in range(1, 9):
            touch("touchMove", (x, y - 10 * step))
        touch("touchEnd")
        tab.document.wait_for_function(f"document.querySelector('.network-frame').scrollTop > {top + 30}")
        touch("touchStart", (x, y - 60), (x, y + 60))
        for step in range(1, 9):
            touch("touchMove", (x, y - 60 + 5 * step), (x, y + 60 - 5 * step))
        touch("touchEnd")
        tab.document.wait_for_function(f"Number.parseInt({ZOOM}) < 45")
        picture(tab).get_by_role("button", name="number 1,").tap()
        tab.page.wait_for_function("location.hash.includes('gradhealth.block')")


def test_a_layer_is_linked_to_tensorboards_graph_only_where_that_has_it(demo_server, server, open_tab):
    with open_tab(demo_server.url, VIEW + "nan_contrast") as tab:
        node(tab, "hidden").click()
        link = tab.frame.get_by_role("region", name="Chosen node").get_by_role("link", name="Graphs")
        link.wait_for()
        node(tab, "input").click()
        link.wait_for(state="detached")
        node(tab, "contrast").click()
        link.click()
        tab.page.wait_for_function("location.hash.startsWith('#graphs&run=nan_contrast')")
        tab.page.locator("tf-graph-dashboard").wait_for()
    with open_tab(server.url, VIEW + "small") as tab:
        node(tab, "head").click()
        chosen = tab.frame.get_by_role("region", name="Chosen node")
        chosen.get_by_role("heading", name="head").wait_for()
        tab.page.wait_for_timeout(500)
        assert chosen.get_by_role("link").count() == 0


@pytest.mark.parametrize("run", ["small", "large"])
def test_both_themes_pass_axe(server, open_tab, axe, run):
    with open_tab(server.url, VIEW + run) as tab:
        picture(tab).get_by_role("button").first.click()
        assert axe(tab) == []
        tab.switch_to_dark()
        assert axe(tab) == []
        tab.frame.get_by_role("button", name="Gradients:").click()
        tab.frame.locator(".node.painted").first.wait_for()
        assert axe(tab) == []
