"""Calls in worker processes, with progress shown."""

from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future, ProcessPoolExecutor, as_completed
from multiprocessing import get_context
from typing import TypeVar

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

K = TypeVar("K")
V = TypeVar("V")


def done(
    calls: Mapping[K, Callable[[], V]], workers: int, prepare: Callable[[], None] | None = None
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


def progress_on(console: Console) -> Progress:
    """A bar with a count and the time."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    return Progress(*columns, console=console)
