"""`python tests/benchmarks/tab.py`: the tab's times in a real Chromium, before a real TensorBoard.

`--runs 10 --records 2000` is the full size: 7 GB of logs, which take minutes to be written and read.
"""

import argparse
import statistics
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "support"))

import numpy as np
from chromium import chromium
from fast_log import FastLog
from run_log import BAD, GOOD
from tensorboard.compat.proto import event_pb2, summary_pb2
from tensorboard.plugins.hparams import summary_v2
from tensorboard.summary.writer.event_file_writer import EventFileWriter
from tensorboard_server import tensorboard_server

from tb_gradhealth.record import COLUMNS, Record, Row, RowTable, layouts

TENSORS = 5_000
REPEATS = 5

AFTER_PAINT = """act => new Promise(done => {
    const begun = performance.now()
    act()
    requestAnimationFrame(() => setTimeout(() => done(performance.now() - begun)))
})"""
"""Milliseconds from an action until the frame after it has been painted."""

TYPE = """text => {{
    const field = document.querySelector('#{field}')
    field.value = text
    field.dispatchEvent(new Event('input', {{bubbles: true}}))
}}"""

ACTIONS = {
    "sort by layer": "() => document.querySelector('[aria-label=Layer] button').click()",
    "sort by value": "() => document.querySelector('[aria-label=\"Value / limit\"] button').click()",
    "filter layers": "() => (" + TYPE.format(field="filter-layers") + ")('dense_4[0-9]+/')",
    "clear the filter": "() => (" + TYPE.format(field="filter-layers") + ")('')",
    "search": "() => (" + TYPE.format(field="search-findings") + ")('dense_123')",
    "clear the search": "() => (" + TYPE.format(field="search-findings") + ")('')",
    "open a row": "() => document.querySelectorAll('.rows .row')[3].click()",
    "close it": "() => document.querySelector('.close').click()",
}

POINT = """() => {{
    const plot = document.querySelector('.heat-plot'), box = plot.getBoundingClientRect()
    plot.dispatchEvent(new PointerEvent('pointermove', {{
        clientX: box.left + {x} * box.width, clientY: box.top + 100, bubbles: true,
    }}))
}}"""

KEY = """() => document.querySelector('.heat-frame').dispatchEvent(
    new KeyboardEvent('keydown', {{key: '{key}', bubbles: true}}))"""

LAYERS_ACTIONS = {
    "point at a cell": POINT.format(x=0.3),
    "point at another": POINT.format(x=0.7),
    "zoom in": KEY.format(key="+"),
    "zoom out": KEY.format(key="0"),
    "open a block": "() => document.querySelector('.heat-name.block').click()",
    "close it": "() => document.querySelector('.heat-name.block').click()",
    "all tensors": "() => document.querySelector('.main .button[aria-pressed]').click()",
    "blocks again": "() => document.querySelector('.main .button[aria-pressed]').click()",
    "filter layers": "() => (" + TYPE.format(field="filter-layers") + ")('dense_4[0-9]+/')",
    "clear the filter": "() => (" + TYPE.format(field="filter-layers") + ")('')",
}

RUNS_ACTIONS = {
    "sort by run": "() => document.querySelectorAll('.matrix thead button')[0].click()",
    "sort by health": "() => document.querySelectorAll('.matrix thead button')[1].click()",
    "compare a run": "() => document.querySelectorAll('.tick input')[0].click()",
    "with another": "() => document.querySelectorAll('.tick input')[1].click()",
    "end it": "() => document.querySelector('.comparison-top .button:last-child').click()",
}

SLIDE = """() => {{
    const slider = document.querySelector({slider!r})
    slider.value = {value}
    slider.dispatchEvent(new Event('input', {{bubbles: true}}))
    slider.dispatchEvent(new Event('change', {{bubbles: true}}))
}}"""

CHOOSE = """() => {{
    const field = [...document.querySelectorAll('.tools .field')][{place}]
    field.selectedIndex = {option}
    field.dispatchEvent(new Event('change', {{bubbles: true}}))
}}"""

RUNS_TOGETHER_ACTIONS = {
    "narrow a range": SLIDE.format(slider=".axis-range .lower", value=500),
    "open it": SLIDE.format(slider=".axis-range .lower", value=0),
    "group": CHOOSE.format(place=0, option=1),
    "ungroup": CHOOSE.format(place=0, option=0),
    "set a baseline": CHOOSE.format(place=1, option=1),
    "unset it": CHOOSE.format(place=1, option=0),
}

WHEEL = """() => document.querySelector('.network-frame').dispatchEvent(
    new WheelEvent('wheel', {{ctrlKey: true, deltaY: {turn}, bubbles: true, cancelable: true}}))"""

