"""Progress bars on standard error: shown on a terminal, silent in a pipe, a log or a scheduled job."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from tb_gradhealth.monitor import Monitor


@contextmanager
def progress(what: str) -> Iterator[Callable[[float, float], None]]:
    """A bar while the block runs, which removes it at its end.

    Args:
        what: what is done, in front of the bar.

    Yields:
        A function of what is done and of the total, in any unit; it does nothing where there is no terminal.
    """
    if not sys.stderr.isatty():
        yield lambda done, total: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

    columns = TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeRemainingColumn()
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(what, total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)


def read_with_progress(monitor: Monitor) -> None:
    """Read and judge everything that is new, with a bar over the bytes of the event files."""
    with progress("Reading") as show:
        for _ in monitor.refresh_in_slices():
            with monitor.snapshot() as snapshot:
                states = [run.loading for run in snapshot.runs.values()]
            show(sum(state.bytes_read for state in states), sum(state.bytes for state in states))
