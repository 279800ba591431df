import os

import pytest
from tensorboard.backend.event_processing.plugin_event_multiplexer import EventMultiplexer

from tb_gradhealth.events import Root, discover


def touch(tmp_path, *names):
    for name in names:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()


def shown(runs):
    return {run: [file.shown for file in files] for run, files in runs.items()}


@pytest.mark.parametrize("name", [None, "alpha"])
def test_runs_have_tensorboards_names(tmp_path, name):
    touch(tmp_path, "events.out.tfevents.1", "a/events.out.tfevents.1", "a/b c/ü/x.tfevents.2", "a/notes.txt")
    theirs = EventMultiplexer().AddRunsFromDirectory(str(tmp_path), name).Runs()
    assert list(discover([Root(str(tmp_path), name)]).runs) == sorted(theirs)


def test_a_recorders_folder_belongs_to_the_parent_run(tmp_path):
    touch(
        tmp_path,
        "gradhealth/tfevents.1",
        "mlp/gradhealth/tfevents.2",
        "mlp/tfevents.1",
        "mlp/train/tfevents.3",
    )
    found = discover([Root(str(tmp_path))])
    assert shown(found.runs) == {
        ".": ["gradhealth/tfevents.1"],
        "mlp": ["mlp/tfevents.1", "mlp/gradhealth/tfevents.2"],
        "mlp/train": ["mlp/train/tfevents.3"],
    }
    assert [file.recorder for file in found.runs["mlp"]] == [False, True]


def test_root_names_prefix_their_runs(tmp_path):
    touch(tmp_path, "x/gradhealth/tfevents.1", "x/sub/tfevents.1", "y/tfevents.1")
    found = discover([Root(str(tmp_path / "x"), "alpha"), Root(str(tmp_path / "y"))])
    assert shown(found.runs) == {
        ".": ["tfevents.1"],
        "alpha/.": ["alpha/gradhealth/tfevents.1"],
        "alpha/sub": ["alpha/sub/tfevents.1"],
    }


def test_files_are_ordered_by_the_time_in_their_names(tmp_path):
    touch(tmp_path, "r/tfevents.3", "r/gradhealth/tfevents.2", "r/tfevents.1", "r/gradhealth/tfevents.4")
    files = discover([Root(str(tmp_path))]).runs["r"]
    assert [os.path.basename(file.path)[-1] for file in files] == ["1", "2", "3", "4"]


def test_runs_of_equal_names_in_two_roots_are_not_merged(tmp_path):
    touch(tmp_path, "x/run/tfevents.1", "y/run/tfevents.1")
    found = discover([Root(str(tmp_path / "x")), Root(str(tmp_path / "y"))])
    assert [file.path for file in found.runs["run"]] == [str(tmp_path / "x/run/tfevents.1")]
    assert [problem.path for problem in found.problems] == ["run"]


def test_links_are_followed_without_cycles(tmp_path):
    touch(tmp_path, "logs/a/tfevents.1", "elsewhere/tfevents.1")
    (tmp_path / "logs/latest").symlink_to("a")
    (tmp_path / "logs/far").symlink_to(tmp_path / "elsewhere")
    (tmp_path / "logs/a/up").symlink_to("..")
    (tmp_path / "elsewhere/self").symlink_to(".")
    (tmp_path / "elsewhere/logs").symlink_to(tmp_path / "logs")
    found = discover([Root(str(tmp_path / "logs"))])
    assert list(found.runs) == ["a", "far", "latest"]
    assert found.problems == ()


def test_a_missing_directory_can_appear(tmp_path):
    root = Root(str(tmp_path / "later"))
    assert discover([root]).missing == (root.path,)
    touch(tmp_path, "later/tfevents.1")
    assert discover([root]).missing == ()
    assert list(discover([root]).runs) == ["."]


def test_an_empty_directory_is_neither_missing_nor_a_problem(tmp_path):
    found = discover([Root(str(tmp_path))])
    assert (found.runs, found.missing, found.problems) == ({}, (), ())


def test_a_file_or_unreachable_address_as_root_is_a_problem(tmp_path):
    touch(tmp_path, "file")
    found = discover([Root(str(tmp_path / "file")), Root("gs://bucket/logs")])
    assert [problem.path for problem in found.problems] == [str(tmp_path / "file"), "gs://bucket/logs"]


def test_dangling_links_and_folders_with_file_names_are_ignored(tmp_path):
    touch(tmp_path, "run/tfevents.1", "tfevents.folder/tfevents.1")
    (tmp_path / "run/loop").symlink_to("loop")
    assert list(discover([Root(str(tmp_path))]).runs) == ["run", "tfevents.folder"]


def test_names_that_are_not_utf_8_are_escaped(tmp_path):
    folder = os.path.join(os.fsencode(tmp_path), b"bad\xff")
    os.mkdir(folder)
    with open(os.path.join(folder, b"tfevents.1"), "wb") as file:
        file.write(b"x")
    (file,) = discover([Root(str(tmp_path))]).runs["bad\\xff"]
    assert file.shown == "bad\\xff/tfevents.1"
    assert file.current_status().size == 1


def test_an_inaccessible_root_is_not_missing(tmp_path):
    loop = tmp_path / "loop"
    loop.symlink_to(loop)
    found = discover([Root(str(loop))])
    assert found.missing == ()
    assert found.unlisted == ("",)
    assert "cannot be accessed" in found.problems[0].message
