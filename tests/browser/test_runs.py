"""Runs beside each other, in a real browser, over fifty trials of a sweep with known outcomes."""

import json
import re

import numpy as np
import pytest
from click.testing import CliRunner
from run_log import BAD, GOOD, RunLog
from tensorboard.compat.proto import event_pb2
from tensorboard.plugins.hparams import summary_v2
from tensorboard.summary.writer.event_file_writer import EventFileWriter
from tensorboard_server import tensorboard_server

from tb_gradhealth.cli import main
from tb_gradhealth.record import Row, RowTable

pytestmark = pytest.mark.browser

TRIALS = 50
LAYERS = 4
TABLE = RowTable(
    (
        Row("loss", "loss", "loss", "loss", 99),
        *(Row(f"dense_{i}/kernel", "gradient", f"dense_{i}", "kernel", i, (8, 8)) for i in range(LAYERS)),
    ),
    settings={"every": 10},
)
VIEW = "#gradhealth&p.gradhealth.view=runs"


def rate(trial):
    """Rising with the trial in a shuffled order: numbers that text would sort otherwise."""
    return float(10.0 ** (-4 + (trial * 7 % TRIALS) / 12))


def sick_layers(trial):
    """Layers with a NaN, by the record from which on."""
    return {trial % LAYERS: 3, (trial + 1) % LAYERS: 5} if rate(trial) > 0.1 else {}


@pytest.fixture(scope="module")
def logs(tmp_path_factory):
    logs = tmp_path_factory.mktemp("sweep") / "logs"
    for trial in range(TRIALS):
        folder = logs / f"trial_{trial}"
        folder.mkdir(parents=True)
        session = EventFileWriter(str(folder))
        hparams = {"learning_rate": rate(trial), "layers": LAYERS, "optimizer": ("adam", "sgd")[trial % 2]}
        session.add_event(event_pb2.Event(summary=summary_v2.hparams_pb(hparams)))
        session.close()
        with RunLog(folder / "train" / "gradhealth", TABLE) as log:
            for record in range(12):
                loss = dict.fromkeys(("mean", "rms", "minimum", "maximum"), 2.0 - 0.1 * record)
                rows = [BAD if record >= sick_layers(trial).get(i, np.inf) else GOOD for i in range(LAYERS)]
                log.record(10 * record, {**GOOD, **loss}, *rows)
    return logs


@pytest.fixture(scope="module")
def server(logs, tmp_path_factory):
    with tensorboard_server(tmp_path_factory.mktemp("server"), "--logdir", logs) as server:
        server.wait_until(lambda: server.json("runs")["loading"]["done"])
        yield server


def table(tab):
    tab.frame.get_by_role("region", name="Runs and symptoms").wait_for()
    tab.frame.locator("tr[data-run]").first.wait_for()
    return tab.frame.locator("tr[data-run]")


def names(tab):
    return [row.get_attribute("data-run") for row in table(tab).all()]


def test_the_hyper_parameter_that_decides_is_seen_by_sorting(server, open_tab):
    sick = {f"trial_{trial}/train" for trial in range(TRIALS) if sick_layers(trial)}
    with open_tab(server.url, VIEW) as tab:
        assert set(names(tab)[: len(sick)]) == sick
        tab.frame.get_by_role("heading", level=1, name=f"{len(sick)} of {TRIALS} runs are sick").wait_for()
        tab.frame.get_by_text(f"The same in all: layers {LAYERS}.").wait_for()
        tab.frame.get_by_role("button", name="learning_rate").click()
        tab.page.wait_for_function("location.hash.includes('runsort')")
        by_rate = [f"trial_{trial}/train" for trial in sorted(range(TRIALS), key=rate)]
        assert names(tab) == by_rate
        tab.page.reload()
        assert names(tab) == by_rate


def test_a_cell_leads_to_the_alerts_of_its_run_and_symptom(server, open_tab):
    trial = next(trial for trial in range(TRIALS) if sick_layers(trial))
    with open_tab(server.url, VIEW) as tab:
        row = table(tab).and_(tab.frame.locator(f'[data-run="trial_{trial}/train"]'))
        row.get_by_role("button", name="NaN or infinite values in").click()
        assert {(cells[1], cells[3]) for cells in tab.rows} == {
            ("NaN or infinite values", f"trial_{trial}/train")
        }
        tab.page.go_back()
        table(tab)


