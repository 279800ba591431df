"""The archive: read by Python's tar and Zstandard, complete before anything is deleted."""

import os
import shutil
import subprocess
import tarfile

import pytest
import zstandard
from click.testing import CliRunner
from logs_to_prune import temporary_files, write_long

from tb_gradhealth.cli import main
from tb_gradhealth.retention import archive as archiving


def pruned(*arguments):
    return CliRunner().invoke(main, ["prune", *map(str, arguments)])


def test_the_archive_restores_every_file_byte_for_byte(tmp_path):
    logs, archive = tmp_path / "logs", tmp_path / "old.tar.zst"
    write_long(logs / "a", count=50)
    write_long(logs / "deep" / "b", count=50, shared=True)
    before = {path.relative_to(logs): path.read_bytes() for path in logs.rglob("*tfevents*")}
    options = (logs, "--keep-days", 1, "--shared-files", "--archive", archive)
    assert pruned(*options).exit_code == 0
    assert not archive.exists()
    assert pruned(*options, "--apply").exit_code == 0
    with (
        archive.open("rb") as file,
        zstandard.ZstdDecompressor().stream_reader(file) as plain,
        tarfile.open(fileobj=plain, mode="r|") as tar,
    ):
        tar.extractall(tmp_path / "restored", filter="data")
    restored = tmp_path / "restored"
    assert {path.relative_to(restored): path.read_bytes() for path in restored.rglob("*tfevents*")} == before
    shutil.copytree(restored, logs, dirs_exist_ok=True)
    assert {path.relative_to(logs): path.read_bytes() for path in logs.rglob("*tfevents*")} == before


@pytest.mark.parametrize("content", [b"", b"something else", "of another run"])
def test_an_existing_file_is_never_overwritten(tmp_path, content):
    logs, archive = tmp_path / "logs", tmp_path / "old.tar.zst"
    if isinstance(content, str):
        write_long(tmp_path / "more" / "x", count=20)
        assert pruned(tmp_path / "more", "--keep-days", 1, "--archive", archive, "--apply").exit_code == 0
        content = archive.read_bytes()
    archive.write_bytes(content)
    file = write_long(logs / "a", count=50)
    result = pruned(logs, "--keep-days", 1, "--archive", archive, "--apply")
    assert result.exit_code == 2
    assert "old.tar.zst: exists already and does not hold these files" in result.stderr
    assert archive.read_bytes() == content
    assert file.exists()


def test_a_damaged_archive_deletes_nothing(tmp_path, monkeypatch):
    file = write_long(tmp_path / "logs" / "a", count=50)
    fsync = os.fsync

    def damage(descriptor):
        path = os.readlink(f"/proc/self/fd/{descriptor}")
        with open(path, "r+b") as archive:
            archive.seek(200)
            archive.write(b"\0" * 20)
        fsync(descriptor)

    monkeypatch.setattr(os, "fsync", damage)
    result = pruned(tmp_path / "logs", "--keep-days", 1, "--archive", tmp_path / "a.tar.zst", "--apply")
    assert result.exit_code == 2
    assert "Traceback" not in result.output
    assert isinstance(result.exception, SystemExit)
    assert file.exists()
    assert not (tmp_path / "a.tar.zst").exists()
    assert not temporary_files(tmp_path)


def test_the_archive_is_an_ordinary_one(tmp_path):
    file = write_long(tmp_path / "logs" / "a", count=20)
    size, mode = file.stat().st_size, file.stat().st_mode
    archive = tmp_path / "a.tar.zst"
    assert pruned(tmp_path / "logs", "--keep-days", 1, "--archive", archive, "--apply").exit_code == 0
    tar = subprocess.run(
        ["tar", "-tvf", "-"],
        input=zstandard.ZstdDecompressor().decompressobj().decompress(archive.read_bytes()),
        capture_output=True,
        check=True,
    )
    assert archive.stat().st_mode == mode
    assert str(size) in tar.stdout.decode()
    assert f"a/gradhealth/{file.name}" in tar.stdout.decode()
    assert archiving.digests(str(archive)).keys() == {f"a/gradhealth/{file.name}"}
