"""Trains all runs of the demo with one framework, one after the other, with progress shown."""

from functools import partial
from importlib import import_module
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from tb_gradhealth.demo import hyperparameters
from tb_gradhealth.demo.trainings import TRAININGS


def train_all(framework: str, logdir: Path, console: Console) -> None:
    """Train every network of the demo and write its logs below ``logdir``.

    Args:
        framework: ``"tensorflow"``, ``"torch"`` or ``"jax"``; no other one is imported.
        logdir: the log directory.
        console: shows the progress.
    """
    trainer = import_module(f"tb_gradhealth.demo.with_{framework}.trainer")
    hyperparameters.announce(logdir, *trainer.METRICS)
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("steps"),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=console) as progress:
        for training in TRAININGS:
            fault = training.symptom or "healthy"
            task = progress.add_task(f"{training.name} [dim]({fault})[/dim]", total=training.steps)
            hyperparameters.log(training, logdir / training.name)
            trainer.train(training, logdir / training.name, partial(progress.advance, task))
