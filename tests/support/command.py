"""The command `gradhealth`, run in its own process as a user runs it."""

import subprocess
import sys


def gradhealth(*arguments, timeout: float = 540) -> subprocess.CompletedProcess[str]:
    """Run a command to its end; the caller checks the exit code."""
    command = [sys.executable, "-m", "tb_gradhealth.cli", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, timeout=timeout)


def train_demo(logs) -> None:
    """Train the networks of the demo."""
    done = gradhealth("demo", "--no-serve", "--logdir", logs)
    assert done.returncode == 0, done.stdout + done.stderr
