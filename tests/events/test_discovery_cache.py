import os
import time

import pytest

from tb_gradhealth.events import DiscoveryCache, Root, discover, discovery_cache
from tb_gradhealth.events.storage.local import LocalStorage


def settle(root):
    """Set the modification time of every folder to a minute ago."""
    for folder, _, _ in os.walk(root):
        os.utime(folder, (time.time() - 60, time.time() - 60))


@pytest.fixture
def logs(tmp_path):
    root = tmp_path / "logs"
    for name in ("a/tfevents.1", "b/gradhealth/tfevents.1", "deep/er/c/tfevents.1"):
        (root / name).parent.mkdir(parents=True)
        (root / name).touch()
    (root / "empty").mkdir()
    settle(root)
    return root


@pytest.fixture
def cache(logs):
    return DiscoveryCache([Root(str(logs))])


def test_unchanged_folders_are_not_listed_again(logs, cache, monkeypatch):
    first = cache.discover()
    assert list(first.runs) == ["a", "b", "deep/er/c"]
    (logs / "a" / "tfevents.1").write_bytes(b"grown")
    monkeypatch.delattr(LocalStorage, "walk")
    assert cache.discover() is first
    assert cache.discover() is first


CHANGES = {
    "a run appears": lambda logs: (logs / "new").mkdir() or (logs / "new" / "tfevents.1").touch(),
    "a run appears deep below": lambda logs: (
        (logs / "deep" / "er" / "d").mkdir() or (logs / "deep" / "er" / "d" / "tfevents.1").touch()
    ),
    "a file appears": lambda logs: (logs / "a" / "tfevents.2").touch(),
    "a first file appears": lambda logs: (logs / "empty" / "tfevents.1").touch(),
    "a file vanishes": lambda logs: (logs / "a" / "tfevents.1").unlink(),
    "a file is renamed": lambda logs: (logs / "a" / "tfevents.1").rename(logs / "a" / "tfevents.9"),
    "a run moves": lambda logs: (logs / "a").rename(logs / "empty" / "a"),
    "a run is renamed": lambda logs: (logs / "b").rename(logs / "z"),
    "two runs change places": lambda logs: (
        (logs / "a").rename(logs / "x")
        and (logs / "b").rename(logs / "a")
        and (logs / "x").rename(logs / "b")
    ),
    "a linked run appears": lambda logs: (logs / "link").symlink_to(logs.parent / "linked"),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_changes_are_found_at_once(logs, cache, change):
    linked = logs.parent / "linked"
    linked.mkdir()
    (linked / "tfevents.1").touch()
    before = cache.discover()
    assert cache.discover() is before
    change(logs)
    after = cache.discover()
    assert after == discover([Root(str(logs))])
    assert after.runs != before.runs


def test_changes_behind_a_link_are_found(logs, cache):
    linked = logs.parent / "linked"
    linked.mkdir()
    (logs / "link").symlink_to(linked)
    for folder in (logs, linked):
        settle(folder)
    assert "link" not in cache.discover().runs
    (linked / "tfevents.1").touch()
    assert "link" in cache.discover().runs


def test_a_folder_that_was_just_changed_is_listed_again(logs, cache):
    """Two changes within the resolution of the file system's clock have the same time."""
    (logs / "a" / "tfevents.2").touch()
    before = os.stat(logs / "a")
    assert len(cache.discover().runs["a"]) == 2
    (logs / "a" / "tfevents.3").touch()
    os.utime(logs / "a", ns=(before.st_atime_ns, before.st_mtime_ns))
    assert len(cache.discover().runs["a"]) == 3


def test_without_modification_times_changes_are_found_after_the_maximum_age(logs, cache, monkeypatch):
    os.utime(logs / "a", ns=(0, 0))
    cache.discover()
    (logs / "a" / "tfevents.2").touch()
    os.utime(logs / "a", ns=(0, 0))
    assert len(cache.discover().runs["a"]) == 1
    monkeypatch.setattr(discovery_cache, "MAX_AGE", 0.0)
    assert len(cache.discover().runs["a"]) == 2


def test_a_directory_that_appears_later_is_found(tmp_path):
    cache = DiscoveryCache([Root(str(tmp_path / "later"))])
    assert cache.discover().missing
    (tmp_path / "later" / "run").mkdir(parents=True)
    (tmp_path / "later" / "run" / "tfevents.1").touch()
    assert list(cache.discover().runs) == ["run"]


def test_a_removed_directory_is_missing(logs, cache):
    assert cache.discover().runs
    logs.rename(logs.parent / "elsewhere")
    assert cache.discover().missing == (str(logs),)
