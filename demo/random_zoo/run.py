"""Trains random plans in worker processes, with progress shown."""

from collections.abc import Sequence
from concurrent.futures import Future
from functools import partial
from pathlib import Path

from rich.console import Console

from tb_gradhealth.demo.random_zoo.pool import done, progress_on
from tb_gradhealth.demo.random_zoo.worker import Outcome, known, train_drawn
from tb_gradhealth.demo.zoo import worker
from tb_gradhealth.demo.zoo.run import ROUND


def train_all(
    seed: int, indices: Sequence[int], logdir: Path, workers: int, console: Console
) -> list[Outcome]:
    """Train what is not trained yet; the outcomes in the order of their indices."""
    outcomes = {index: outcome for index in indices if (outcome := known(seed, index, logdir))}
    missing = [index for index in indices if index not in outcomes]
    with progress_on(console) as progress:
        task = progress.add_task("training", total=len(indices), completed=len(outcomes))
        # Each training leaves graphs in memory, so processes are replaced after some.
        for first in range(0, len(missing), workers * ROUND):
            some = missing[first : first + workers * ROUND]
            calls = {index: partial(train_drawn, seed, index, logdir) for index in some}
            for index, future in done(calls, workers, worker.prepare):
                outcomes[index] = _result(future, index)
                progress.update(task, advance=1)
    return [outcomes[index] for index in indices]


def _result(future: "Future[Outcome]", index: int) -> Outcome:
    """The outcome, also where the worker died or the folder is not a training's."""
    error = future.exception()
    return future.result() if error is None else Outcome(index, error=f"{type(error).__name__}: {error}")
