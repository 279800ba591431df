"""Writes what the HParams tab shows: each run's hyperparameters, and its health as metrics."""

from pathlib import Path

import tensorflow as tf
from tensorboard.plugins.hparams import api as hparams

from tb_gradhealth.demo.trainings import Training

# The group of a metric is the folder below the run that its scalar is written to.
METRICS = [
    hparams.Metric("gradhealth/critical", group="gradhealth", display_name="critical findings"),
    hparams.Metric("gradhealth/warnings", group="gradhealth", display_name="warnings"),
    hparams.Metric("epoch_loss", group="train", display_name="loss"),
]


def announce(logdir: Path) -> None:
    """Write the columns of the HParams table, once per log directory."""
    names = ("optimizer", "learning_rate", "activation")
    with tf.summary.create_file_writer(str(logdir)).as_default():
        hparams.hparams_config(hparams=[hparams.HParam(name) for name in names], metrics=METRICS)


def log(training: Training) -> None:
    """Write the hyperparameters of a run to the default writer."""
    hparams.hparams(training.hyperparameters, trial_id=training.name)
