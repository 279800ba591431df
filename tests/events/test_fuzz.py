"""A small part of `make fuzz`."""

import subprocess
import sys
from pathlib import Path

FUZZER = Path(__file__).parents[1] / "fuzz" / "reading.py"


def test_two_thousand_damaged_files_raise_nothing():
    run = subprocess.run(
        [sys.executable, FUZZER, "--inputs", "2000", "--seed", "1000"],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert run.returncode == 0, run.stdout + run.stderr
