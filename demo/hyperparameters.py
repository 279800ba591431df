"""Writes what the HParams tab shows: each run's hyperparameters, and its health as metrics.

TensorBoard makes the events, and `EventFile` of Grad Health stores them: no framework is needed.
"""

from pathlib import Path
from typing import Any

from tensorboard.plugins.hparams.summary_v2 import HParam, Metric, hparams_config_pb, hparams_pb

from tb_gradhealth.capture.writing.event_file import EventFile
from tb_gradhealth.capture.writing.record_file import open_record_file
from tb_gradhealth.demo.trainings import Training

# The group of a metric is the folder below the run that its scalar is written to.
METRICS = [
    Metric("gradhealth/critical", group="gradhealth", display_name="critical findings"),
    Metric("gradhealth/warnings", group="gradhealth", display_name="warnings"),
]


def announce(logdir: Path, *metrics: Metric) -> None:
    """Write the columns of the HParams table, once per log directory.

    Args:
        logdir: the log directory.
        *metrics: further columns.
    """
    names = ("optimizer", "learning_rate", "activation")
    _write(logdir, hparams_config_pb([HParam(name) for name in names], [*METRICS, *metrics]))


def log(training: Training, log_dir: Path) -> None:
    """Write the hyperparameters of a run."""
    values = {
        "optimizer": training.optimizer,
        "learning_rate": training.learning_rate,
        "activation": training.activation,
    }
    _write(log_dir, hparams_pb(values, trial_id=training.name))


def _write(folder: Path, summary: Any) -> None:
    file = EventFile(str(folder), open_record_file)
    for value in summary.value:
        file.add(value.tag, 0.0, 0, value.metadata)
    file.close()
