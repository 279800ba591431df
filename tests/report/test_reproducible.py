"""Equal files give equal reports, byte for byte, in every process."""

import os
import shutil
import subprocess
import sys

import pytest
from sick_runs import write_sick_run

FORMS = ("html", "markdown", "json", "csv", "junit", "sarif")

SURROUNDINGS = (
    {"PYTHONHASHSEED": "1", "TZ": "UTC", "LC_ALL": "C"},
    {"PYTHONHASHSEED": "4242", "TZ": "Asia/Kathmandu", "LC_ALL": "C.UTF-8", "LANG": "de_DE.UTF-8"},
)

SCRIPT = """
import os, sys
if os.environ["PYTHONHASHSEED"] != "1":  # another order of the directory
    listed, walked, scanned = os.listdir, os.walk, os.scandir
    class Reversed:
        def __init__(self, path): self.entries, self.scan = reversed(list(scanned(path))), None
        def __iter__(self): return self.entries
        def __next__(self): return next(self.entries)
        def __enter__(self): return self
        def __exit__(self, *exception): pass
        def close(self): pass
    os.listdir = lambda path=".": sorted(listed(path), reverse=True)
    os.scandir = Reversed
from tb_gradhealth.cli.main import main
main(["check", *sys.argv[1:]])
"""


@pytest.fixture(scope="module")
def copies(tmp_path_factory):
    """The same files in two directories, created in different orders."""
    first, second = (tmp_path_factory.mktemp(name) / "logs" for name in ("first", "second"))
    for seed in range(3):
        write_sick_run(first / f"run{seed}", seed, records=60)
    for folder in sorted(first.iterdir(), reverse=True):
        shutil.copytree(folder, second / folder.name)
        os.utime(second / folder.name, (1, 1))
    return first, second


@pytest.mark.parametrize("form", FORMS)
def test_two_processes_write_equal_bytes(copies, form):
    written = []
    for logs, surroundings in zip(copies, SURROUNDINGS, strict=True):
        command = [sys.executable, "-c", SCRIPT, "logs", "--format", form, "--audit"]
        done = subprocess.run(
            command, cwd=logs.parent, env={**os.environ, **surroundings}, capture_output=True, timeout=300
        )
        assert done.returncode in (0, 1), done.stderr.decode()
        written.append(done.stdout)
    assert len(written[0]) > 1_000
    assert written[0] == written[1]
