"""Trains drawn plans in worker processes and judges their logs, with progress shown."""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor, as_completed
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from typing import Final, TypeVar

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from tb_gradhealth.demo.random_zoo.worker import Outcome, train_drawn
from tb_gradhealth.demo.zoo import worker
from tb_gradhealth.demo.zoo.run import ROUND
from tb_gradhealth.scoring import Observation, observe

JUDGED: Final = 10
"""Runs that a process judges at a time."""

K = TypeVar("K")
V = TypeVar("V")


def train_all(
    seed: int, indices: Sequence[int], logdir: Path, workers: int, console: Console
) -> list[Outcome]:
    """Train what is not trained yet and return what came out of each, in the order of their indices."""
    outcomes: list[Outcome] = []
    with _progress(console) as progress:
        task = progress.add_task("training", total=len(indices))
        # Each training leaves graphs behind: after some, fresh processes take over.
        for first in range(0, len(indices), workers * ROUND):
            some = indices[first : first + workers * ROUND]
            calls = {index: partial(train_drawn, seed, index, logdir) for index in some}
            for index, future in _done(calls, workers, worker.prepare):
                error = future.exception()
                outcomes.append(
                    future.result()
                    if error is None
                    else Outcome(index, error=f"{type(error).__name__}: {error}")
                )
                progress.update(task, advance=1)
    return sorted(outcomes, key=lambda outcome: outcome.index)


def observe_all(names: Sequence[str], logdir: Path, workers: int, console: Console) -> dict[str, Observation]:
    """Replay all logs through the default rules."""
    chunks = {place: names[place : place + JUDGED] for place in range(0, len(names), JUDGED)}
    calls = {place: partial(_observed, logdir, chunk) for place, chunk in chunks.items()}
    observed: dict[str, Observation] = {}
    with _progress(console) as progress:
        task = progress.add_task("judging", total=len(names))
        for place, future in _done(calls, workers, _nothing):
            observed |= future.result()
            progress.update(task, advance=len(chunks[place]))
    return observed


def _observed(logdir: Path, names: Sequence[str]) -> dict[str, Observation]:
    return dict(observe(str(logdir), names))


def _done(
    calls: dict[K, Callable[[], V]], workers: int, prepare: Callable[[], None]
) -> Iterator[tuple[K, "Future[V]"]]:
    """Make the calls in fresh processes; spawned, since a forked TensorFlow hangs."""
    with ProcessPoolExecutor(workers, get_context("spawn"), prepare) as pool:
        futures = {pool.submit(call): key for key, call in calls.items()}
        try:
            for future in as_completed(futures):
                yield futures[future], future
        except BaseException:
            pool.shutdown(cancel_futures=True)
            raise


def _progress(console: Console) -> Progress:
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    return Progress(*columns, console=console)


def _nothing() -> None:
    """Processes that only read need no framework."""
