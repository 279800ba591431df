"""`gradhealth prune`: what it prints, and how it exits."""

import json
import subprocess
import sys

import pytest
from click.testing import CliRunner
from logs_to_prune import temporary_files, write_long, write_troubled

from tb_gradhealth.cli import main


def prune(*arguments):
    return CliRunner().invoke(main, ["prune", *map(str, arguments)])


def test_nothing_is_changed_without_apply(tmp_path):
    file = write_long(tmp_path / "run")
    before = file.read_bytes(), file.stat()
    result = prune(tmp_path, "--thin", 10)
    assert result.exit_code == 0
    assert "Nothing was changed: add --apply." in result.stdout
    assert (file.read_bytes(), file.stat().st_mtime_ns) == (before[0], before[1].st_mtime_ns)
    assert not temporary_files(tmp_path)


def test_the_table_fits_into_eighty_columns_of_a_pipe(tmp_path):
    write_long(tmp_path / ("a_long_name_of_a_run/" * 4), count=120)
    write_long(tmp_path / "thin")
    done = subprocess.run(
        [sys.executable, "-m", "tb_gradhealth.cli", "prune", str(tmp_path), "--thin", "10"],
        capture_output=True,
        text=True,
        env={"PATH": "/usr/bin", "COLUMNS": "80"},
    )
    head, *lines, total = done.stdout.splitlines()
    assert head.split() == ["run", "age", "records", "kept", "ours", "others", "plan", "frees"]
    assert max(map(len, [head, *lines])) <= 80
    assert "\x1b" not in done.stdout
    thin = next(line.split() for line in lines if line.startswith("thin"))
    assert thin[3] == "400"
    assert int(thin[4]) < 200
    assert "can be freed" in total
    assert done.stderr == ""


def test_the_plan_and_its_outcome_as_json(tmp_path):
    file = write_long(tmp_path / "run")
    size = file.stat().st_size
    (planned,) = json.loads(prune(tmp_path, "--thin", 10, "--format", "json").stdout)["runs"]
    result = json.loads(prune(tmp_path, "--thin", 10, "--format", "json", "--apply").stdout)
    (run,) = result["runs"]
    assert result["schema"] == "gradhealth.prune/1"
    assert (run["action"], run["outcome"], planned["outcome"]) == ("thin", "done", None)
    assert {**planned, "outcome": "done", "age_days": run["age_days"]} == run
    assert run["bytes"] == result["bytes_before"] == size
    assert file.stat().st_size == result["bytes_after"] == size - run["frees"]
    assert run["age_days"] > 365


def test_the_total_is_made_to_fit(tmp_path):
    files = [write_long(tmp_path / name) for name in ("a", "b", "c")]
    limit = sum(file.stat().st_size for file in files) // 4
    result = prune(tmp_path, "--max-bytes", limit, "--apply")
    assert result.exit_code == 0
    assert sum(file.stat().st_size for file in files if file.exists()) <= limit
    assert "to fit --max-bytes" in result.stdout


def test_a_total_that_cannot_fit_is_exit_code_1(tmp_path):
    write_long(tmp_path / "shared", shared=True)
    result = prune(tmp_path, "--max-bytes", "1kB", "--apply")
    assert result.exit_code == 1
    assert "more than --max-bytes" in result.stdout


def test_a_run_that_would_be_judged_differently_is_left_alone(tmp_path, monkeypatch):
    # Without records around the findings, a run with many faults is judged differently.
    monkeypatch.setattr("tb_gradhealth.retention.trial.AROUND", (0,))
    monkeypatch.setattr("tb_gradhealth.retention.thinning.ENDS", 1)
    file = write_troubled(tmp_path / "run", 4, 300)
    before = file.read_bytes()
    result = prune(tmp_path, "--thin", 50, "--apply")
    assert "run: a thinned run would be judged differently" in result.stdout
    assert result.exit_code == 1
    assert file.read_bytes() == before


@pytest.mark.parametrize(
    ("size", "expected"),
    [("1000", 1000), ("2kB", 2000), ("1.5 MB", 1_500_000), ("2GiB", 2**31), ("3tb", 3 * 10**12), ("0", 0)],
)
def test_sizes(tmp_path, size, expected):
    result = json.loads(prune(tmp_path, "--max-bytes", size, "--format", "json").stdout)
    assert result["max_bytes"] == expected


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ([], "nothing to do: give --keep-days, --max-bytes or --thin"),
        (["--max-bytes", "big"], "'big' is no size"),
        (["--max-bytes", "-5"], "'-5' is no size"),
        (["--thin", "1"], "1 is not in the range"),
        (["--keep-days", "-1"], "-1.0 is not in the range"),
        (["--thin", "2", "--archive", "a.zip"], "FILE.tar.zst"),
        (["--thin", "2", "--archive", "nowhere/a.tar.zst"], "does not exist"),
    ],
)
def test_wrong_usage_is_one_sentence(tmp_path, arguments, sentence):
    result = prune(tmp_path, *arguments)
    assert result.exit_code == 2
    assert sentence in result.stderr


@pytest.mark.parametrize(
    ("logdir", "sentence"),
    [
        ("s3://bucket/logs", "s3://bucket/logs is remote storage: only local directories can be pruned"),
        ("/nowhere/logs", "/nowhere/logs does not exist"),
        (__file__, "is not a directory"),
    ],
)
def test_log_directories_that_cannot_be_pruned(logdir, sentence):
    result = prune(logdir, "--thin", 2)
    assert result.exit_code == 2
    assert sentence in result.stderr


def test_a_directory_without_our_data(tmp_path):
    result = prune(tmp_path, "--thin", 2, "--apply")
    assert (result.exit_code, result.stdout) == (0, "No run has data of Grad Health.\n")


def test_a_missing_zstandard_is_one_sentence(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "zstandard", None)
    result = prune(tmp_path, "--keep-days", 1, "--archive", tmp_path / "a.tar.zst")
    assert result.exit_code == 2
    assert "zstandard is not installed: pip install 'tb_gradhealth[archive]'" in result.stderr