def test_two_runs_are_compared_as_their_reports_differ(server, open_tab, logs):
    first, second = [trial for trial in range(TRIALS) if sick_layers(trial)][:2]
    runs = [f"trial_{trial}/train" for trial in (first, second)]
    checked = CliRunner().invoke(main, ["check", str(logs), "--format", "json"])
    reports = {run["run"]: run["findings"] for run in json.loads(checked.output)["runs"]}
    found = [
        {(finding["symptom"], finding["tensor"], finding["kind"]) for finding in reports[run]} for run in runs
    ]
    assert found[0] - found[1]
    assert found[1] - found[0]
    with open_tab(server.url, VIEW) as tab:
        table(tab)
        for run in runs:
            tab.frame.get_by_role("checkbox", name=f"Compare {run}").check()
        comparison = tab.frame.get_by_role("region", name="Comparison")
        comparison.get_by_role("img", name="Loss of").wait_for()
        comparison.get_by_text("learning_rate").wait_for()
        groups = {
            group.locator("th").inner_text().split(" · ")[0]: {
                cells.locator(".mono").inner_text()
                for cells in group.locator("tr:not(.side)").all()
                if "NaN" in cells.inner_text()
            }
            for group in comparison.locator("tbody").all()
        }

        def tensors(keys):
            return {tensor for symptom, tensor, _ in keys if symptom == "non-finite"}

        expected = {
            f"Only in {runs[0]}": tensors(found[0] - found[1]),
            f"Only in {runs[1]}": tensors(found[1] - found[0]),
            "In both": tensors(found[0] & found[1]),
        }
        assert groups == {side: of for side, of in expected.items() if of}
        address = tab.page.url
        comparison.locator(".finding-button").first.click()
        tab.evidence.get_by_role("img").first.wait_for()
    with open_tab(address.split("#")[0], "#" + address.split("#")[1]) as shared:
        shared.frame.get_by_role("region", name="Comparison").wait_for()


def test_a_team_lead_finds_where_the_sick_runs_are_and_compares_them(server, open_tab):
    sick = [trial for trial in range(TRIALS) if sick_layers(trial)]
    with open_tab(server.url, VIEW, width=1280) as tab:
        strips = tab.frame.get_by_role("region", name="Health by hyper-parameter")
        first = strips.get_by_role("img").first
        assert first.get_attribute("aria-label").startswith("Runs by learning_rate")
        strips.get_by_text(
            f"{len(sick)} of {len(sick)} sick runs and 0 of {TRIALS - len(sick)} healthy at ≥"
        ).wait_for()
        # The last dot along the axis is the run with the highest rate.
        box = first.bounding_box()
        dots = first.locator("path.dots.critical").get_attribute("d").split("M")[1:]
        x, y = max(tuple(map(float, dot.split("h")[0].split())) for dot in dots)
        tab.page.mouse.click(box["x"] + x, box["y"] + y)
        highest = max(range(TRIALS), key=rate)
        tab.frame.get_by_role("checkbox", name=f"Compare trial_{highest}/train").and_(
            tab.frame.locator(":checked")
        ).wait_for()
        tab.frame.get_by_label("Group by").select_option("learning_rate")
        groups = tab.frame.locator("tr.group")
        groups.first.wait_for()
        assert len(set(groups.all_inner_texts())) == groups.count() > 3
        last = tab.frame.locator("tbody").last
        trials = {row.get_attribute("data-run") for row in last.locator("tr[data-run]").all()}
        assert trials == {f"trial_{trial}/train" for trial in range(TRIALS) if rate(trial) >= 1}
        for trial in sick[:3]:
            tab.frame.get_by_role("checkbox", name=f"Compare trial_{trial}/train").check()
        comparison = tab.frame.get_by_role("region", name="Comparison")
        comparison.get_by_role("heading", name=f"{3 + (highest not in sick[:3])} runs compared").wait_for()
        comparison.get_by_role("button", name="NaN or infinite values").first.click()
        tab.evidence.get_by_role("img").first.wait_for()