NETWORK_ACTIONS = {
    "farther": WHEEL.format(turn=300),
    "nearer": WHEEL.format(turn=-300),
    "fit": "() => document.querySelector('.zoom-buttons .button:last-child').click()",
    "whole size": "() => document.querySelector('.zoom-buttons [aria-label=Nearer]').click()",
    "open a block": "() => document.querySelector('.node[aria-expanded]').click()",
    "all layers": "() => document.querySelector('.main .button[aria-pressed]').click()",
    "blocks again": "() => document.querySelector('.main .button[aria-pressed]').click()",
    "a step": SLIDE.format(slider=".step-slider input", value=1),
    "all steps": "() => document.querySelector('.step-slider .button').click()",
}

NOTE_LONG_TASKS = """window.longTasks = []
new PerformanceObserver(list => longTasks.push(...list.getEntries().map(task => task.duration)))
    .observe({type: 'longtask', buffered: true})"""

NOTE_FIRST_ROW = """new MutationObserver((_, observer) => {
    if (!document.querySelector('.rows .row')) return
    window.firstRow = performance.timeOrigin + performance.now()
    observer.disconnect()
}).observe(document, {childList: true, subtree: true})"""

EMPTY_MODULE = """export function render() {
    document.body.innerHTML = '<div class=rows><div class=row>nothing</div></div>'
}"""

SCROLL = """() => new Promise(done => {
    const table = document.querySelector('.alerts')
    const frames = []
    let last = performance.now()
    const next = now => {
        frames.push(now - last)
        last = now
        table.scrollTop += 400
        if (frames.length < 120) requestAnimationFrame(next)
        else done(frames.slice(1))
    }
    requestAnimationFrame(next)
})"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--runs", type=int, default=4)
    parser.add_argument("--records", type=int, default=4)
    parser.add_argument("--folder", type=Path, help="where the logs are written, and removed")
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=chosen.folder) as scratch:
        logs = Path(scratch) / "logs"
        for run in range(chosen.runs):
            _write(logs / f"run_{run}", chosen.records)
        with tensorboard_server(Path(scratch), "--logdir", logs) as server, chromium() as browser:
            while not _has_read(server):
                time.sleep(1)
            found = len(server.json("findings?trends=0")["findings"])
            print(
                f"{chosen.runs} runs x {TENSORS:,} tensors x {chosen.records:,} records, {found:,} findings"
            )
            _first_paint(browser, server.url)
            _interactions(browser, server.url, "overview", "&p.gradhealth.flat=1", ".rows .row", ACTIONS)
            _interactions(browser, server.url, "layers", "", ".heat-name", LAYERS_ACTIONS)
            _interactions(browser, server.url, "runs", "", "tr[data-run]", RUNS_ACTIONS)
            together = "&p.gradhealth.range=learning_rate:0:"
            _interactions(browser, server.url, "runs", together, ".parallel-tick", RUNS_TOGETHER_ACTIONS)
            network = "&p.gradhealth.picture=network"
            _interactions(browser, server.url, "layers", network, ".node", NETWORK_ACTIONS)
            _loading(browser, server.url)


def _has_read(server) -> bool:
    try:
        return server.json("runs")["loading"]["done"]
    except TimeoutError:  # it judges the runs, on a loaded machine for more than half a minute
        return False


def _write(folder: Path, count: int) -> None:
    """A run whose tensors are all sick, beside a scalar for TensorBoard's own tab."""
    rows = tuple(
        Row(f"block_{i // 100}/dense_{i}/kernel", "gradient", f"block_{i // 100}/dense_{i}", "kernel", i)
        for i in range(TENSORS)
    )
    table = RowTable(rows, settings={"every": 10}, layouts=layouts(units=False, sparse=False, replicas=False))
    values = [np.full((TENSORS, len(COLUMNS)), np.nan, np.float32) for _ in range(2)]
    for kind, columns in enumerate((GOOD, BAD)):
        for name, value in columns.items():
            values[kind][:, COLUMNS.index(name)] = value
    log = FastLog(folder / "gradhealth", table)
    # Sick in the last four records only, so that a long run is not all finding.
    log.add(Record(10 * n, 1.7e9 + n, table, values[n >= max(1, count - 4)]) for n in range(count))
    writer = EventFileWriter(str(folder))
    writer.add_event(event_pb2.Event(summary=summary_v2.hparams_pb(_hparams(folder.name))))
    for step in range(40):
        value = summary_pb2.Summary.Value(tag="loss", simple_value=1 / (1 + step))
        writer.add_event(
            event_pb2.Event(step=step, wall_time=1.7e9 + step, summary=summary_pb2.Summary(value=[value]))
        )
    writer.close()


