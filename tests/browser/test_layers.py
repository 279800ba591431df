"""The heatmap of the layers shows what was written, in a real browser."""

import re

import numpy as np
import pytest
from run_log import RunLog
from tensorboard_server import tensorboard_server

from tb_gradhealth.record import COLUMNS, Row, RowTable

pytestmark = pytest.mark.browser

LAYERS, RECORDS, EVERY = 8, 40, 10
SICK = 5
"""The layer whose gradient holds a NaN from the twentieth record on."""

PIXEL = """([line, share]) => {
    const canvas = document.querySelector('.heat-plot canvas')
    const lines = document.querySelectorAll('.heat-name').length
    const x = Math.round(share * canvas.width), y = Math.round((line + 0.4) * canvas.height / lines)
    return [...canvas.getContext('2d').getImageData(x, y, 1, 1).data].slice(0, 3)
}"""


def written(step, layer):
    """A gradient that vanishes toward the input as training goes on."""
    return 10.0 ** (-1 - (LAYERS - 1 - layer) * step / (RECORDS * EVERY))


def write(folder, layers=LAYERS, name="dense_{}"):
    rows = (
        Row(name.format(i) + "/kernel", "gradient", name.format(i), "kernel", i, (8, 8))
        for i in range(layers)
    )
    table = RowTable(tuple(rows), settings={"every": EVERY})
    with RunLog(folder, table) as log:
        for step in range(0, RECORDS * EVERY, EVERY):
            values = np.full((layers, len(COLUMNS)), np.nan, np.float32)
            values[:, COLUMNS.index("rms")] = [written(step, layer % LAYERS) for layer in range(layers)]
            for column in ("nan_count", "inf_count", "bad_steps"):
                values[:, COLUMNS.index(column)] = 0
            if step >= 200:
                values[SICK, [COLUMNS.index("nan_count"), COLUMNS.index("bad_steps")]] = 3, 1
                values[SICK, COLUMNS.index("bad_ago")] = 4
            log.matrix(step, values)


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    logs = tmp_path_factory.mktemp("layers") / "logs"
    write(logs / "waterfall" / "gradhealth")
    write(logs / "wide" / "gradhealth", 5_000, "stage_{}")
    with tensorboard_server(tmp_path_factory.mktemp("server"), "--logdir", logs) as server:
        server.wait_until(lambda: server.json("runs")["loading"]["done"])
        yield server


VIEW = "#gradhealth&p.gradhealth.view=layers&p.gradhealth.run="


def picture_of(tab):
    picture = tab.frame.get_by_role("application")
    picture.wait_for()
    tab.frame.locator(".heat-name").first.wait_for()
    return picture


def pointed_at(tab, line, step, whole=(0, (RECORDS - 1) * EVERY)):
    """Moves the pointer to a cell and gives what is said of it."""
    box = tab.frame.locator(".heat-plot").bounding_box()
    x = (step - whole[0]) / (whole[1] - whole[0]) * box["width"]
    y = (line + 0.5) * box["height"] / tab.frame.locator(".heat-name").count()
    tab.page.mouse.move(box["x"] + x, box["y"] + y)
    return tab.frame.locator("#heat-reading").inner_text()


def test_each_cell_tells_what_was_written(server, open_tab):
    with open_tab(server.url, VIEW + "waterfall") as tab:
        picture_of(tab)
        for line, record in ((0, 30), (3, 12), (7, 5)):
            said = pointed_at(tab, line, record * EVERY + EVERY / 2)
            name, steps, value = said.split(" · ")[:3]
            assert name == f"dense_{line}/kernel"
            assert steps == f"steps {record * EVERY} to {record * EVERY + EVERY - 1}"
            assert float(value.removeprefix("RMS ")) == pytest.approx(
                written(record * EVERY, line), rel=0.006
            )


