"""Shows how many runs are judged, on a terminal only."""

from collections.abc import Callable, Iterable, Iterator

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from tb_gradhealth.fleet.judging import Outcome

Track = Callable[[Iterable[Outcome], int], Iterable[Outcome]]
"""Passes the outcomes of a known number of runs on, and shows their progress meanwhile."""


def on_terminal(outcomes: Iterable[Outcome], total: int) -> Iterator[Outcome]:
    """A bar on standard error while the outcomes arrive; nothing where that is not a terminal."""
    console = Console(stderr=True)
    if not console.is_terminal:
        yield from outcomes
        return
    columns = BarColumn(), MofNCompleteColumn(), TextColumn("runs judged"), TimeRemainingColumn()
    with Progress(*columns, console=console, transient=True) as progress:
        yield from progress.track(outcomes, total)
