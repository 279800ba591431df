"""Judges runs on a Dask cluster.

The runs are listed here, and the workers open the files: local paths must be the same there, as on a shared
file system. Dask repeats the work of a lost worker on another one.
"""

import asyncio
import os
import pickle
import socket
import time
from collections.abc import Callable, Generator, Iterator, Sequence
from concurrent.futures import CancelledError, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from importlib.util import find_spec
from typing import TYPE_CHECKING, Final

from tb_gradhealth.events import is_remote
from tb_gradhealth.fleet.judging import FleetError, Outcome, RunFiles, Settings, judge, not_judged
from tb_gradhealth.fleet.workers import batches
from tb_gradhealth.version import __version__

if TYPE_CHECKING:
    from distributed import Client, Future

CONNECT_SECONDS: Final = 10
"""Time to reach the scheduler."""

WORKERS_SECONDS: Final = 30
"""Time for its first worker to be there."""

ALONE_SECONDS: Final = 60
"""Time without any worker after which no other is expected: a lost one is replaced within seconds."""

RETRIES: Final = 2
"""Repetitions of a batch that raised an exception."""


class OtherVersionError(RuntimeError):
    """A worker has another version than this process; the message is a phrase with both."""


def judged_on_cluster(
    runs: Sequence[RunFiles], settings: Settings, address: str
) -> Generator[Outcome, None, None]:
    """The outcomes of runs, in any order.

    Args:
        runs: the runs.
        settings: how to judge them.
        address: of the scheduler, such as ``tcp://host:8786``.

    Raises:
        FleetError: the cluster cannot be used, or was lost.
    """
    if find_spec("distributed") is None:
        raise FleetError("Dask is not installed: pip install 'tb_gradhealth[fleet]'")
    with _connected(address) as client:
        _check_workers(client, address)
        yield from _Work(client, address, settings).outcomes([_with_full_paths(run) for run in runs])


@dataclass(frozen=True)
class Unseen:
    """A run with a file that does not exist on a worker.

    Attributes:
        run: the run, with only these files.
        host: the worker's machine.
    """

    run: RunFiles
    host: str


def judge_shared(runs: Sequence[RunFiles], settings: Settings, version: str) -> list[Outcome | Unseen]:
    """Judge runs on a worker, which may not see the files that the listing found.

    Raises:
        OtherVersionError: the worker's version is not this one.
    """
    if version != __version__:
        raise OtherVersionError(f"{socket.gethostname()} has tb_gradhealth {__version__}, not {version}")
    return [_unseen(run) or judge(run, settings) for run in runs]


def _unseen(run: RunFiles) -> Unseen | None:
    files = tuple(file for file in run.files if not is_remote(file.path) and not os.path.exists(file.path))
    return Unseen(replace(run, files=files), socket.gethostname()) if files else None


def _task() -> Callable[[bytes], list[Outcome | Unseen]]:
    """The function that the workers call: `judge_shared` with pickled arguments.

    Dask sends an inner function as code. It would send a module's function as an import, which the scheduler
    runs too, and without this package it would fail there instead of in a call that reports it.
    """

    def judge_pickled(arguments: bytes) -> "list[Outcome | Unseen]":  # evaluated, it would be an import
        import pickle

        from tb_gradhealth.fleet.cluster import judge_shared

        return judge_shared(*pickle.loads(arguments))

    return judge_pickled


def _with_full_paths(run: RunFiles) -> RunFiles:
    """The run with paths that do not depend on the current folder, which is another one on a worker."""
    files = (
        file if is_remote(file.path) else replace(file, path=os.path.abspath(file.path)) for file in run.files
    )
    return replace(run, files=tuple(files))


@contextmanager
def _connected(address: str) -> Iterator["Client"]:
    from distributed import Client
    from distributed.comm import CommClosedError

    try:
        # A client that fails to connect leaves threads that print errors when the process ends.
        # In a thread of its own: the caller's thread may run an event loop, as in a notebook.
        with ThreadPoolExecutor(1) as thread:
            thread.submit(asyncio.run, _reach(address)).result()
        client = Client(address, timeout=CONNECT_SECONDS)
    except (OSError, ValueError) as error:
        raise FleetError(f"no Dask scheduler at {address!r}: {error}") from None
    try:
        yield client
    except (CancelledError, CommClosedError):
        raise FleetError(f"the connection to the Dask scheduler at {address} was lost") from None
    finally:
        client.close()


