"""Log directories behind addresses are read as local ones are: fsspec's memory, and a real S3 server."""

import subprocess
import sys

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from remote_storage import memory_bucket, s3_bucket, s3_server

from tb_gradhealth.events import Root, RunReader, discover
from tb_gradhealth.events.storage import storage_of
from tb_gradhealth.events.tail import Tail
from tb_gradhealth.monitor import Monitor

FILE = "run/events.out.tfevents.1.host"


@pytest.fixture(params=["memory", "s3"])
def bucket(request, monkeypatch):
    if request.param == "memory":
        yield memory_bucket()
        return
    with s3_server(monkeypatch):
        yield s3_bucket()


@pytest.fixture
def content(log, table):
    """A run's event file with ten records, as bytes, and where each event ends."""
    ends = []
    log.table(table)
    for step in range(10):
        log.record(table, step)
        ends.append(log.path.stat().st_size)
    return log.path.read_bytes(), ends


class Watched:
    """A remote run as a monitor watches it."""

    def __init__(self, bucket, run="run"):
        self.bucket, self.run, self.reader = bucket, run, RunReader()

    def steps(self):
        return [record.step for record in self.reader.read(self.files())]

    def files(self):
        return discover([Root(self.bucket.root)]).runs[self.run]

    def messages(self):
        return [problem.message for problem in self.reader.problems()]


def test_runs_are_found_and_named_as_local_ones_are(bucket, tmp_path):
    names = ["events.out.tfevents.1", "a/events.out.tfevents.1", "a/b c/ü/x.tfevents.2", "a/notes.txt"]
    names += ["a/gradhealth/tfevents.3", "gradhealth/tfevents.4"]
    for name in names:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(b"x")
        bucket.put(name, b"x")
    for group in (None, "alpha"):
        local, remote = (discover([Root(root, group)]) for root in (str(tmp_path), bucket.root))
        assert [*remote.runs] == [*local.runs]
        for run in local.runs:
            told = [[(file.shown, file.recorder) for file in each.runs[run]] for each in (local, remote)]
            assert told[0] == told[1]
        assert remote.problems == remote.missing == ()


def test_a_growing_file_is_read_record_by_record(bucket, content):
    whole, ends = content
    watched, seen = Watched(bucket), []
    for end in ends:
        bucket.put(FILE, whole[: end - 3])
        seen += watched.steps()
        bucket.put(FILE, whole[:end])
        seen += watched.steps()
        assert watched.steps() == []
    assert seen == list(range(10))
    assert watched.messages() == []
    assert watched.reader.stale(watched.files()) is None


def test_only_what_is_new_is_asked_for(content, monkeypatch):
    bucket, (whole, ends) = memory_bucket(), content
    asked = []
    cat_file = type(bucket.system).cat_file

    def counting(self, path, start=None, end=None, **kwargs):
        asked.append((start, end))
        return cat_file(self, path, start, end, **kwargs)

    monkeypatch.setattr(type(bucket.system), "cat_file", counting)
    bucket.put(FILE, whole[: ends[8]])
    watched = Watched(bucket)
    watched.steps()
    asked.clear()
    assert watched.steps() == []
    assert asked == []
    bucket.put(FILE, whole)
    assert watched.steps() == [9]
    # The head tells that it is the same file.
    assert asked == [(0, 256), (ends[8], ends[9])]


def test_a_file_that_was_written_anew_is_noticed(bucket, content, write, tmp_path, table):
    bucket.put(FILE, content[0])
    watched = Watched(bucket)
    assert len(watched.steps()) == 10
    other = write.log(tmp_path / "other" / "events.out.tfevents.1.host")
    other.append(write.tensor_event("another", 1.0))
    other.table(table)
    for step in range(20):
        other.record(table, 100 + step)
    bucket.put(FILE, other.path.read_bytes())
    assert "replaced" in watched.reader.stale(watched.files()).message
    assert Watched(bucket).steps() == list(range(100, 120))


def test_a_listing_that_is_out_of_date_is_not_believed_at_once(content):
    bucket, (whole, ends) = memory_bucket(), content
    bucket.put(FILE, whole)
    watched = Watched(bucket)
    assert len(watched.steps()) == 10
    bucket.put(FILE, whole[: ends[5]])
    assert watched.reader.stale(watched.files()) is None
    assert watched.steps() == []
    bucket.put(FILE, whole)
    assert watched.reader.stale(watched.files()) is None
    assert watched.steps() == []
    bucket.put(FILE, whole[: ends[5]])
    assert watched.reader.stale(watched.files()) is None
    assert "replaced" in watched.reader.stale(watched.files()).message


