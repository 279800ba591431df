"""`python tests/support/screenshots.py FOLDER`: the README's pictures, from a newly trained demo.

GRADHEALTH_DEMO_LOGS may name ready logs.
"""

import io
import os
import sys
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path

from chromium import chromium
from command import train_demo
from PIL import Image
from playwright.sync_api import FrameLocator
from tensorboard_server import tensorboard_server

THEMES = ("light", "dark")
COLOURS = 255
"""Of the saved pictures: a palette takes a third of the bytes, and changes no channel by more than ten."""


def overview(frame: FrameLocator) -> None:
    """The alert table with the evidence of a finding."""
    frame.locator('.row[data-run="vanishing_sigmoid"]').first.click()
    frame.get_by_role("complementary", name="Evidence").get_by_role("img").last.wait_for()


def layers(frame: FrameLocator) -> None:
    """The heatmap of a vanishing gradient."""
    frame.get_by_role("navigation", name="Runs").get_by_role("button", name="vanishing_sigmoid").click()
    frame.get_by_role("heading", name="of vanishing_sigmoid").wait_for()
    frame.locator(".heat-dot").first.wait_for()


def network(frame: FrameLocator) -> None:
    """The way of a NaN through the network."""
    frame.get_by_role("navigation", name="Runs").get_by_role("button", name="nan_contrast").click()
    frame.get_by_role("button", name="network", exact=True).click()
    frame.get_by_role("group", name="Network of nan_contrast").get_by_role("button").nth(1).click()
    frame.get_by_role("complementary", name="Evidence").get_by_role("img").first.wait_for()


def runs(frame: FrameLocator) -> None:
    """Health by hyper-parameter, and the comparison of two runs."""
    frame.get_by_role("button", name="together").click()
    for run in ("healthy_cnn", "spike_glare"):
        frame.get_by_role("checkbox", name=f"Compare {run}").check()
    frame.get_by_role("img", name="Loss of").wait_for()


def rules(frame: FrameLocator) -> None:
    """A changed limit."""
    section = frame.get_by_role("group", name="Vanishing gradient", exact=True)
    section.get_by_role("textbox").first.fill("1e-5")
    frame.get_by_role("heading", level=1, name="Trying other rules:").wait_for()


VIEWS: Mapping[str, Callable[[FrameLocator], None]] = {
    "overview": overview,
    "layers": layers,
    "network": network,
    "runs": runs,
    "rules": rules,
}


def main(folder: Path) -> None:
    """Take a picture of each view in each theme."""
    with tempfile.TemporaryDirectory() as scratch:
        logs = Path(os.environ.get("GRADHEALTH_DEMO_LOGS", Path(scratch) / "logs"))
        if not logs.exists():
            train_demo(logs)
        with tensorboard_server(Path(scratch), "--logdir", logs) as server, chromium() as browser:
            server.wait_until(lambda: server.json("runs")["loading"]["done"])
            for theme in THEMES:
                for view, prepare in VIEWS.items():
                    page = browser.new_page(viewport={"width": 1440, "height": 800})
                    settings = (
                        f"localStorage.setItem('_tb_global_settings', JSON.stringify({{theme: '{theme}'}}))"
                    )
                    page.add_init_script(settings)
                    shown = "layers" if view == "network" else view
                    page.goto(f"{server.url}#gradhealth&p.gradhealth.view={shown}")
                    prepare(page.frame_locator("iframe"))
                    page.wait_for_timeout(500)  # charts paint in the frame after they are there
                    _save(page.screenshot(), folder / f"{view}-{theme}.png")
                    page.close()


def _save(picture: bytes, path: Path) -> None:
    with Image.open(io.BytesIO(picture)) as image:
        # By coverage: a median cut loses the colours of small things, such as the marks of the runs.
        method, rounds = Image.Quantize.MAXCOVERAGE, 3
        palette = image.convert("RGB").quantize(COLOURS, method, kmeans=rounds, dither=Image.Dither.NONE)
        palette.save(path, optimize=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
