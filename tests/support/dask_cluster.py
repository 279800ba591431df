"""A Dask cluster on this machine: a scheduler and some workers, each a process as a user starts it."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from distributed import Client

MAX_SECONDS = 60


@dataclass(frozen=True)
class Cluster:
    """A running cluster.

    Attributes:
        address: of its scheduler.
        scheduler: its process.
        workers: its worker processes.
    """

    address: str
    scheduler: subprocess.Popen
    workers: list[subprocess.Popen]


@contextmanager
def dask_cluster(
    folder: Path,
    workers: int = 2,
    environment: Mapping[str, str] | None = None,
    python_path: Path | None = None,
) -> Iterator[Cluster]:
    """Start a cluster, and end its processes at the end of the block.

    Args:
        folder: folder for its files; the workers' current folder.
        workers: number of workers, each with one thread and without a nanny that would start it again.
        environment: variables of all processes, in addition to those of this one.
        python_path: folder with modules of the workers that are found before all others.
    """
    folder.mkdir(parents=True, exist_ok=True)
    address, variables = folder / "scheduler.json", {**os.environ, **(environment or {})}
    with ExitStack() as processes:

        def start(name: str, *arguments: object, **more: str) -> subprocess.Popen:
            command = [sys.executable, "-m", "dask", *map(str, arguments)]
            output = processes.enter_context((folder / f"{name}.log").open("wb"))
            environment = {**variables, **more}
            process = subprocess.Popen(
                command, stdout=output, stderr=subprocess.STDOUT, env=environment, cwd=folder
            )
            processes.callback(process.wait, MAX_SECONDS)
            processes.callback(process.kill)
            return process

        scheduler = start("scheduler", "scheduler", "--host", "127.0.0.1", "--port", 0, "--no-dashboard",
              "--scheduler-file", address)  # fmt: skip
        found = _address(address)
        path = {} if python_path is None else {"PYTHONPATH": str(python_path)}
        started = [
            start(f"worker_{number}", "worker", found, "--nthreads", 1, "--no-nanny", "--no-dashboard",
                  "--local-directory", folder, **path)
            for number in range(workers)
        ]  # fmt: skip
        with Client(found, timeout=MAX_SECONDS) as client:
            if workers:
                client.wait_for_workers(workers, timeout=MAX_SECONDS)
        yield Cluster(found, scheduler, started)


def _address(file: Path) -> str:
    """The address in a scheduler file, which may be half written."""
    end = time.monotonic() + MAX_SECONDS
    while not file.exists() or not file.read_text().endswith("}"):
        assert time.monotonic() < end, "the scheduler did not start"
        time.sleep(0.05)
    return json.loads(file.read_text())["address"]
