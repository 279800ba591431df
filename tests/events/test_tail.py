import os
import tracemalloc

import pytest

from tb_gradhealth.events import tail as tail_module
from tb_gradhealth.events.framing import Fault, Frame
from tb_gradhealth.events.tail import Tail


@pytest.fixture
def content(log, table):
    log.table(table)
    for step in range(3):
        log.record(table, step)
    return log.path.read_bytes()


def payloads(items):
    return [item.payload for item in items if isinstance(item, Frame)]


def test_a_file_that_grows_byte_by_byte_gives_each_record_once(tmp_path, content):
    path = tmp_path / "growing"
    path.touch()
    whole = Tail(str(path))
    found = []
    with path.open("ab", buffering=0) as file:
        for byte in content:
            file.write(bytes([byte]))
            found += payloads(whole.read())
    assert found == payloads(Tail(str(path)).read())
    assert len(found) == 5


@pytest.mark.parametrize("chunk", [1, 13, 100, 1000])
def test_the_size_of_the_pieces_does_not_matter(tmp_path, content, monkeypatch, chunk):
    path = tmp_path / "file"
    path.write_bytes(content)
    expected = payloads(Tail(str(path)).read())
    monkeypatch.setattr(tail_module, "CHUNK", chunk)
    assert payloads(Tail(str(path)).read()) == expected


def test_nothing_is_read_twice(log, content):
    tail = Tail(str(log.path))
    assert len(payloads(tail.read())) == 5
    assert tail.state() == "same"
    assert list(tail.read()) == []


@pytest.mark.parametrize(
    ("become", "state"),
    [
        (lambda path, content: path.write_bytes(content + content), "grown"),
        (lambda path, content: path.write_bytes(content[:50]), "replaced"),
        (lambda path, content: path.write_bytes(b"x" + content[1:] + content), "replaced"),
        (
            lambda path, content: (
                path.with_name("new").write_bytes(content) and os.replace(path.with_name("new"), path)
            ),
            "replaced",
        ),
        (lambda path, content: path.unlink(), "gone"),
    ],
    ids=["appended", "shorter", "begins differently", "another file", "removed"],
)
def test_the_state_of_a_changed_file(log, content, become, state):
    tail = Tail(str(log.path))
    list(tail.read())
    become(log.path, content)
    assert tail.state() == state


def test_nothing_after_a_damaged_length_is_read(log, content):
    log.append_bytes(b"\xff" * 20)
    tail = Tail(str(log.path))
    items = list(tail.read())
    assert len(payloads(items)) == 5
    assert [item.offset for item in items if isinstance(item, Fault)] == [len(content)]
    log.append_bytes(content)
    assert list(tail.read()) == []


def test_a_file_that_ends_in_zeros_is_unfinished(log, content):
    log.append_bytes(bytes(10_000))
    tail = Tail(str(log.path))
    assert payloads(tail.read()) == payloads(Tail(str(log.path)).read())
    assert not [item for item in tail.read() if isinstance(item, Fault)]
    assert tail.unfinished == len(content)


@pytest.mark.parametrize("size", range(1, 60))
def test_bytes_that_arrive_after_their_size_are_read(log, table, content, size):
    """On a shared disk the end of a file can read as zeros for a moment."""
    log.record(table, 7)
    log.record(table, 8)
    whole = log.path.read_bytes()
    expected = payloads(Tail(str(log.path)).read())
    # The zeros begin in the middle of a record, between records, in lengths and in checksums.
    begin = len(content) + (len(whole) - len(content)) * size // 60
    log.path.write_bytes(whole[:begin] + bytes(len(whole) - begin))
    tail = Tail(str(log.path))
    found = list(tail.read())
    assert not [item for item in found if isinstance(item, Fault)]
    assert tail.unfinished is not None
    log.path.write_bytes(whole)
    assert payloads(found) + payloads(tail.read()) == expected
    assert tail.unfinished is None


def test_zeros_followed_by_other_bytes_are_damage(log, table, content):
    log.append_bytes(bytes(5_000))
    log.record(table, 7)
    assert [item.offset for item in Tail(str(log.path)).read() if isinstance(item, Fault)] == [len(content)]


def test_a_record_above_the_size_limit_is_skipped(log, table, content, monkeypatch, write):
    log.append(write.tensor_event("somebody/else", [1.0] * 1000))
    log.record(table, 7)
    expected = payloads(Tail(str(log.path)).read())
    monkeypatch.setattr(tail_module, "MAX_RECORD_BYTES", 2000)
    monkeypatch.setattr(tail_module, "CHUNK", 100)
    assert payloads(Tail(str(log.path)).read()) == expected[:-2] + expected[-1:]


def test_an_incomplete_record_above_the_size_limit_is_skipped_when_complete(
    log, table, content, monkeypatch, write
):
    monkeypatch.setattr(tail_module, "MAX_RECORD_BYTES", 2000)
    monkeypatch.setattr(tail_module, "CHUNK", 100)
    log.append(write.tensor_event("somebody/else", [1.0] * 1000))
    log.record(table, 7)
    whole = log.path.read_bytes()
    log.path.write_bytes(whole[: len(content) + 1000])
    tail = Tail(str(log.path))
    assert len(payloads(tail.read())) == 5
    with log.path.open("ab") as file:
        file.write(whole[len(content) + 1000 :])
    assert len(payloads(tail.read())) == 1


@pytest.mark.slow
def test_memory_does_not_grow_with_the_file(log, content):
    size = log.path.stat().st_size
    with log.path.open("ab") as file:
        for _ in range(32_000_000 // size):
            file.write(content)
    tracemalloc.start()
    try:
        count = sum(1 for _ in Tail(str(log.path)).read())
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert count > 10_000
    assert peak < 12 * tail_module.CHUNK


def test_a_named_pipe_does_not_block(tmp_path):
    os.mkfifo(tmp_path / "events.out.tfevents.pipe")
    with pytest.raises(OSError, match="not a regular file"):
        list(Tail(str(tmp_path / "events.out.tfevents.pipe")).read())


@pytest.mark.parametrize("half", [0, 7, 40])
def test_zeros_longer_than_one_read_are_handled_alike(log, table, content, monkeypatch, half):
    for step in range(40):
        log.record(table, step)
    whole = log.path.read_bytes()
    expected = payloads(Tail(str(log.path)).read())
    monkeypatch.setattr(tail_module, "CHUNK", 200)
    begin = len(content) + half
    log.path.write_bytes(whole[:begin] + bytes(len(whole) - begin))
    tail = Tail(str(log.path))
    found = list(tail.read())
    assert not [item for item in found if isinstance(item, Fault)]
    log.path.write_bytes(whole)
    assert payloads(found) + payloads(tail.read()) == expected


def test_a_damaged_file_that_is_repaired_in_place_is_read_again(log, content):
    damaged = bytearray(content)
    damaged[-20] ^= 1
    log.path.write_bytes(damaged)
    tail = Tail(str(log.path))
    assert [item for item in tail.read() if isinstance(item, Fault)]
    assert tail.state() == "same"
    log.path.write_bytes(content)
    assert tail.state() == "replaced"


def test_a_file_replaced_after_its_state_was_read_is_not_read(log, table, content, tmp_path):
    tail = Tail(str(log.path))
    assert len(payloads(tail.read())) == 5
    known = tail._storage.status(str(log.path))
    other = tmp_path / "other"
    other.write_bytes(content * 3)
    os.replace(other, log.path)
    assert list(tail.read(known)) == []
    assert tail.state() == "replaced"
