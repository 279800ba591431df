"""Trains the whole demo, one run after the other, with progress shown."""

from pathlib import Path

import keras
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from tb_gradhealth.demo import custom_loop, hyperparameters, keras_fit
from tb_gradhealth.demo.trainings import TRAININGS, Training

SEED = 7


def train_all(logdir: Path, console: Console) -> None:
    """Train every network of the demo and write its logs below ``logdir``."""
    hyperparameters.announce(logdir)
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
            train_one(training, logdir / training.name, lambda task=task: progress.advance(task))  # type: ignore[misc]


def train_one(training: Training, log_dir: Path, on_step=lambda: None) -> None:  # type: ignore[no-untyped-def]  # noqa: ANN001
    """Train one network of the demo from a fixed seed."""
    keras.utils.set_random_seed(SEED)
    hyperparameters.log(training, log_dir)
    train = custom_loop.train if training.custom_loop else keras_fit.train
    train(training, log_dir, on_step)
