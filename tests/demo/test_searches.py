"""The hyper-parameter searches end their sick trials early, and only these."""

import warnings

import optuna
import pytest

import tb_gradhealth as gradhealth
from tb_gradhealth.demo import search_keras_tuner, search_optuna

pytestmark = pytest.mark.training


@pytest.fixture(autouse=True)
def _quiet():
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="tb_gradhealth stops the training")
        warnings.filterwarnings("ignore", category=DeprecationWarning)
        yield


def test_optuna_prunes_exactly_the_sick_trials(tmp_path):
    study = search_optuna.search(tmp_path, trials=2, epochs=12)
    runs = gradhealth.load(tmp_path)
    pruned = {
        f"trial_{trial.number:03d}" for trial in study.trials if trial.state == optuna.trial.TrialState.PRUNED
    }
    assert pruned == {"trial_001"}  # its learning rate is above 1,000
    assert {name for name, run in runs.items() if run.verdict == "critical"} == pruned
    steps = {name: run.statistics("loss", ["mean"]).steps[-1] for name, run in runs.items()}
    assert steps["trial_001"] < steps["trial_000"]


def test_keras_tuner_gives_sick_trials_the_worst_score(tmp_path):
    tuner = search_keras_tuner.search(tmp_path, trials=4, epochs=12)
    scores = {
        trial.trial_id: trial.metrics.get_best_value("default_objective")
        if trial.metrics.exists("default_objective")
        else trial.score
        for trial in tuner.oracle.trials.values()
    }
    runs = gradhealth.load(tmp_path)
    sick = {name.removeprefix("trial_") for name, run in runs.items() if run.verdict == "critical"}
    assert {identity for identity, score in scores.items() if score == float("inf")} == sick
    assert 0 < len(sick) < 4
