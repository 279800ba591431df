"""Runs a real TensorBoard in a separate process."""

import json
import os
import re
import subprocess
import sys
import textwrap
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

MAX_SECONDS = 90
"""Time in which a server starts or reads new data, on a slow machine that also imports TensorFlow."""


class Server:
    """A running TensorBoard."""

    def __init__(self, url: str, output: Path, process: int) -> None:
        self.url, self._output, self.process = url, output, process

    def get(self, route: str, base: str = "data/plugin/gradhealth/") -> tuple[int, str, bytes]:
        """Status, content type and body."""
        try:
            with urllib.request.urlopen(self.url + base + route, timeout=30) as response:
                return response.status, response.headers.get_content_type(), response.read()
        except urllib.error.HTTPError as error:
            return error.code, error.headers.get_content_type(), error.read()

    def json(self, route: str, **kwargs):
        status, _, body = self.get(route, **kwargs)
        assert status == 200, (body, self.output())
        return json.loads(body)

    def listing(self):
        return self.json("data/plugins_listing", base="")["gradhealth"]

    def wait_until(self, condition) -> None:
        end = time.monotonic() + MAX_SECONDS
        while not condition():
            assert time.monotonic() < end, self.output()
            time.sleep(0.2)

    def output(self) -> str:
        return self._output.read_text()


@contextmanager
def tensorboard_server(
    folder: Path,
    *arguments: object,
    without: Sequence[str] = ("tensorflow",),
    suffix: str = "",
    python: str = sys.executable,
) -> Iterator[Server]:
    """Start TensorBoard, and stop it at the end of the block.

    Args:
        folder: folder for its output.
        arguments: TensorBoard's arguments.
        without: modules whose import fails in the process.
        suffix: appended to the address.
        python: the interpreter to run it with.
    """
    output = folder / "server-output"
    with output.open("wb") as file:
        process = subprocess.Popen(
            [python, "-m", "tensorboard.main", "--port=0", "--host=127.0.0.1", *map(str, arguments)],
            stdout=file,
            stderr=subprocess.STDOUT,
            env=_environment(folder / "path", without),
            cwd=folder,
        )
    try:
        yield Server(_address(process, output) + suffix, output, process.pid)
    finally:
        process.terminate()
        process.wait(timeout=30)


def _environment(folder: Path, without: Sequence[str]) -> dict[str, str]:
    folder.mkdir(exist_ok=True)
    (folder / "sitecustomize.py").write_text(
        textwrap.dedent(f"""
            import sys

            class Absent:
                def find_spec(self, name, path=None, target=None):
                    if name in {list(without)!r} or name.partition(".")[0] in {list(without)!r}:
                        raise ModuleNotFoundError(f"No module named {{name!r}}", name=name)

            sys.meta_path.insert(0, Absent())
            """)
    )
    path = os.pathsep.join(filter(None, [str(folder), os.environ.get("PYTHONPATH")]))
    return {**os.environ, "PYTHONPATH": path, "PYTHONWARNINGS": "default"}


def _address(process, output: Path) -> str:
    end = time.monotonic() + MAX_SECONDS
    while time.monotonic() < end and process.poll() is None:
        if found := re.search(r"(http://127\.0\.0\.1:\d+/)", output.read_text()):
            return found[1]
        time.sleep(0.1)
    raise AssertionError(f"TensorBoard did not start:\n{output.read_text()}")
