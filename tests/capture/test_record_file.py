"""The record file without a framework: its frames, its errors, kills and forks."""

import signal
import subprocess
import sys

import pytest
import remote_storage
from tensorboard.backend.event_processing.event_file_loader import RawEventFileLoader
from tensorboard.compat.proto.event_pb2 import Event
from tensorboard.summary.writer.record_writer import RecordWriter

from tb_gradhealth.capture.writing import record_file
from tb_gradhealth.capture.writing.event_file import EventFile
from tb_gradhealth.capture.writing.record_file import LocalFile, open_record_file
from tb_gradhealth.events.framing import decode

RECORDS = [b"", b"a", bytes(range(256)) * 300]


def test_the_bytes_are_those_of_tensorboards_writer(tmp_path):
    ours = LocalFile(str(tmp_path / "new" / "folder"), "ours")
    with open(tmp_path / "theirs", "wb") as file:
        theirs = RecordWriter(file)
        for record in RECORDS:
            ours.write(record)
            theirs.write(record)
    ours.close()
    assert (tmp_path / "new" / "folder" / "ours").read_bytes() == (tmp_path / "theirs").read_bytes()


def test_tensorboard_reads_the_events(tmp_path):
    file = EventFile(str(tmp_path), LocalFile)
    file.add("tag", [1.5, 2.5], 7, None)
    (path,) = tmp_path.iterdir()
    events = [Event.FromString(raw) for raw in RawEventFileLoader(str(path)).Load()]
    assert events[0].file_version == "brain.Event:2"
    assert (events[1].step, events[1].summary.value[0].tag) == (7, "tag")
    assert path.stat().st_size == file.size
    file.close()


def test_a_record_is_readable_before_any_flush_and_after_a_kill(tmp_path):
    program = (
        "import os, signal; from tb_gradhealth.capture.writing.record_file import LocalFile\n"
        f"LocalFile({str(tmp_path)!r}, 'file').write(b'content'); os.kill(os.getpid(), signal.SIGKILL)"
    )
    assert subprocess.run([sys.executable, "-c", program]).returncode == -signal.SIGKILL
    assert [frame.payload for frame in decode((tmp_path / "file").read_bytes(), 0).frames] == [b"content"]


def test_a_forked_process_that_ends_writes_nothing(tmp_path):
    program = (
        "import os, sys; from tb_gradhealth.capture.writing.record_file import LocalFile\n"
        f"file = LocalFile({str(tmp_path)!r}, 'file'); file.write(b'parent')\n"
        "child = os.fork()\n"
        "if child == 0: del file; sys.exit(0)\n"
        "os.waitpid(child, 0); file.write(b'parent'); file.close()"
    )
    subprocess.run([sys.executable, "-c", program], check=True)
    frames = decode((tmp_path / "file").read_bytes(), 0).frames
    assert [frame.payload for frame in frames] == [b"parent"] * 2


def test_errors_are_os_errors_with_a_reason(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(OSError, match=r"exists|Not a directory"):
        LocalFile(str(tmp_path / "file"), "name")
    with pytest.raises(OSError, match="unknown"):
        open_record_file("unknown://bucket/logs", "name")
    closed = LocalFile(str(tmp_path), "closed")
    closed.close()
    with pytest.raises(OSError, match="closed"):
        closed.write(b"more")


def test_a_full_disk_is_an_os_error(tmp_path):
    (tmp_path / "full").symlink_to("/dev/full")
    with pytest.raises(OSError, match="No space left"):
        LocalFile(str(tmp_path), "full").write(b"record")


def test_remote_storage(monkeypatch):
    uploads = []
    with remote_storage.s3_server(monkeypatch) as server:
        bucket = remote_storage.s3_bucket()

        def content():
            bucket.system.invalidate_cache()
            (path,) = bucket.system.find(bucket.root)
            uploads.append(bucket.system.cat_file(path))
            return [frame.payload for frame in decode(uploads[-1], 0).frames]

        file = open_record_file(bucket.root, "file")
        file.write(b"first")
        file.flush()
        assert content() == [b"first"]
        monkeypatch.setattr(record_file.time, "monotonic", lambda: 0.0)  # no time passes
        file.write(b"second")
        file.flush()
        assert content() == [b"first"], "uploads take a small share of the time"
        file.close()
        assert content() == [b"first", b"second"]
        assert uploads[-1].startswith(uploads[0])
        file.write(b"third")
        server.stop()
        with pytest.raises(OSError, match=r"."):
            file.close()
        server.start()
