"""`python tests/benchmarks/tab.py`: the tab's times in a real Chromium, before a real TensorBoard."""

import statistics
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "support"))

from chromium import chromium
from run_log import RunLog
from tensorboard.compat.proto import event_pb2, summary_pb2
from tensorboard.summary.writer.event_file_writer import EventFileWriter
from tensorboard_server import tensorboard_server

from tb_gradhealth.record import Row, RowTable

RUNS, TENSORS, RECORDS = 4, 5_000, 4
REPEATS = 5
GOOD = {"rms": 0.1, "nan_count": 0, "inf_count": 0, "bad_steps": 0}
BAD = {**GOOD, "nan_count": 7, "bad_steps": 1, "bad_ago": 4}

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
    with tempfile.TemporaryDirectory() as scratch:
        logs = Path(scratch) / "logs"
        for run in range(RUNS):
            _write(logs / f"run_{run}")
        with tensorboard_server(Path(scratch), "--logdir", logs) as server, chromium() as browser:
            server.wait_until(lambda: len(server.json("runs")["runs"]) == RUNS)
            found = len(server.json("findings?trends=0")["findings"])
            print(f"{RUNS} runs x {TENSORS:,} tensors, {found:,} findings")
            _first_paint(browser, server.url)
            _interactions(browser, server.url)


def _write(folder: Path) -> None:
    """A run whose tensors are all sick, beside a scalar for TensorBoard's own tab."""
    rows = (
        Row(f"block_{i // 8}/dense_{i}/kernel", "gradient", f"dense_{i}", "kernel", i, (32, 32))
        for i in range(TENSORS)
    )
    with RunLog(folder / "gradhealth", RowTable(tuple(rows), settings={"every": 10})) as log:
        for record in range(RECORDS):
            log.record(record * 10, *([BAD if record else GOOD] * TENSORS))
    writer = EventFileWriter(str(folder))
    for step in range(RECORDS * 10):
        value = summary_pb2.Summary.Value(tag="loss", simple_value=1 / (1 + step))
        writer.add_event(
            event_pb2.Event(step=step, wall_time=1.7e9 + step, summary=summary_pb2.Summary(value=[value]))
        )
    writer.close()


def _first_paint(browser, url: str) -> None:
    """Both tabs by turns, each in a browser that has never seen the page."""
    times = {"gradhealth": [], "timeseries": []}
    before_frame = []
    for _ in range(REPEATS):
        for tab in times:
            context = browser.new_context(viewport={"width": 1600, "height": 900})
            page = context.new_page()
            page.goto(url + f"#{tab}", wait_until="commit")
            shown = (
                page.frame_locator("iframe").locator(".rows .row")
                if tab == "gradhealth"
                else page.locator("line-chart svg path, line-chart canvas")
            )
            shown.first.wait_for(state="attached", timeout=60_000)
            times[tab].append(page.evaluate("performance.now()"))
            if tab == "gradhealth":
                inner = next(frame for frame in page.frames if "plugin_entry" in frame.url)
                origin = "performance.timeOrigin"
                before_frame.append(inner.evaluate(origin) - page.evaluate(origin))
            context.close()
    ours, theirs = (statistics.median(times[tab]) for tab in ("gradhealth", "timeseries"))
    print(f"first row of the table     {ours:7.0f} ms after navigation")
    print(f"  of it TensorBoard's own  {statistics.median(before_frame):6.0f} ms, before the tab's frame")
    print(
        f"first chart of Time Series {theirs:7.0f} ms after navigation; ratio {ours / theirs:.2f} (bar 0.5)"
    )


def _interactions(browser, url: str) -> None:
    page = browser.new_page(viewport={"width": 1600, "height": 900})
    page.goto(url + "#gradhealth&p.gradhealth.flat=1")
    page.frame_locator("iframe").locator(".rows .row").first.wait_for(timeout=60_000)
    frame = next(frame for frame in page.frames if "plugin_entry" in frame.url)
    page.wait_for_timeout(1000)
    times = {name: [] for name in ACTIONS}
    for _ in range(REPEATS):
        for name, action in ACTIONS.items():
            times[name].append(frame.evaluate(f"() => ({AFTER_PAINT})({action})"))
            page.wait_for_timeout(150)
    for name, taken in times.items():
        print(f"{name:18s} median {statistics.median(taken):6.1f} ms, worst {max(taken):6.1f} ms (bar 100)")
    frames = sorted(frame.evaluate(SCROLL))
    late = sum(taken > 34 for taken in frames)
    usual = frames[int(0.95 * len(frames))]
    print(f"scrolling          p95 {usual:6.1f} ms a frame, {late} of {len(frames)} dropped")


if __name__ == "__main__":
    main()
