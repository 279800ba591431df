"""`gradhealth score --random` over a few real trainings: the pipeline is tested here, not the score."""

import json
import os
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

import numpy as np
import pytest
from click.testing import CliRunner
from command import gradhealth

from tb_gradhealth.cli import main
from tb_gradhealth.cli.framework import environment

SEED, COUNT = 91, 12  # a draw of small networks, eight architectures among them
WORKERS = min(2, os.cpu_count() or 1)

pytestmark = pytest.mark.training


def score(logdir, *arguments):
    options = ("--random", COUNT, "--seed", SEED, "--logdir", logdir, "--workers", WORKERS)
    return gradhealth("score", *options, *arguments)


@pytest.fixture(scope="module")
def logdir(tmp_path_factory):
    return tmp_path_factory.mktemp("score") / "zoo"


@pytest.fixture(scope="module")
def scored(logdir):
    """The trainings, trained and scored: what was printed, and the JSON."""
    report = logdir.with_suffix(".json")
    done = score(logdir, "--json", str(report), "--list-errors")
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout, json.loads(report.read_text())


def files(logdir):
    return sorted(path for path in logdir.rglob("*") if path.is_file())


def notes(logdir):
    return [json.loads(path.read_text()) for path in files(logdir) if path.name == "training.json"]


def test_every_training_is_in_the_score(scored, logdir):
    printed, board = scored
    assert f"## {COUNT} random trainings, seed {SEED}, all" in printed
    assert board["failures"] == []
    assert board["healthy"]["flagged"]["trials"] + board["broken"] + board["undecided"] == COUNT
    assert [note["index"] for note in notes(logdir)] == list(range(COUNT))


def test_what_is_trained_already_is_only_judged_again(scored, logdir):
    before = {path: path.stat().st_mtime_ns for path in files(logdir)}
    part = score(logdir, "--part", "tuning")
    assert part.returncode == 0, part.stdout + part.stderr
    assert {path: path.stat().st_mtime_ns for path in files(logdir)} == before
    assert "the tuning part" in part.stdout


def test_a_training_comes_out_the_same_again(scored, logdir, tmp_path, monkeypatch):
    for name, value in environment().items():  # it says which kernels TensorFlow uses: to the last bit
        monkeypatch.setenv(name, value)
    cheapest = min(notes(logdir), key=lambda note: note["seconds"])["index"]
    with ProcessPoolExecutor(1, get_context("spawn")) as pool:
        pool.submit(_again, cheapest, tmp_path).result()
    first, again = (_measured(folder, cheapest) for folder in (logdir, tmp_path))
    np.testing.assert_array_equal(first.loss, again.loss)  # NaN equals NaN: some of them break
    np.testing.assert_array_equal(first.gradient, again.gradient)


def _again(index, logdir):
    from tb_gradhealth.demo.random_zoo.worker import train_drawn
    from tb_gradhealth.demo.zoo import worker

    worker.prepare()
    assert train_drawn(SEED, index, logdir).error == ""


def _measured(logdir, index):
    from tb_gradhealth.demo.random_zoo.measurements import FILE, Measurements
    from tb_gradhealth.demo.random_zoo.plan import run_name

    return Measurements.load(logdir / run_name(SEED, index) / FILE)


def test_a_training_that_fails_to_build_is_said_and_left_out(monkeypatch, tmp_path):
    from tb_gradhealth.demo.random_zoo import worker

    def fails(plan, folder):
        raise RuntimeError("the network fell over")

    monkeypatch.setattr(worker, "train", fails)
    outcome = worker.train_drawn(SEED, 0, tmp_path)
    assert "the network fell over" in outcome.error
    assert outcome.plan


def test_a_folder_that_no_training_made_is_left_alone(tmp_path):
    from tb_gradhealth.demo.random_zoo.worker import train_drawn

    folder = tmp_path / "random" / f"seed{SEED}" / "0000"
    folder.mkdir(parents=True)
    (folder / "precious").touch()
    with pytest.raises(FileExistsError, match="was not made by this command"):
        train_drawn(SEED, 0, tmp_path)


def test_the_list_is_drawn_without_training():
    listed = CliRunner().invoke(
        main, ["score", "--random", "30", "--seed", "1", "--part", "tuning", "--list"]
    )
    lines = listed.output.splitlines()
    assert 5 <= len(lines) <= 15
    assert all(" tuning " in line for line in lines)


def test_a_draw_takes_no_patterns():
    refused = CliRunner().invoke(main, ["score", "--random", "3", "--only", "dead_*"])
    assert (refused.exit_code, "draws its own trainings" in refused.output) == (2, True)
