"""`python tests/support/screenshots.py FOLDER`: the README's pictures, over a demo trained for them."""

import subprocess
import sys
import tempfile
from pathlib import Path

from chromium import chromium
from tensorboard_server import tensorboard_server

THEMES = ("light", "dark")


def main(folder: Path) -> None:
    with tempfile.TemporaryDirectory() as scratch:
        logs = Path(scratch) / "logs"
        command = [sys.executable, "-m", "tb_gradhealth.cli", "demo", "--no-serve", "--logdir", str(logs)]
        subprocess.run(command, check=True)
        with tensorboard_server(Path(scratch), "--logdir", logs) as server, chromium() as browser:
            for theme in THEMES:
                page = browser.new_page(viewport={"width": 1440, "height": 800})
                settings = (
                    f"localStorage.setItem('_tb_global_settings', JSON.stringify({{theme: '{theme}'}}))"
                )
                page.add_init_script(settings)
                page.goto(server.url + "#gradhealth")
                frame = page.frame_locator("iframe")
                frame.locator('.row[data-run="vanishing_sigmoid"]').first.click()
                frame.get_by_role("complementary", name="Evidence").get_by_role("img").last.wait_for()
                page.wait_for_timeout(500)  # charts paint in the frame after they are there
                page.screenshot(path=folder / f"tab-{theme}.png")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