def test_ranges_of_hyper_parameters_filter_the_runs(server, open_tab):
    decade = {f"trial_{trial}/train" for trial in range(TRIALS) if 0.01 <= rate(trial) <= 0.1}
    with open_tab(server.url, VIEW, width=1280) as tab:
        table(tab)
        tab.frame.get_by_role("button", name="together").click()
        picture = tab.frame.get_by_role("img", name=f"{TRIALS} runs as lines")
        box = picture.bounding_box()
        axis = picture.locator(".parallel-axis").nth(1).bounding_box()
        ticks = {tick.text_content(): tick.bounding_box() for tick in picture.locator(".parallel-tick").all()}
        heights = [ticks[text]["y"] + ticks[text]["height"] / 2 for text in ("0.01", "0.1")]
        # A drag along the axis, from one tick to the other and a little beyond.
        tab.page.mouse.move(axis["x"], heights[0] + 1)
        tab.page.mouse.down()
        tab.page.mouse.move(axis["x"] + 4, heights[1] - 1, steps=3)
        tab.page.mouse.up()
        tab.frame.get_by_text(f"{len(decade)} of {TRIALS} runs with learning_rate").wait_for()
        assert set(names(tab)) == decade
        # The keyboard moves the ends from value to value.
        tab.frame.get_by_role("slider", name="learning_rate to").press("ArrowDown")
        tab.frame.get_by_text(f"{len(decade) - 1} of {TRIALS} runs with learning_rate").wait_for()
        fewer = names(tab)
        assert decade - set(fewer) == {max(decade, key=lambda run: rate(int(run[6:-6])))}
        tab.page.wait_for_function("location.hash.includes('gradhealth.range=learning_rate')")
        address = tab.page.url
        # So does the mouse.
        end = tab.frame.get_by_role("slider", name="optimizer from")
        thumb, share = end.bounding_box(), end.evaluate("slider => slider.value / slider.max")
        size = thumb["width"]
        at = (thumb["x"] + size / 2, thumb["y"] + size / 2 + (1 - share) * (thumb["height"] - size))
        tab.page.mouse.move(*at)
        tab.page.mouse.down()
        tab.page.mouse.move(at[0], at[1] - box["height"] / 2, steps=3)
        tab.page.mouse.up()
        tab.frame.get_by_text("optimizer sgd").wait_for()
        tab.frame.get_by_role("slider", name="optimizer from").press("Home")
        # A click on an axis opens its range again.
        tab.page.mouse.click(axis["x"], sum(heights) / 2)
        tab.document.wait_for_function(f"document.querySelectorAll('tr[data-run]').length === {TRIALS}")
    with open_tab(address.split("#")[0], "#" + address.split("#")[1]) as shared:
        assert names(shared) == fewer
        shared.frame.get_by_role("button", name="Clear ranges").click()
        shared.document.wait_for_function(f"document.querySelectorAll('tr[data-run]').length === {TRIALS}")


def test_the_baseline_means_what_check_means(server, open_tab, logs, tmp_path):
    trials = [trial for trial in range(TRIALS) if sick_layers(trial)][:3]
    baseline, *others = [f"trial_{trial}/train" for trial in trials]

    def check(run, *more):
        arguments = ["check", str(logs), "--run", f"^{run}$", "--format", "json", *more]
        return CliRunner().invoke(main, arguments).output

    earlier = tmp_path / "baseline.json"
    earlier.write_text(check(baseline))
    with open_tab(server.url, VIEW) as tab:
        table(tab)
        tab.frame.get_by_label("Baseline").select_option(baseline)
        for run in others:
            (report,) = json.loads(check(run, "--baseline", str(earlier)))["runs"]
            changes = [finding["change"] for finding in report["findings"]]
            said = tab.frame.get_by_role("button", name=f"{run} against the baseline").inner_text()
            counts = {word: int(number) for number, word in re.findall(r"(\d+) (new|worse|gone)", said)}
            expected = {
                "new": changes.count("new"),
                "worse": changes.count("worse"),
                "gone": len(report["gone"]),
            }
            assert counts == {word: number for word, number in expected.items() if number}
            assert counts


def test_columns_stay_hidden_and_the_run_stays_in_sight(server, open_tab):
    with open_tab(server.url, VIEW, width=520) as tab:
        table(tab)
        tab.frame.get_by_role("button", name="more column").click()
        row = table(tab).first
        name = row.get_by_role("rowheader")
        frame = tab.frame.get_by_role("region", name="Runs and symptoms")
        tab.document.wait_for_function("document.querySelector('.matrix-frame').scrollLeft > 50")
        assert name.bounding_box()["x"] - frame.bounding_box()["x"] == pytest.approx(34, abs=2)
        tab.frame.locator("summary", has_text="Columns").click()
        tab.frame.get_by_role("checkbox", name="optimizer").uncheck()
        tab.page.wait_for_function("location.hash.includes('gradhealth.hide')")
        tab.page.reload()
        table(tab)
        assert tab.frame.get_by_role("columnheader", name="optimizer").count() == 0
        assert tab.frame.get_by_role("columnheader", name="learning_rate").count() == 1


def test_both_themes_pass_axe_with_a_range(server, open_tab, axe):
    with open_tab(server.url, VIEW + "&p.gradhealth.range=learning_rate:0.01:") as tab:
        tab.frame.get_by_role("img", name=f"{TRIALS} runs as lines").wait_for()
        assert axe(tab) == []
        tab.switch_to_dark()
        assert axe(tab) == []


@pytest.mark.parametrize("compared", [(0, 49), (0, 12, 49)])
def test_both_themes_pass_axe_with_a_comparison_open(server, open_tab, axe, compared):
    runs = "%2C".join(f"trial_{trial}%252Ftrain" for trial in compared)
    more = f"&p.gradhealth.compare={runs}&p.gradhealth.group=optimizer&p.gradhealth.baseline=trial_0%2Ftrain"
    with open_tab(server.url, VIEW + more) as tab:
        tab.frame.get_by_role("region", name="Comparison").wait_for()
        tab.frame.get_by_role("img", name="Loss of").wait_for()
        assert axe(tab) == []
        tab.switch_to_dark()
        assert axe(tab) == []