def test_a_vanishing_gradient_is_a_waterfall_of_colours(server, open_tab):
    with open_tab(server.url, VIEW + "waterfall") as tab:
        picture_of(tab)
        frame = tab.document
        frame.wait_for_function("document.querySelector('.heat-plot canvas').width > 0")
        tab.page.wait_for_timeout(300)  # painted in the frame after it is there
        lightness = [
            np.dot([0.2126, 0.7152, 0.0722], frame.evaluate(PIXEL, [line, 0.97])) for line in range(LAYERS)
        ]
        assert all(np.diff(lightness) > 0), lightness
        early = [np.dot([0.2126, 0.7152, 0.0722], frame.evaluate(PIXEL, [line, 0.01])) for line in (0, 7)]
        assert early[0] == pytest.approx(early[1], abs=1)


def test_zooming_asks_for_those_steps_and_is_kept_in_the_address(server, open_tab):
    with open_tab(server.url, VIEW + "waterfall") as tab:
        picture_of(tab)
        box = tab.frame.locator(".heat-plot").bounding_box()
        y = box["y"] + box["height"] / 2
        tab.page.mouse.move(box["x"] + 0.25 * box["width"], y)
        tab.page.mouse.down()
        tab.page.mouse.move(box["x"] + 0.5 * box["width"], y, steps=4)
        with tab.page.expect_response(
            lambda response: "heatmap?" in response.url and "from=" in response.url
        ):
            tab.page.mouse.up()
        tab.page.wait_for_function("location.hash.includes('steps=')")
        steps = re.search(r"steps=(\d+)%3A(\d+)", tab.page.url)
        first, last = map(int, steps.groups())
        assert (first, last) == (pytest.approx(97, abs=3), pytest.approx(195, abs=3))
        tab.page.reload()
        picture_of(tab)
        tab.frame.get_by_text(f"Steps {first} to {last}").wait_for()
        said = pointed_at(tab, 1, 155, (first, last))
        assert "steps 150 to 159" in said
        tab.frame.get_by_role("button", name="All steps").click()
        tab.frame.get_by_text("Steps 0 to 390").wait_for()


def test_a_finding_is_marked_and_leads_to_its_evidence_by_pointer_and_by_keyboard(server, open_tab):
    with open_tab(server.url, VIEW + "waterfall") as tab:
        picture = picture_of(tab)
        assert "NaN or infinite values of dense_5/kernel since step 196" in pointed_at(tab, SICK, 300)
        tab.page.mouse.down()
        tab.page.mouse.up()
        tab.evidence.get_by_role("heading", name="dense_5/kernel").wait_for()
        tab.page.keyboard.press("Escape")
        tab.evidence.wait_for(state="detached")
        picture.focus()
        for key in ("ArrowRight", *("ArrowDown",) * SICK, "End", "Enter"):
            tab.page.keyboard.press(key)
        tab.evidence.get_by_role("heading", name="dense_5/kernel").wait_for()


def test_five_thousand_layers_are_folded_and_open_block_by_block(server, open_tab):
    with open_tab(server.url, VIEW + "wide") as tab:
        picture_of(tab)
        blocks = tab.frame.locator(".heat-name.block")
        folded = blocks.count()
        assert 8 <= folded <= 28
        blocks.first.click()
        tab.frame.locator(".heat-name:not(.block)", has_text="stage_3/kernel").wait_for()
        tab.frame.get_by_role("searchbox", name="Filter layers").fill("stage_42[0-9]/")
        tab.frame.locator(".heat-name.block").first.wait_for(state="detached")
        assert tab.frame.locator(".heat-name").count() == 10


def test_the_statistic_is_chosen_by_name(demo_server, open_tab):
    with open_tab(demo_server.url, VIEW + "dead_relu") as tab:
        picture_of(tab)
        tab.frame.get_by_label("Statistic").select_option("Activations: dead units")
        tab.frame.get_by_role("heading", level=1, name="Activations: dead units").wait_for()
        tab.page.wait_for_function("location.hash.includes('activation.dead_fraction')")
        tab.frame.get_by_label("Statistic").select_option("Updates: update / weight")
        tab.frame.get_by_role("application", name="update / weight").wait_for()


def test_both_themes_pass_axe(server, open_tab, axe):
    with open_tab(server.url, VIEW + "wide") as tab:
        picture_of(tab)
        assert axe(tab) == []
        tab.switch_to_dark()
        assert axe(tab) == []