def _hparams(run: str) -> dict[str, float | str]:
    number = int(run.removeprefix("run_"))
    return {"learning_rate": 10.0 ** -(1 + number % 5), "optimizer": ("adam", "sgd")[number % 2]}


def _first_paint(browser, url: str) -> None:
    """Ours, TensorBoard's and an empty tab by turns, each in a browser that has never seen the page."""
    times = {"gradhealth": [], "timeseries": [], "empty": []}
    frames = []
    for _ in range(REPEATS):
        for tab, taken in times.items():
            context = browser.new_context(viewport={"width": 1600, "height": 900})
            page = context.new_page()
            page.add_init_script(NOTE_FIRST_ROW)
            if tab == "empty":
                page.route("**/gradhealth/index.js", _empty_module)
            page.goto(url + ("#timeseries" if tab == "timeseries" else "#gradhealth"), wait_until="commit")
            if tab == "timeseries":
                chart = page.locator("line-chart svg path, line-chart canvas")
                chart.first.wait_for(state="attached", timeout=60_000)
                taken.append(page.evaluate("performance.now()"))
            else:
                page.frame_locator("iframe").locator(".rows .row").first.wait_for(
                    state="attached", timeout=60_000
                )
                inner = next(frame for frame in page.frames if "plugin_entry" in frame.url)
                origin = page.evaluate("performance.timeOrigin")
                taken.append(inner.evaluate("firstRow") - origin)
                frames.append(inner.evaluate("performance.timeOrigin") - origin)
            context.close()
    ours, theirs, empty = (statistics.median(taken) for taken in times.values())
    print(f"first row of the table     {ours:7.0f} ms after navigation")
    print(f"  of it TensorBoard's own  {statistics.median(frames):6.0f} ms, before the tab's frame")
    print(f"an empty tab's first row   {empty:7.0f} ms after navigation; ours is {ours - empty:.0f} ms later")
    print(
        f"first chart of Time Series {theirs:7.0f} ms after navigation; ratios {ours / theirs:.2f} for ours "
        f"(bar 0.5), {empty / theirs:.2f} for the empty one"
    )


def _loading(browser, url: str) -> None:
    """The longest tasks from navigation until everything is there, in the tab's own frame and thread."""
    worst, many = [], 0
    for _ in range(REPEATS):
        page = browser.new_page(viewport={"width": 1600, "height": 900})
        page.add_init_script(f"if (location.pathname.endsWith('plugin_entry.html')) {{ {NOTE_LONG_TASKS} }}")
        page.goto(url + "#gradhealth")
        page.frame_locator("iframe").locator(".glance canvas").last.wait_for(timeout=60_000)
        page.wait_for_timeout(5000)
        frame = next(frame for frame in page.frames if "plugin_entry" in frame.url)
        # Tasks of TensorBoard's page, which shares the thread, are attributed to that page.
        tasks = frame.evaluate("longTasks")
        worst.append(max(tasks, default=0))
        many += len(tasks)
        page.close()
    print(f"tasks over 50 ms while loading: {many / REPEATS:.1f}, the longest {worst} ms (bar 100)")


def _empty_module(route) -> None:
    """What no tab can be faster than."""
    route.fulfill(content_type="text/javascript", body=EMPTY_MODULE)


def _interactions(browser, url: str, view: str, more: str, ready: str, actions: dict[str, str]) -> None:
    page = browser.new_page(viewport={"width": 1600, "height": 900})
    page.goto(f"{url}#gradhealth&p.gradhealth.view={view}{more}")
    page.frame_locator("iframe").locator(ready).first.wait_for(timeout=60_000)
    frame = next(frame for frame in page.frames if "plugin_entry" in frame.url)
    page.wait_for_timeout(1000)
    times = {name: [] for name in actions}
    for _ in range(REPEATS):
        for name, action in actions.items():
            times[name].append(frame.evaluate(f"() => ({AFTER_PAINT})({action})"))
            page.wait_for_timeout(400)
    print(f"{view}{more}:")
    for name, taken in times.items():
        print(f"  {name:20s} median {statistics.median(taken):6.1f} ms, worst {max(taken):6.1f} ms (bar 100)")
    if view == "overview":
        frames = sorted(frame.evaluate(SCROLL))
        late = sum(taken > 34 for taken in frames)
        usual = frames[int(0.95 * len(frames))]
        print(f"  scrolling            p95 {usual:6.1f} ms a frame, {late} of {len(frames)} dropped")
    page.close()


if __name__ == "__main__":
    main()
