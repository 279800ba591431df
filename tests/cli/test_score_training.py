"""`gradhealth score` over a few real trainings of the zoo."""

import json
import os

import pytest
from command import gradhealth

HEALTHY = (
    "relu_cnn_filters8_depth1_adam_seed0",
    "residual_batchnorm_blocks1_seed0",
    "transformer_tokens_depth1_seed0",
    "lstm_noise_seed0",
    "autoencoder_dense_seed0",
    "gan_iris_width24_seed1",
    "solved_linear_sgd_seed1",
    "mixed_bfloat16_dense_seed0",
    "fine_tuning_width48_unfrozen_seed1",
)
BROKEN = {
    "non_finite_one_pixel_seed0": "non-finite",
    "non_finite_division_seed4": "non-finite",
    "vanishing_sigmoid_depth12_seed2": "vanishing-gradient",
    "vanishing_relu_gain0.1_seed8": "vanishing-gradient",
    "exploding_rnn_deviation0.5_seed1": "exploding-gradient",
    "dead_units_start95_seed2": "dead-units",
    "dead_units_shock80_seed4": "dead-units",
    "spike_activation_glare40_seed1": "activation-spike",
}


def score(logdir, *arguments):
    return gradhealth("score", "--logdir", logdir, *arguments)


@pytest.fixture(scope="module")
def logdir(tmp_path_factory):
    return tmp_path_factory.mktemp("score") / "zoo"


@pytest.fixture(scope="module")
def board(logdir):
    """The score of the trainings, as the command writes it."""
    only = [argument for name in (*HEALTHY, *BROKEN) for argument in ("--only", name)]
    report = logdir.with_suffix(".json")
    workers = str(min(2, os.cpu_count() or 1))
    done = score(logdir, *only, "--workers", workers, "--json", str(report))
    assert done.returncode == 0, done.stdout + done.stderr
    return json.loads(report.read_text())


@pytest.mark.training
def test_no_healthy_training_is_flagged(board):
    assert board["healthy"]["flagged"]["trials"] == len(HEALTHY)
    assert board["healthy"]["flagged"]["hits"] == 0, board["false_alarms"]


@pytest.mark.training
@pytest.mark.parametrize("symptom", sorted(set(BROKEN.values())))
def test_what_is_badly_broken_is_found_soon_and_in_its_layer(board, symptom):
    (row,) = [row for row in board["symptoms"] if row["symptom"] == symptom]
    assert row["recall"]["trials"] == list(BROKEN.values()).count(symptom)
    assert row["recall"]["share"] == 1, board["misses"]
    assert row["layer_named"]["share"] in (1, None)
    assert row["median_delay"] <= 3


@pytest.mark.training
def test_what_is_trained_already_is_only_judged_again(board, logdir):
    name = HEALTHY[6]
    note = logdir / name / "training.json"
    before = note.stat().st_mtime_ns
    assert score(logdir, "--only", name, "--workers", "1").returncode == 0
    assert note.stat().st_mtime_ns == before
