"""Judges runs in several processes of this machine, and survives the death of any of them.

Each process has a thread here that hands it one batch at a time, so a death concerns only that batch. It is
judged again run by run, which shows the run that kills its process.
"""

import multiprocessing
import os
import signal
import threading
from collections.abc import Callable, Generator, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import closing, suppress
from multiprocessing import resource_tracker
from multiprocessing.process import BaseProcess
from queue import Empty, SimpleQueue
from typing import Final, ParamSpec, TypeVar

from tb_gradhealth.fleet.judging import FleetError, Outcome, RunFiles, Settings, judge_all, not_judged
from tb_gradhealth.fleet.workers import batches

ATTEMPTS: Final = 3
"""Deaths of its process after which a run, judged alone, is given up; and failed starts of a process."""

Arguments = ParamSpec("Arguments")
Result = TypeVar("Result")


def judged_in_processes(
    runs: Sequence[RunFiles], settings: Settings, workers: int
) -> Generator[Outcome, None, None]:
    """The outcomes of runs, in any order. The processes end when the iterator is exhausted or closed.

    Args:
        runs: the runs.
        settings: how to judge them.
        workers: number of processes.

    Raises:
        FleetError: no process can be started.
    """
    pending: SimpleQueue[Sequence[RunFiles]] = SimpleQueue()
    results: SimpleQueue[list[Outcome] | BaseException] = SimpleQueue()
    for batch in batches(runs, workers):
        pending.put(batch)
    lanes = [_Lane(pending, results, settings) for _ in range(min(workers, pending.qsize()))]
    for lane in lanes:
        lane.start()
    try:
        missing = len(runs)
        while missing:
            result = results.get()
            if isinstance(result, BaseException):
                raise result
            missing -= len(result)
            yield from result
    finally:
        for lane in lanes:
            lane.stop()
        for lane in lanes:
            lane.join()


class _Lane(threading.Thread):
    """Takes batches until none is left and has its process judge them."""

    def __init__(
        self,
        pending: "SimpleQueue[Sequence[RunFiles]]",
        results: "SimpleQueue[list[Outcome] | BaseException]",
        settings: Settings,
    ) -> None:
        super().__init__(name="gradhealth-lane", daemon=True)
        self._pending, self._results, self._settings = pending, results, settings
        self._process = _Process()

    def stop(self) -> None:
        """End the process in the middle of its work."""
        self._process.stop()

    def run(self) -> None:
        """As in `threading.Thread`."""
        # Ctrl-C reaches all processes of a terminal. Those started here inherit the mask, so only the main
        # thread handles it, and no process prints a traceback, not even while it starts.
        if hasattr(signal, "pthread_sigmask"):
            # It unblocks the signal when it starts its own process, so it has to be running before.
            resource_tracker.ensure_running()
            signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
        with closing(self._process):
            try:
                with suppress(Empty, _StoppedError):
                    while True:
                        self._results.put(self._judged(self._pending.get_nowait()))
            except BaseException as error:  # the thread that waits for the results raises it
                self._results.put(error)

    def _judged(self, batch: Sequence[RunFiles]) -> list[Outcome]:
        try:
            return self._process.call(judge_all, batch, self._settings)
        except BrokenProcessPool:
            return [self._judged_alone(run) for run in batch]

    def _judged_alone(self, run: RunFiles) -> Outcome:
        for _ in range(ATTEMPTS):
            with suppress(BrokenProcessPool):
                (outcome,) = self._process.call(judge_all, [run], self._settings)
                return outcome
        reason = (
            f"not judged: the process that read this run was killed {ATTEMPTS} times, as happens when memory "
            "is short"
        )
        return not_judged(run, reason, self._settings)


class _StoppedError(Exception):
    """The process was ended by `_Process.stop`."""


class _Process:
    """One process for one call at a time; where it has died, the next call starts another."""

    def __init__(self) -> None:
        self._executor: ProcessPoolExecutor | None = None
        self._pid: int | None = None
        self._stopped = threading.Event()

    def call(
        self, function: Callable[Arguments, Result], *args: Arguments.args, **kwargs: Arguments.kwargs
    ) -> Result:
        """The result of a module's function.

        Raises:
            BrokenProcessPool: the process died.
            FleetError: it cannot be started.
            _StoppedError: `stop` was called.
        """
        executor = self._executor or self._started()
        if self._stopped.is_set():
            raise _StoppedError
        try:
            return executor.submit(function, *args, **kwargs).result()
        except BrokenProcessPool:
            self.close()
            if self._stopped.is_set():
                raise _StoppedError from None
            raise

    def stop(self) -> None:
        """End the process now; calls raise `_StoppedError` from here on."""
        self._stopped.set()
        if (pid := self._pid) is not None:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGTERM)

    def close(self) -> None:
        """Let the process end, and wait for it."""
        self._pid = None
        if self._executor is not None:
            self._executor.shutdown()
            self._executor = None

    def _started(self) -> ProcessPoolExecutor:
        for _ in range(ATTEMPTS):
            # Not forked: a process that is forked while other threads hold locks can wait for them forever.
            context = multiprocessing.get_context("spawn")
            self._executor = ProcessPoolExecutor(1, context, _end_with_parent)
            try:
                self._pid = self._executor.submit(os.getpid).result()
                return self._executor
            except BrokenProcessPool:
                self.close()
        raise FleetError("worker processes cannot be started; --workers 1 judges in a single process")


def _end_with_parent() -> None:
    """End this process when its parent has ended, even where that was killed and could not say so."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        threading.Thread(target=_exit_after, args=(parent,), daemon=True).start()


def _exit_after(process: BaseProcess) -> None:
    process.join()
    os._exit(1)
