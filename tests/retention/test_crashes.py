"""Prunings that are killed or interrupted, and that meet full disks, missing rights and changing files."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner
from logs_to_prune import aged, others, payloads, temporary_files, write_long

from tb_gradhealth.analysis import load
from tb_gradhealth.cli import main
from tb_gradhealth.retention.archive import digests
from tb_gradhealth.retention.temporary import temporary_file

SCRIPT = Path(__file__).parents[1] / "support" / "pruning.py"


def pruned(*arguments):
    """Prune in this process."""
    return CliRunner().invoke(main, ["prune", *map(str, arguments)])


def script(*arguments):
    """Prune in a process that something happens to."""
    return subprocess.run(
        [sys.executable, SCRIPT, *map(str, arguments)], capture_output=True, text=True, timeout=300
    )


def contents(logs):
    return {path.relative_to(logs): path.read_bytes() for path in logs.rglob("*tfevents*")}


def make_logs(logs):
    """An old run with two kinds of files, and a long one."""
    write_long(logs / "a", count=5)
    write_long(logs / "a", count=5, shared=True)
    write_long(logs / "b", count=100, bad=range(40, 42))
    return logs


@pytest.mark.parametrize(
    "options",
    [
        ["--thin", "10"],
        ["--keep-days", "30"],
        ["--keep-days", "30", "--archive", "LOGS/a.tar.zst"],
    ],
    ids=["thin", "remove", "archive"],
)
def test_a_kill_at_any_time_leaves_the_old_or_the_new_state(tmp_path, options):
    logs = make_logs(tmp_path / "logs")
    options = [*options, "--shared-files", "--apply"]
    before, foreign = contents(logs), {path: others(logs / path) for path in contents(logs)}
    killed = script("killed", logs, tmp_path / "copies", "LOGS", *options)
    assert killed.returncode == 0, killed.stderr
    kills, code = map(int, killed.stdout.split())
    assert kills > 8
    assert code == 0
    whole = tmp_path / "copies" / str(kills + 1) / "logs"
    after = contents(whole)
    assert after != before
    assert all(others(whole / path) == foreign[path] for path in after)
    for number in range(1, kills + 1):
        copy = tmp_path / "copies" / str(number) / "logs"
        archive = copy / "a.tar.zst"
        left = contents(copy)
        for path in before:
            assert left.get(path) in (before[path], after.get(path))
            if path not in left and "archive" in str(options):
                assert str(path) in digests(str(archive))
        if number == 1 or left != before:
            assert all(run.problems == () for run in load(copy).values())
        again = pruned(copy, *[option.replace("LOGS", str(copy)) for option in options])
        assert again.exit_code == 0, again.output
        assert contents(copy) == after
        assert not temporary_files(copy)


def test_ctrl_c_leaves_no_half_file(tmp_path):
    logs = make_logs(tmp_path)
    before = contents(logs)
    done = script("interrupted", logs, "--thin", 10, "--apply")
    assert done.returncode == 130
    assert "Interrupted: 0 runs were finished" in done.stderr
    assert contents(logs) == before
    assert not temporary_files(logs)


def test_a_copy_that_another_pruning_writes_is_not_removed(tmp_path):
    write_long(tmp_path / "run", count=20)
    with temporary_file(str(tmp_path / "run")) as (path, _):
        assert pruned(tmp_path, "--keep-days", 1, "--apply").exit_code == 0
        assert temporary_files(tmp_path) == [Path(path)]
    abandoned = tmp_path / "run" / ".gradhealth-prune-x.tmp"
    abandoned.write_bytes(b"half")
    assert pruned(tmp_path, "--keep-days", 1).exit_code == 0
    assert abandoned.exists()
    assert pruned(tmp_path, "--keep-days", 1, "--apply").exit_code == 0
    assert not abandoned.exists()


def test_a_full_disk_changes_nothing(tmp_path):
    logs = make_logs(tmp_path)
    before = contents(logs)
    done = script("full", 3000, logs, "--thin", 10, "--apply")
    assert done.returncode == 2
    (line,) = done.stderr.splitlines()
    assert line.startswith("b: failed: ")
    assert "File too large" in line
    done = script("full", 500, logs, "--keep-days", 1, "--archive", tmp_path / "x.tar.zst", "--apply")
    assert done.returncode == 2
    assert "x.tar.zst: File too large; nothing was changed" in done.stderr
    assert contents(logs) == before
    assert sorted(path.name for path in logs.iterdir()) == ["a", "b"]


@pytest.mark.parametrize("what", ["folder", "file"])
def test_missing_rights_give_one_line(tmp_path, what):
    logs = tmp_path / "logs"
    file = write_long(logs / "run")
    write_long(logs / "other")
    for folder in (logs, *logs.parents):
        if Path("/tmp") in folder.parents:
            folder.chmod(0o755)
    target = file.parent if what == "folder" else file
    target.chmod(0o555 if what == "folder" else 0)
    before = file.read_bytes() if os.getuid() == 0 else None
    try:
        done = script("unprivileged", logs, "--thin", 10, "--apply")
    finally:
        target.chmod(0o755)
    assert done.returncode == 2
    assert "ermission denied" in done.stderr
    assert "Traceback" not in done.stderr
    assert before in (None, file.read_bytes())
    assert not temporary_files(logs)


def test_a_file_that_grows_meanwhile_is_given_up(tmp_path, monkeypatch):
    file = write_long(tmp_path / "run")
    fsync = os.fsync

    def grow(descriptor):
        with file.open("ab") as writer:
            writer.write(b"more")
        aged(file)
        fsync(descriptor)

    monkeypatch.setattr(os, "fsync", grow)
    before = file.read_bytes()
    result = pruned(tmp_path, "--thin", 10, "--apply")
    assert result.exit_code == 1
    assert f"run: left: {file}: was changed meanwhile" in result.stderr
    assert file.read_bytes() == before + b"more"
    assert not temporary_files(tmp_path)


def test_a_file_that_is_open_for_writing_is_left_alone(tmp_path):
    file = write_long(tmp_path / "run")
    before = payloads(file)
    with file.open("ab"):
        result = pruned(tmp_path, "--keep-days", 1, "--apply")
    assert "run: is open for writing in another program" in result.stdout
    assert result.exit_code == 0
    assert payloads(file) == before
    with file.open("rb"):
        assert pruned(tmp_path, "--keep-days", 1, "--apply").exit_code == 0
    assert not file.exists()


def test_a_file_that_was_written_recently_is_left_alone(tmp_path):
    file = write_long(tmp_path / "run")
    os.utime(file)
    result = pruned(tmp_path, "--keep-days", 1, "--apply")
    assert "run: was written within the last 15 minutes" in result.stdout
    assert file.exists()
    assert pruned(tmp_path, "--keep-days", 1, "--apply", "--idle-minutes", 0).exit_code == 0
    assert not file.exists()


@pytest.mark.parametrize("linked", ["file", "folder"])
def test_links_are_not_followed(tmp_path, linked):
    outside, logs = tmp_path / "outside", tmp_path / "logs"
    file = write_long(outside / "run")
    logs.mkdir()
    if linked == "folder":
        (logs / "run").symlink_to(outside / "run")
    else:
        (logs / "run" / "gradhealth").mkdir(parents=True)
        (logs / "run" / "gradhealth" / file.name).symlink_to(file)
    before = file.read_bytes()
    result = pruned(logs, "--keep-days", 1, "--max-bytes", 1, "--apply")
    assert "run: is reached through a symbolic link" in result.stdout
    assert file.read_bytes() == before
    through_link = tmp_path / "link"
    through_link.symlink_to(outside)
    assert pruned(through_link, "--keep-days", 1, "--apply").exit_code == 0
    assert not file.exists()
