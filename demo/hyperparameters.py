"""What the HParams tab shows: each run's hyper-parameters, and its health to sort by."""

from pathlib import Path

import tensorflow as tf
from tensorboard.plugins.hparams import api as hparams

from tb_gradhealth.demo.trainings import Training

# The group is the folder below the run in which the scalar is written.
METRICS = [
    hparams.Metric("gradhealth/critical", group="gradhealth", display_name="critical findings"),
    hparams.Metric("gradhealth/warnings", group="gradhealth", display_name="warnings"),
    hparams.Metric("epoch_loss", group="train", display_name="loss"),
]


def announce(logdir: Path) -> None:
    """Say once per log directory which columns the HParams table has."""
    names = ("optimizer", "learning_rate", "activation")
    with tf.summary.create_file_writer(str(logdir)).as_default():
        hparams.hparams_config(hparams=[hparams.HParam(name) for name in names], metrics=METRICS)


def log(training: Training) -> None:
    """Say to the default writer which hyper-parameters this run has."""
    hparams.hparams(training.hyperparameters, trial_id=training.name)
