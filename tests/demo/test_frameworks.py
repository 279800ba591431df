"""The demo in each framework: every fault is named in its layer, and nothing imports another framework."""

import json
import subprocess
import sys

import pytest
from command import gradhealth

pytestmark = pytest.mark.training

FINDINGS = {
    "vanishing_sigmoid": ("vanishing-gradient", "hidden_0"),
    "exploding_rnn": ("exploding-gradient", "rnn"),
    "dead_relu": ("dead-units", "relu_1"),
    "spike_glare": ("activation-spike", "conv_0"),
    "nan_contrast": ("non-finite", "contrast"),
}
"""By run, the symptom and the layer of a likely origin. `tests/browser` trains the demo of TensorFlow."""

LAYERS = {"torch": {}, "jax": {"relu_1": "hidden_1"}}
"""Layers that have another name in a framework."""

FOREIGN = {"torch": {"tensorflow", "keras", "jax"}, "jax": {"tensorflow", "keras", "torch"}}

TRAIN = """
import sys
from tb_gradhealth.cli import main
main(sys.argv[1:], standalone_mode=False)
print(*{name.partition(".")[0] for name in sys.modules})
"""
"""The command in a process of its own, which prints the packages that it imported."""


@pytest.fixture(scope="module", params=FOREIGN)
def framework(request):
    return request.param


@pytest.fixture(scope="module")
def trained(framework, tmp_path_factory):
    """The log directory, and the packages that were imported."""
    logs = tmp_path_factory.mktemp(framework)
    command = ["demo", "--framework", framework, "--no-serve", "--logdir", logs]
    done = subprocess.run(
        [sys.executable, "-c", TRAIN, *command], capture_output=True, text=True, timeout=300
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return logs, set(done.stdout.splitlines()[-1].split())


@pytest.fixture(scope="module")
def runs(trained):
    report = gradhealth("check", trained[0], "--format", "json")
    assert report.returncode == 1, report.stderr
    return {run["run"]: run for run in json.loads(report.stdout)["runs"]}


def test_no_other_framework_is_imported(framework, trained):
    assert framework in trained[1]
    assert not trained[1] & FOREIGN[framework]


def test_every_fault_is_named_and_the_healthy_run_is_healthy(framework, runs):
    assert set(runs) == {*FINDINGS, "healthy_cnn"}
    assert runs["healthy_cnn"]["verdict"] == "healthy"
    assert [run["problems"] for run in runs.values()] == [[]] * 6
    for name, (symptom, layer) in FINDINGS.items():
        layer = LAYERS[framework].get(layer, layer)
        origins = [(each["symptom"], each["layer"]) for each in runs[name]["findings"] if each["origin"]]
        assert origins[0] == (symptom, layer), name
        assert runs[name]["verdict"] in ("warning", "critical"), name


@pytest.mark.parametrize(("name", "step"), [("spike_glare", 467), ("nan_contrast", 343)])
def test_planted_steps_are_found_exactly(runs, name, step):
    assert runs[name]["findings"][0]["opened_step"] == step


def test_advice_is_in_the_words_of_the_framework(framework, runs):
    assert {each["framework"] for run in runs.values() for each in run["findings"]} == {framework}
    words = {"torch": "nn.ReLU", "jax": "jax.nn.relu"}
    assert words[framework] in runs["vanishing_sigmoid"]["incidents"][0]["text"]


def test_hyper_parameters_are_recorded(runs):
    assert runs["dead_relu"]["hparams"] == {"optimizer": "SGD", "learning_rate": 0.05, "activation": "relu"}
    assert all(set(run["hparams"]) == {"optimizer", "learning_rate", "activation"} for run in runs.values())
