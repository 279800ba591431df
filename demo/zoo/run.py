"""Trains the zoo in worker processes, with progress shown."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ProcessPoolExecutor, as_completed
from multiprocessing import get_context
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from tb_gradhealth.demo.zoo import worker
from tb_gradhealth.demo.zoo.training import Training
from tb_gradhealth.demo.zoo.worker import Outcome

ROUND = 40
"""Trainings per process, which is replaced then: each leaves some 25 MB of graphs in memory."""


def train_all(
    names: Sequence[str], logdir: Path, workers: int, cases: Path | None, console: Console
) -> list[Outcome]:
    """Train what is not trained yet; the outcomes in the order of their names.

    Each process trains several, since loading TensorFlow takes longer than a training.
    """
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("trainings"),
        TimeElapsedColumn(),
    )
    outcomes = []
    with Progress(*columns, console=console) as progress:
        task = progress.add_task("training", total=len(names))
        for outcome in _trained(names, logdir, workers, cases):
            outcomes.append(outcome)
            progress.update(task, advance=1, description=outcome.name)
    return sorted(outcomes, key=lambda outcome: outcome.name)


def shortcomings(outcomes: Iterable[Outcome], trainings: Mapping[str, Training]) -> list[str]:
    """Differences from the labels: trainings that failed, and healthy ones that did not learn."""
    lines = []
    for outcome in outcomes:
        goal = trainings[outcome.name].goal
        if outcome.reached is None:
            lines.append(f"{outcome.name} failed and is not in the score:\n{outcome.error}")
        elif goal is not None and not goal.met(outcome.reached):
            lines.append(f"{outcome.name} is called healthy, yet it reached only {outcome.reached}")
    return lines


def _trained(names: Sequence[str], logdir: Path, workers: int, cases: Path | None) -> Iterator[Outcome]:
    for first in range(0, len(names), workers * ROUND):
        yield from _round(names[first : first + workers * ROUND], logdir, workers, cases)


def _round(names: Sequence[str], logdir: Path, workers: int, cases: Path | None) -> Iterator[Outcome]:
    # Spawned, since a forked TensorFlow hangs: its threads are not copied.
    with ProcessPoolExecutor(workers, get_context("spawn"), worker.prepare) as pool:
        futures = {pool.submit(worker.train, name, logdir, cases): name for name in names}
        try:
            for future in as_completed(futures):
                yield _result(future, futures[future])
        except BaseException:
            pool.shutdown(cancel_futures=True)
            raise


def _result(future: "Future[Outcome]", name: str) -> Outcome:
    """The outcome, also where the worker died or the folder is not a training's."""
    error = future.exception()
    return future.result() if error is None else Outcome(name, error=f"{type(error).__name__}: {error}")
