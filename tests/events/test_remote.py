"""Remote log directories in fsspec's memory storage and on an S3 server."""

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
    """The bytes of an event file with ten records, and the offset of each event's end."""
    ends = []
    log.table(table)
    for step in range(10):
        log.record(table, step)
        ends.append(log.path.stat().st_size)
    return log.path.read_bytes(), ends


class MonitoredFiles:
    """A remote run that is read incrementally, as by a monitor."""

    def __init__(self, bucket, run="run"):
        self.bucket, self.run, self.reader = bucket, run, RunReader()

    def steps(self):
        return [record.step for record in self.reader.read(self.files())]

    def files(self):
        return discover([Root(self.bucket.root)]).runs[self.run]

    def messages(self):
        return [problem.message for problem in self.reader.problems()]


def test_remote_runs_have_the_names_of_local_ones(bucket, tmp_path):
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
            listed = [[(file.shown, file.recorder) for file in each.runs[run]] for each in (local, remote)]
            assert listed[0] == listed[1]
        assert remote.problems == remote.missing == ()


def test_a_growing_file_is_read_record_by_record(bucket, content):
    whole, ends = content
    monitored, seen = MonitoredFiles(bucket), []
    for end in ends:
        bucket.put(FILE, whole[: end - 3])
        seen += monitored.steps()
        bucket.put(FILE, whole[:end])
        seen += monitored.steps()
        assert monitored.steps() == []
    assert seen == list(range(10))
    assert monitored.messages() == []
    assert monitored.reader.stale(monitored.files()) is None


def test_only_new_bytes_are_requested(content, monkeypatch):
    bucket, (whole, ends) = memory_bucket(), content
    requests = []
    cat_file = type(bucket.system).cat_file

    def counting(self, path, start=None, end=None, **kwargs):
        requests.append((start, end))
        return cat_file(self, path, start, end, **kwargs)

    monkeypatch.setattr(type(bucket.system), "cat_file", counting)
    bucket.put(FILE, whole[: ends[8]])
    monitored = MonitoredFiles(bucket)
    monitored.steps()
    requests.clear()
    assert monitored.steps() == []
    assert requests == []
    bucket.put(FILE, whole)
    assert monitored.steps() == [9]
    # The head is compared to identify the file.
    assert requests == [(0, 256), (ends[8], ends[9])]


def test_a_rewritten_file_is_replaced(bucket, content, write, tmp_path, table):
    bucket.put(FILE, content[0])
    monitored = MonitoredFiles(bucket)
    assert len(monitored.steps()) == 10
    other = write.log(tmp_path / "other" / "events.out.tfevents.1.host")
    other.append(write.tensor_event("another", 1.0))
    other.table(table)
    for step in range(20):
        other.record(table, 100 + step)
    bucket.put(FILE, other.path.read_bytes())
    assert "replaced" in monitored.reader.stale(monitored.files()).message
    assert MonitoredFiles(bucket).steps() == list(range(100, 120))


def test_an_outdated_listing_is_ignored_once(content):
    bucket, (whole, ends) = memory_bucket(), content
    bucket.put(FILE, whole)
    monitored = MonitoredFiles(bucket)
    assert len(monitored.steps()) == 10
    bucket.put(FILE, whole[: ends[5]])
    assert monitored.reader.stale(monitored.files()) is None
    assert monitored.steps() == []
    bucket.put(FILE, whole)
    assert monitored.reader.stale(monitored.files()) is None
    assert monitored.steps() == []
    bucket.put(FILE, whole[: ends[5]])
    assert monitored.reader.stale(monitored.files()) is None
    assert "replaced" in monitored.reader.stale(monitored.files()).message


def test_one_outdated_listing_counts_once(content):
    bucket, (whole, ends) = memory_bucket(), content
    bucket.put(FILE, whole)
    monitored = MonitoredFiles(bucket)
    assert len(monitored.steps()) == 10
    bucket.put(FILE, whole[: ends[5]])
    files = monitored.files()
    for _ in range(3):
        assert monitored.reader.is_unchanged(files)
        assert monitored.reader.stale(files) is None
        assert list(monitored.reader.read(files)) == []
    assert "replaced" in monitored.reader.stale(monitored.files()).message


def test_a_file_missing_from_a_listing_is_not_gone(content):
    bucket, (whole, _) = memory_bucket(), content
    bucket.put(FILE, whole)
    monitored = MonitoredFiles(bucket)
    assert len(monitored.steps()) == 10
    assert monitored.reader.stale([]) is None
    bucket.remove(FILE)
    assert "removed" in monitored.reader.stale([]).message


def test_a_missing_remote_directory_can_appear(bucket, content):
    assert discover([Root(bucket.root + "/later")]).missing == (bucket.root + "/later",)
    bucket.put("later/" + FILE, content[0])
    assert [*discover([Root(bucket.root + "/later")]).runs] == ["run"]


def test_a_file_in_place_of_a_directory_is_a_problem(bucket):
    bucket.put("file", b"x")
    (problem,) = discover([Root(bucket.root + "/file")]).problems
    assert "is a file" in problem.message


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("gs://bucket/logs", "gcsfs"),
        ("nonsense://logs", "nonsense"),
    ],
)
def test_a_missing_library_is_named(path, words):
    found = discover([Root(path, "group")])
    (problem,) = found.problems
    assert problem.path == "group"
    assert words in problem.message
    assert found.unlisted == ("group",)


def test_without_fsspec_the_message_names_the_package():
    script = """
import sys
sys.modules["fsspec"] = None
from tb_gradhealth.events import Root, discover
print(discover([Root("s3://bucket/logs")]).problems[0].message)
"""
    completed = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert completed.stdout.strip().endswith("pip install 'tb_gradhealth[remote]'")


def test_every_exception_of_a_storage_library_is_an_os_error(monkeypatch):
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
def test_a_growing_remote_file_gives_the_records_of_a_local_one(content, tmp_path, cuts):
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


def test_a_smaller_file_in_its_place_is_replaced_at_any_refresh_rate(bucket, content, tmp_path):
    whole, ends = content
    bucket.put(FILE, whole)
    monitor = Monitor([Root(bucket.root)])
    monitor.refresh()
    bucket.put(FILE, whole[: ends[2]])
    for _ in range(3):
        monitor.refresh()
    with monitor.snapshot() as monitored:
        (run,) = monitored.runs.values()
        assert run.health.summary().records == 3
        assert ["was replaced by another file" in problem.message for problem in run.problems()] == [True]
