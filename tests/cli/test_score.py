"""`gradhealth score` without training; ``test_score_training.py`` trains."""

import json
from collections import Counter

import pytest
from click.testing import CliRunner

from tb_gradhealth.cli import main
from tb_gradhealth.demo.zoo.cases import UNSPOKEN
from tb_gradhealth.demo.zoo.catalogue import catalogue
from tb_gradhealth.demo.zoo.reseeding import HELD_OUT
from tb_gradhealth.scoring.case import SYMPTOM_IDS

CASES = """
from types import SimpleNamespace

CASES = {
    "wrong": SimpleNamespace(labels={"dead_relu"}, also_ok={"not_learning"}, scored=True),
    "unscored": SimpleNamespace(labels=set(), also_ok=set(), scored=False),
}


def build_and_train(name, factory):
    raise RuntimeError("the training fell over")
"""


def score(*arguments):
    return CliRunner().invoke(main, ["score", *map(str, arguments)])


def labels():
    return {name: entry.training for name, entry in catalogue().items()}


def test_the_zoo_is_large_and_each_symptom_is_planted_in_it():
    trainings = labels().values()
    assert sum(training.case.healthy for training in trainings) >= 60
    assert sum(not training.case.healthy for training in trainings) >= 40
    planted = Counter(fault.symptom for training in trainings for fault in training.case.faults)
    assert set(planted) == SYMPTOM_IDS


def test_a_healthy_training_has_a_goal_and_a_broken_one_none():
    assert all((training.goal is not None) == training.case.healthy for training in labels().values())


def test_what_is_held_out_is_the_zoo_with_other_seeds_and_further_networks():
    entries = labels()
    zoo = {name for name in entries if not name.startswith(HELD_OUT)}
    again = {name.removeprefix(HELD_OUT) for name in entries if name.startswith(HELD_OUT)}
    assert zoo < again
    assert len(again - zoo) >= 20
    assert all(entries[HELD_OUT + name].seed != entries[name].seed for name in zoo)
    assert all(entries[HELD_OUT + name].case.faults == entries[name].case.faults for name in zoo)


def test_what_is_held_out_is_listed_only_if_it_is_asked_for():
    plain, more = score("--list").output.split(), score("--list", "--held-out").output.split()
    assert "held_out/bottleneck" in set(more) - set(plain)


def test_every_symptom_is_planted_in_more_than_one_dose():
    doses = {}
    for training in labels().values():
        for fault in training.case.faults:
            doses.setdefault(fault.symptom, set()).add(fault.dose)
    assert {symptom for symptom, seen in doses.items() if len(seen) < 2} == set()


def test_the_list_says_what_was_planted():
    listed = score("--list", "--only", "dead_layer_drowned*", "--only", "gan_iris*")
    assert [line.split(maxsplit=1) for line in listed.output.splitlines()] == [
        ["gan_iris_width24_seed1", "healthy"],
        ["dead_layer_drowned_seed2", "dead-layer (badly)"],
    ]


def test_a_pattern_without_trainings_is_refused():
    refused = score("--only", "nothing_like_it")
    assert (refused.exit_code, "no training has such a name" in refused.output) == (2, True)


@pytest.fixture
def cases(tmp_path):
    folder = tmp_path / "cases"
    folder.mkdir()
    (folder / "cases.py").write_text(CASES)
    return folder


def test_labels_of_a_folder_of_cases_are_read_in_their_own_words(cases):
    listed = score("--list", "--only", "cases/*", "--cases", cases)
    assert [line.split(maxsplit=1) for line in listed.output.splitlines()] == [
        ["cases/wrong", "dead-units (clearly)"]
    ]
    case = catalogue(cases)["cases/wrong"].training.case
    spoken = {"dead-units", "dead-layer", "loss-stalled", "loss-diverging"}
    assert case.expected == spoken | UNSPOKEN
    assert {"update-ratio", "dormant-units"} <= UNSPOKEN


@pytest.mark.training
def test_a_training_that_fails_is_said_and_left_out(cases, tmp_path):
    report = tmp_path / "score.json"
    run = score(
        "--cases", cases, "--only", "cases/*", "--logdir", tmp_path / "logs", "--json", report, "--workers", 1
    )
    assert run.exit_code == 1
    assert "cases/wrong failed and is not in the score" in run.output
    assert "the training fell over" in run.output
    assert json.loads(report.read_text())["symptoms"] == []


@pytest.mark.training
def test_a_folder_of_somebody_else_is_not_written_over(tmp_path):
    folder = tmp_path / "logs" / "solved_linear_sgd_seed1"
    folder.mkdir(parents=True)
    (folder / "precious").touch()
    run = score("--only", folder.name, "--logdir", folder.parent, "--workers", 1)
    assert (run.exit_code, "was not made by this command" in run.output.replace("\n", " ")) == (1, True)
    assert [path.name for path in folder.iterdir()] == ["precious"]