async def _reach(address: str) -> None:
    from distributed.comm import connect
    from distributed.security import Security

    arguments = Security().get_connection_args("client")
    comm = await connect(address, timeout=CONNECT_SECONDS, **arguments)
    await comm.close()


def _check_workers(client: "Client", address: str) -> None:
    try:
        client.wait_for_workers(1, timeout=WORKERS_SECONDS)
    except TimeoutError:
        raise FleetError(f"the Dask scheduler at {address} has no workers") from None
    versions = client.get_versions(packages=["tb_gradhealth"])
    ours = versions["client"]["packages"]
    found = {f"worker at {name}": each["packages"] for name, each in versions["workers"].items()}
    for name, theirs in found.items():
        version, needed = theirs["tb_gradhealth"], ours["tb_gradhealth"]
        if version != needed:
            has = f"has tb_gradhealth {version}, not {needed}" if version else "has no tb_gradhealth"
            raise FleetError(f"the Dask {name} {has}: pip install 'tb_gradhealth=={needed}' there")
    for name, theirs in {f"scheduler at {address}": versions["scheduler"]["packages"], **found}.items():
        if _minor(theirs["python"]) != _minor(ours["python"]):
            raise FleetError(
                f"the Dask {name} runs Python {_minor(theirs['python'])}, not {_minor(ours['python'])}"
            )


def _minor(version: str) -> str:
    """``3.11`` of ``3.11.2.final.0``: code sent by Dask runs in no other."""
    return ".".join(version.split(".")[:2])


class _Work:
    """Batches on their way: two for each thread of the cluster, so that no worker waits."""

    def __init__(self, client: "Client", address: str, settings: Settings) -> None:
        self._client, self._address, self._settings = client, address, settings
        self._task = _task()
        self._running: dict[Future, Sequence[RunFiles]] = {}

    def outcomes(self, runs: Sequence[RunFiles]) -> Iterator[Outcome]:
        """Submit the runs and yield their outcomes as they arrive."""
        threads = max(sum(self._client.nthreads().values()), 1)
        pending = batches(runs, threads)
        while True:
            while len(self._running) < 2 * threads and (batch := next(pending, None)) is not None:
                self._submit(batch)
            if not self._running:
                return
            for future in self._finished():
                yield from self._result(future)

    def _submit(self, batch: Sequence[RunFiles]) -> None:
        arguments = pickle.dumps((batch, self._settings, __version__))
        self._running[self._client.submit(self._task, arguments, pure=False, retries=RETRIES)] = batch

    def _finished(self) -> list["Future"]:
        """The futures that have ended, at least one."""
        last_seen = time.monotonic()
        while time.monotonic() - last_seen < ALONE_SECONDS:
            if finished := self._finished_within(1):
                return finished
            if self._client.nthreads():
                last_seen = time.monotonic()
        raise FleetError(f"the Dask scheduler at {self._address} has lost all its workers")

    def _finished_within(self, seconds: float) -> list["Future"]:
        from distributed import wait

        try:
            return list(wait(list(self._running), timeout=seconds, return_when="FIRST_COMPLETED").done)
        except TimeoutError:
            return []

    def _result(self, future: "Future") -> list[Outcome]:
        from distributed import KilledWorker

        batch = self._running.pop(future)
        try:
            found: list[Outcome | Unseen] = future.result()
            return [self._outcome(each, run) for each, run in zip(found, batch, strict=True)]
        except KilledWorker:
            if len(batch) > 1:
                for run in batch:
                    self._submit([run])
                return []
            reason = "not judged: each worker that read this run was killed, as happens when memory is short"
            return [not_judged(batch[0], reason, self._settings)]
        except (ImportError, OtherVersionError) as error:
            raise FleetError(f"a Dask worker cannot judge runs: {error}") from None

    def _outcome(self, found: Outcome | Unseen, run: RunFiles) -> Outcome:
        if isinstance(found, Outcome):
            return found
        if not all(os.path.exists(file.path) for file in found.run.files):
            return judge(run, self._settings)  # the files exist nowhere: a broken link, or removed since
        reason = f"not found on worker {found.host}, which needs the log directory at the same path"
        return not_judged(found.run, reason, self._settings)
