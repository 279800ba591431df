"""A hyper-parameter search with KerasTuner that ends sick trials: `pip install keras-tuner`.

    python search_keras_tuner.py [LOGDIR]

A trial whose training gets a critical finding ends within a few records and gets the worst score.
"""

import sys
from pathlib import Path
from typing import Any

import keras
import keras_tuner
from sklearn.datasets import load_digits

import tb_gradhealth as gradhealth


class Tuner(keras_tuner.RandomSearch):  # type: ignore[misc]
    """Writes each trial into a run of its own."""

    def __init__(self, logdir: Path, **settings: Any) -> None:
        super().__init__(_model, "val_loss", directory=logdir, project_name="search", **settings)
        self._logdir = logdir

    def run_trial(self, trial: Any, *args: Any, **kwargs: Any) -> Any:
        """Train with a callback for this trial; a sick one gets the worst score."""
        callback = gradhealth.KerasCallback(self._logdir / f"trial_{trial.trial_id}", stop_on="critical")
        model = self.hypermodel.build(trial.hyperparameters)
        history = model.fit(*args, callbacks=[callback], **kwargs)
        return float("inf") if callback.stopped_by is not None else history.history["val_loss"][-1]


def _model(parameters: Any) -> Any:
    model = keras.Sequential([keras.Input((64,)), keras.layers.Dense(32, "relu"), keras.layers.Dense(10)])
    rate = parameters.Float("learning_rate", 1e-3, 1e4, sampling="log")
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(keras.optimizers.SGD(rate), loss)
    return model


def search(logdir: Path, trials: int = 12, epochs: int = 20) -> Tuner:
    """Search for the learning rate of a small network; each trial is a run of ``logdir``."""
    digits = load_digits()
    tuner = Tuner(logdir, max_trials=trials, seed=1, overwrite=True)
    tuner.search(
        digits.data.astype("float32") / 16, digits.target, epochs=epochs, validation_split=0.2, verbose=0
    )
    return tuner


if __name__ == "__main__":
    found = search(Path(sys.argv[1] if len(sys.argv) > 1 else "keras-tuner-logs"))
    print("best:", found.get_best_hyperparameters()[0].values)
