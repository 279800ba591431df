"""Fixtures: Chromium, a real TensorBoard over the trained demo, and the tab in a page."""

import os
from contextlib import contextmanager
from pathlib import Path

import pytest
from chromium import chromium
from command import train_demo
from filelock import FileLock
from tensorboard_server import tensorboard_server

AXE = Path(__file__).parents[2] / "frontend" / "node_modules" / "axe-core" / "axe.min.js"
PATIENCE = 30_000
"""Milliseconds until an element must appear, on a slow machine."""


@pytest.fixture(scope="session")
def demo_logs(tmp_path_factory):
    """The logs of `gradhealth demo`, trained now. GRADHEALTH_DEMO_LOGS may name ready ones.

    The first worker of a test run trains them, all others read them.
    """
    if ready := os.environ.get("GRADHEALTH_DEMO_LOGS"):
        return Path(ready)
    own = tmp_path_factory.getbasetemp()
    shared = own.parent if "PYTEST_XDIST_WORKER" in os.environ else own
    logs, trained = shared / "demo" / "logs", shared / "demo" / "trained"
    with FileLock(shared / "demo.lock"):
        if not trained.exists():
            train_demo(logs)
            trained.touch()
    return logs


@pytest.fixture(scope="session")
def demo_server(demo_logs, tmp_path_factory):
    """TensorBoard over the demo's logs, after all of them are read."""
    with tensorboard_server(tmp_path_factory.mktemp("server"), "--logdir", demo_logs, without=()) as server:
        server.wait_until(lambda: server.json("runs")["loading"]["done"])
        yield server


@pytest.fixture
def logs(tmp_path):
    """An empty log directory."""
    (tmp_path / "logs").mkdir()
    return tmp_path / "logs"


@pytest.fixture(scope="session")
def browser():
    with chromium() as browser:
        yield browser


class Tab:
    """The tab Grad Health in a page of TensorBoard."""

    def __init__(self, page, url):
        self.page, self.url = page, url
        self.frame = page.frame_locator("iframe")
        self.grid = self.frame.get_by_role("treegrid", name="Alerts")
        self.evidence = self.frame.get_by_role("complementary", name="Evidence")

    def open(self, fragment="#gradhealth"):
        self.page.goto(self.url + fragment)
        return self

    @property
    def document(self):
        """The tab's own frame, for scripts."""
        return next(frame for frame in self.page.frames if "plugin_entry" in frame.url)

    @property
    def rows(self):
        """The rows of the table, each a list of the cells' texts."""
        self.grid.wait_for(timeout=PATIENCE)
        return [
            [" ".join(cell.split()) for cell in row.get_by_role("gridcell").all_inner_texts()]
            for row in self.frame.locator(".rows .row").all()
        ]

    def column(self, name):
        return self.grid.get_by_role("columnheader", name=name)

    def row(self, run, layer, symptom):
        rows = self.frame.locator(f'.rows .row[data-run="{run}"]')
        return rows.filter(has_text=layer).filter(has_text=symptom).first

    def reload(self):
        """Press TensorBoard's reload button, which has no name."""
        self.page.locator("button.reload-button").click()

    def switch_to_dark(self):
        """Choose the dark theme in TensorBoard's menu, and wait until the tab has it."""
        background = "getComputedStyle(document.body).backgroundColor"
        light = self.document.evaluate(background)
        self.page.get_by_role("button", name="Menu for changing light or dark theme").click()
        self.page.get_by_role("menuitem", name="Dark").click()
        self.document.wait_for_function(f"{background} !== {light!r}")


@pytest.fixture
def open_tab(browser):
    """Opens the tab; errors in the browser fail the test at its end."""
    complaints = []

    @contextmanager
    def opened(url, fragment="#gradhealth", width=1600, height=900, **options):
        size = {"width": width, "height": height}
        context = browser.new_context(viewport=size, accept_downloads=True, **options)
        page = context.new_page()
        page.add_init_script(
            "document.addEventListener('securitypolicyviolation', event => "
            "console.error('CSP', event.violatedDirective, event.blockedURI))"
        )
        page.on("console", lambda message: complaints.extend([message.text] * (message.type == "error")))
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("request", lambda request: complaints.extend(_leaves(request.url, url)))
        page.set_default_timeout(PATIENCE)
        try:
            yield Tab(page, url).open(fragment)
        finally:
            context.close()

    yield opened
    assert complaints == []


@pytest.fixture
def axe():
    """Runs axe-core: ``axe(tab)`` returns the violated rules with the offending elements."""

    def violations(tab):
        page = tab.document
        page.evaluate(AXE.read_text())  # not as a script tag, which TensorBoard's policy forbids
        # The contrast of a colour in transition cannot be judged.
        page.wait_for_function("document.getAnimations().every(each => each.playState !== 'running')")
        found = page.evaluate("axe.run().then(result => result.violations)")
        return [(rule["id"], [node["html"][:120] for node in rule["nodes"]]) for rule in found]

    return violations


def _leaves(requested, url):
    stays = requested.startswith((url, "data:", "blob:"))
    return [] if stays else [f"a request left the server: {requested}"]
