"""Runs `gradhealth prune` in processes that are killed, lack rights or disk space; started as a script.

    pruning.py killed LOGS COPIES ARGUMENTS...     kills it at each of its calls of the system
    pruning.py unprivileged ARGUMENTS...           without the rights of the superuser
    pruning.py full BYTES ARGUMENTS...             on a disk that takes files of so many bytes at most
    pruning.py interrupted ARGUMENTS...            with Ctrl-C while a copy is written

In the arguments, ``LOGS`` stands for the log directory.
"""

import os
import resource
import shutil
import signal
import sys
from collections.abc import Callable
from itertools import count
from pathlib import Path
from typing import Any

import zstandard  # noqa: F401 -- its files cannot be read without rights

import tb_gradhealth.cli.prune  # noqa: F401 -- likewise: the commands are imported when they are used
from tb_gradhealth.cli import main

CALLS = ("open", "fsync", "replace", "unlink", "rmdir", "utime", "chmod", "chown")


def run(arguments: list[str]) -> int:
    """Run the command; its exit code."""
    try:
        main.main(["prune", *arguments], prog_name="gradhealth")
    except SystemExit as end:
        return int(end.code or 0)
    return 0


def killed(logs: str, copies: str, *arguments: str) -> None:
    """Prune copies of a log directory, and kill the process before its first, second ... call.

    The copies are numbered by the call; that of the last one is pruned to the end.
    """
    for number in count(1):
        folder = Path(copies) / str(number)
        shutil.copytree(logs, folder / "logs")
        child = os.fork()
        if not child:
            _before_each_call(
                lambda call, number=number: call == number and os.kill(os.getpid(), signal.SIGKILL)
            )
            with open(os.devnull, "w") as nothing:
                os.dup2(nothing.fileno(), 1)
            os._exit(run([argument.replace("LOGS", str(folder / "logs")) for argument in arguments]))
        status = os.waitpid(child, 0)[1]
        if not os.WIFSIGNALED(status):
            print(number - 1, os.waitstatus_to_exitcode(status))
            return


def _before_each_call(act: Callable[[int], Any]) -> None:
    """Act before each call of the system that changes files or folders, given its number."""
    numbers = count(1)

    def counted(function: Callable[..., Any]) -> Callable[..., Any]:
        def call(*arguments: Any, **named: Any) -> Any:
            act(next(numbers))
            return function(*arguments, **named)

        return call

    for name in CALLS:
        setattr(os, name, counted(getattr(os, name)))


def interrupted(*arguments: str) -> int:
    """Prune, with Ctrl-C at the first copy that is written to the disk."""
    signal.signal(signal.SIGINT, signal.default_int_handler)
    fsync = os.fsync

    def interrupt(descriptor: int) -> None:
        os.kill(os.getpid(), signal.SIGINT)
        fsync(descriptor)

    os.fsync = interrupt  # type: ignore[assignment]
    return run(list(arguments))


def unprivileged(*arguments: str) -> int:
    """Prune without the rights of the superuser."""
    if os.getuid() == 0:
        os.seteuid(65534)
    return run(list(arguments))


def full(size: str, *arguments: str) -> int:
    """Prune where no file can become larger."""
    resource.setrlimit(resource.RLIMIT_FSIZE, (int(size), int(size)))
    return run(list(arguments))


MODES = {"killed": killed, "interrupted": interrupted, "unprivileged": unprivileged, "full": full}

if __name__ == "__main__":
    sys.exit(MODES[sys.argv[1]](*sys.argv[2:]))
