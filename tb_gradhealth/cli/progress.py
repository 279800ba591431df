"""Progress bars on standard error: shown on a terminal, silent in a pipe, a log or a scheduled job."""

import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import TypeVar

Item = TypeVar("Item")


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


def tracked(what: str, items: Iterable[Item], total: int) -> Iterator[Item]:
    """The items, with a bar over them.

    Args:
        what: what is done, in front of the bar.
        items: any number of items.
        total: their number.
    """
    with progress(what) as show:
        for done, item in enumerate(items, start=1):
            show(done, total)
            yield item
