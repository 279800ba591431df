"""Writing a file whole, interrupted at every line."""

import sys
from itertools import count

import pytest

from tb_gradhealth.report import atomic_file, write_atomically


class Interruption:
    """Raises `KeyboardInterrupt` before one of the lines that the module runs, as Ctrl-C may."""

    def __init__(self, line: int):
        self.left = line

    def __call__(self, frame, event, argument):
        if frame.f_code.co_filename != atomic_file.__file__:
            return None
        if event == "line":
            self.left -= 1
            if self.left == 0:
                raise KeyboardInterrupt
        return self


def interrupted(path, line):
    """Whether writing was interrupted before a line, counted from 1."""
    previous = sys.gettrace()
    sys.settrace(Interruption(line))
    try:
        write_atomically(path, "new")
    except KeyboardInterrupt:
        return True
    finally:
        sys.settrace(previous)
    return False


# Interrupted just before it is closed, the temporary file is closed by the garbage collector.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.parametrize("earlier", ["earlier", None])
def test_an_interruption_at_any_line_leaves_a_whole_file_and_no_other(tmp_path, earlier):
    path = tmp_path / "report.json"
    before, after = set(), set()
    for line in count(1):
        path.unlink(missing_ok=True)
        if earlier is not None:
            path.write_text(earlier)
        if not interrupted(path, line):
            break
        content = path.read_text() if path.exists() else None
        assert content in (earlier, "new")
        assert [entry for entry in tmp_path.iterdir() if entry != path] == []
        (before if content == earlier else after).add(line)
    assert path.read_text() == "new"
    assert len(before) > 8
    assert max(before) < min(after)


def test_what_is_left_by_an_error_is_the_earlier_file(tmp_path, monkeypatch):
    path = tmp_path / "report.json"
    path.write_text("earlier")

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(atomic_file.os, "fsync", full)
    with pytest.raises(OSError, match="No space left on device") as error:
        write_atomically(path, "new")
    assert error.value.filename == str(path)
    assert [entry.name for entry in tmp_path.iterdir()] == ["report.json"]
    assert path.read_text() == "earlier"
