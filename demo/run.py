"""Trains all runs of the demo, one after the other, with progress shown."""

from collections.abc import Callable
from functools import partial
from pathlib import Path

import keras
import tensorflow as tf
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
            train_one(training, logdir / training.name, partial(progress.advance, task))


def train_one(training: Training, log_dir: Path, on_step: Callable[[], None] = lambda: None) -> None:
    """Train one network of the demo from a fixed seed."""
    keras.utils.set_random_seed(SEED)
    model = training.network()
    with tf.summary.create_file_writer(str(log_dir)).as_default():
        hyperparameters.log(training)
        tf.summary.graph(_graph_of(model))
    train = custom_loop.train if training.custom_loop else keras_fit.train
    train(model, training, log_dir, on_step)


def _graph_of(model: keras.Model) -> tf.Graph:
    """Write the graph for the Graphs tab; Keras itself writes only the conceptual graph, its second view."""
    images = tf.TensorSpec((None, *model.input_shape[1:]))
    return tf.function(model).get_concrete_function(images).graph
