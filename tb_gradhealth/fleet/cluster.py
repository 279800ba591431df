"""Judges runs on a Dask cluster.

The runs are listed here, and the workers open the files: local paths must be the same there, as on a shared
file system. Dask repeats the work of a lost worker on another one.
"""

import asyncio
import os
import socket
import time
from collections.abc import Generator, Iterator, Sequence
from concurrent.futures import CancelledError
from contextlib import contextmanager
from dataclasses import replace
from importlib.util import find_spec
from typing import TYPE_CHECKING, Final

from tb_gradhealth.events import is_remote
from tb_gradhealth.fleet.judging import FleetError, Outcome, RunFiles, Settings, judge, not_judged
from tb_gradhealth.fleet.workers import batches
from tb_gradhealth.version import __version__

if TYPE_CHECKING:
    from distributed import Client, Future

CONNECT_SECONDS: Final = 10
"""Time to reach the scheduler, and for its first worker to be there."""

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


def judge_shared(runs: Sequence[RunFiles], settings: Settings, version: str) -> list[Outcome]:
    """Judge runs on a worker, which may not see the files that the listing found.

    Raises:
        OtherVersionError: the worker's version is not this one.
    """
    if version != __version__:
        raise OtherVersionError(f"{socket.gethostname()} has tb_gradhealth {__version__}, not {version}")
    return [_unseen(run, settings) or judge(run, settings) for run in runs]


def _unseen(run: RunFiles, settings: Settings) -> Outcome | None:
    """The outcome of a run with a local file that does not exist here; None where all exist."""
    unseen = tuple(file for file in run.files if not is_remote(file.path) and not os.path.exists(file.path))
    if not unseen:
        return None
    reason = f"not found on worker {socket.gethostname()}, which needs the log directory at the same path"
    return not_judged(replace(run, files=unseen), reason, settings)


def _with_full_paths(run: RunFiles) -> RunFiles:
    """The run with paths that do not depend on the current folder, which is another one on a worker."""
    files = (
        file if is_remote(file.path) else replace(file, path=os.path.abspath(file.path)) for file in run.files
    )
    return replace(run, files=tuple(files))


@contextmanager
def _connected(address: str) -> Iterator["Client"]:
    from distributed import Client

    try:
        # A client that fails to connect leaves threads that print errors when the process ends.
        asyncio.run(_reach(address))
        client = Client(address, timeout=CONNECT_SECONDS)
    except (OSError, ValueError) as error:
        raise FleetError(f"no Dask scheduler at {address!r}: {error}") from None
    try:
        yield client
    except CancelledError:
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
        client.wait_for_workers(1, timeout=CONNECT_SECONDS)
    except TimeoutError:
        raise FleetError(f"the Dask scheduler at {address} has no workers") from None
    versions = client.get_versions(packages=["tb_gradhealth"])
    ours = versions["client"]["packages"]["tb_gradhealth"]
    for worker, found in versions["workers"].items():
        theirs = found["packages"]["tb_gradhealth"]
        if theirs != ours:
            has = f"has tb_gradhealth {theirs}, not {ours}" if theirs else "does not have tb_gradhealth"
            raise FleetError(f"the Dask worker at {worker} {has}: pip install 'tb_gradhealth=={ours}' there")


class _Work:
    """Batches on their way: two for each thread of the cluster, so that no worker waits."""

    def __init__(self, client: "Client", address: str, settings: Settings) -> None:
        self._client, self._address, self._settings = client, address, settings
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
        future = self._client.submit(
            judge_shared, batch, self._settings, __version__, pure=False, retries=RETRIES
        )
        self._running[future] = batch

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
            outcomes: list[Outcome] = future.result()
            return outcomes
        except KilledWorker:
            if len(batch) > 1:
                for run in batch:
                    self._submit([run])
                return []
            reason = "not judged: each worker that read this run was killed, as happens when memory is short"
            return [not_judged(batch[0], reason, self._settings)]
        except (ImportError, OtherVersionError) as error:
            raise FleetError(f"a Dask worker cannot judge runs: {error}") from None
