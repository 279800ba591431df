"""A hyper-parameter search with Optuna that prunes sick trials: `pip install optuna`.

    python search_optuna.py [LOGDIR]

A trial whose training gets a critical finding ends within a few records instead of after all epochs.
"""

import sys
from pathlib import Path
from typing import Any

import keras
import optuna
from sklearn.datasets import load_digits

import tb_gradhealth as gradhealth


def search(logdir: Path, trials: int = 12, epochs: int = 20) -> "optuna.Study":
    """Search for the learning rate of a small network; each trial is a run of ``logdir``."""
    digits = load_digits()
    x, y = digits.data.astype("float32") / 16, digits.target

    def objective(trial: Any) -> float:
        model = keras.Sequential([keras.Input((64,)), keras.layers.Dense(32, "relu"), keras.layers.Dense(10)])
        loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
        rate = trial.suggest_float("learning_rate", 1e-3, 1e4, log=True)
        model.compile(keras.optimizers.SGD(rate), loss)
        callback = gradhealth.KerasCallback(logdir / f"trial_{trial.number:03d}", stop_on="critical")
        history = model.fit(x, y, epochs=epochs, validation_split=0.2, verbose=0, callbacks=[callback])
        if callback.stopped_by is not None:
            trial.set_user_attr("finding", callback.stopped_by.message)
            raise optuna.TrialPruned(callback.stopped_by.message)
        return float(history.history["val_loss"][-1])

    study = optuna.create_study(sampler=optuna.samplers.RandomSampler(seed=1))
    study.optimize(objective, n_trials=trials)
    return study


if __name__ == "__main__":
    found = search(Path(sys.argv[1] if len(sys.argv) > 1 else "optuna-logs"))
    print(f"best: {found.best_params}, validation loss {found.best_value:.3f}")
