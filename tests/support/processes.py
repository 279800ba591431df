"""Trainings in processes of their own, forked from one that has TensorFlow imported already.

Some things can only be tried there: devices that must be configured before TensorFlow starts, and signals.
"""

import json
import os
import signal
import socket
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from multiprocessing import get_context
from multiprocessing.process import BaseProcess
from typing import Any

TIMEOUT = 120
"""Seconds for a training on a slow machine."""

_context = get_context("forkserver")
_context.set_forkserver_preload(["tensorflow", "keras"])


def start(function: Callable[..., None], *arguments: Any) -> BaseProcess:
    """Start a module's function in a process."""
    process = _context.Process(target=_as_from_a_terminal, args=(function, *arguments))
    process.start()
    return process


def _as_from_a_terminal(function: Callable[..., None], *arguments: Any) -> None:
    # A shell that starts tests in the background has them ignore Ctrl-C, and their children with them.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    function(*arguments)


def exit_code(process: BaseProcess) -> int | None:
    """The exit code; a process that does not end is killed."""
    process.join(TIMEOUT)
    if process.is_alive():
        process.kill()
        raise AssertionError(f"the process did not end within {TIMEOUT} seconds")
    return process.exitcode


def run(function: Callable[..., None], *arguments: Any) -> None:
    """Run a module's function in its own process."""
    assert exit_code(start(function, *arguments)) == 0


def run_as_workers(function: Callable[..., None], workers: int, *arguments: Any) -> None:
    """Run a function in several processes that are connected by ``TF_CONFIG``."""
    addresses = [f"127.0.0.1:{port}" for port in _free_ports(workers)]
    processes = [start(_as_worker, addresses, index, function, *arguments) for index in range(workers)]
    assert [exit_code(process) for process in processes] == [0] * workers


def _as_worker(addresses: Sequence[str], index: int, function: Callable[..., None], *arguments: Any) -> None:
    os.environ["TF_CONFIG"] = json.dumps(
        {"cluster": {"worker": list(addresses)}, "task": {"type": "worker", "index": index}}
    )
    function(*arguments)


def _free_ports(count: int) -> list[int]:
    with ExitStack() as open_together:
        sockets = [open_together.enter_context(socket.create_server(("127.0.0.1", 0))) for _ in range(count)]
        return [each.getsockname()[1] for each in sockets]