def test_one_listing_is_believed_no_more_for_being_looked_at_twice(content):
    bucket, (whole, ends) = memory_bucket(), content
    bucket.put(FILE, whole)
    watched = Watched(bucket)
    assert len(watched.steps()) == 10
    bucket.put(FILE, whole[: ends[5]])
    files = watched.files()
    for _ in range(3):
        assert watched.reader.is_unchanged(files)
        assert watched.reader.stale(files) is None
        assert list(watched.reader.read(files)) == []
    assert "replaced" in watched.reader.stale(watched.files()).message


def test_a_file_that_a_listing_leaves_out_is_not_gone(content):
    bucket, (whole, _) = memory_bucket(), content
    bucket.put(FILE, whole)
    watched = Watched(bucket)
    assert len(watched.steps()) == 10
    assert watched.reader.stale([]) is None
    bucket.remove(FILE)
    assert "removed" in watched.reader.stale([]).message


def test_a_missing_directory_may_appear_later(bucket, content):
    assert discover([Root(bucket.root + "/later")]).missing == (bucket.root + "/later",)
    bucket.put("later/" + FILE, content[0])
    assert [*discover([Root(bucket.root + "/later")]).runs] == ["run"]


def test_a_file_in_place_of_a_directory_is_said(bucket):
    bucket.put("file", b"x")
    (problem,) = discover([Root(bucket.root + "/file")]).problems
    assert "is a file" in problem.message


@pytest.mark.parametrize(
    ("path", "says"),
    [
        ("gs://bucket/logs", "gcsfs"),
        ("nonsense://logs", "nonsense"),
    ],
)
def test_what_is_missing_is_named(path, says):
    found = discover([Root(path, "group")])
    (problem,) = found.problems
    assert problem.path == "group"
    assert says in problem.message
    assert found.unlisted == ("group",)


def test_without_fsspec_a_person_is_told_what_to_install():
    script = """
import sys
sys.modules["fsspec"] = None
from tb_gradhealth.events import Root, discover
print(discover([Root("s3://bucket/logs")]).problems[0].message)
"""
    told = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert told.stdout.strip().endswith("pip install 'tb_gradhealth[remote]'")


def test_whatever_a_storages_library_raises_is_an_error_of_the_file(monkeypatch):
    bucket = memory_bucket()
    bucket.put(FILE, b"x" * 100)

    def failing(self, path, **kwargs):
        raise ValueError("the token has expired")

    monkeypatch.setattr(type(bucket.system), "cat_file", failing)
    reader = RunReader()
    assert list(reader.read(discover([Root(bucket.root)]).runs["run"])) == []
    (problem,) = reader.problems()
    assert problem.path == FILE
    assert "the token has expired" in problem.message
    monkeypatch.undo()
    list(reader.read(discover([Root(bucket.root)]).runs["run"]))
    assert not any("token" in problem.message for problem in reader.problems())


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(cuts=st.lists(st.integers(0, 10_000), max_size=6))
def test_a_remote_file_gives_the_records_of_a_local_one_however_it_grows(content, tmp_path, cuts):
    whole, _ = content
    bucket, local = memory_bucket(), tmp_path / "local"
    address = f"{bucket.root}/{FILE}"
    tails = Tail(str(local)), Tail(address)
    for cut in [*sorted(min(cut, len(whole)) for cut in cuts), len(whole)]:
        local.write_bytes(whole[:cut])
        bucket.put(FILE, whole[:cut])
        assert list(tails[1].read()) == list(tails[0].read())
        assert (tails[1].offset, tails[1].unfinished) == (tails[0].offset, tails[0].unfinished)
    assert storage_of(address).status(address).size == len(whole)


def test_a_smaller_file_in_its_place_is_noticed_however_often_one_asks(bucket, content, tmp_path):
    whole, ends = content
    bucket.put(FILE, whole)
    monitor = Monitor([Root(bucket.root)])
    monitor.refresh()
    bucket.put(FILE, whole[: ends[2]])
    for _ in range(3):
        monitor.refresh()
    with monitor.snapshot() as watched:
        (run,) = watched.runs.values()
        assert run.health.summary().records == 3
        assert ["was replaced by another file" in problem.message for problem in run.problems()] == [True]
