"""One training of the zoo and its note, without worker processes."""

import pytest

from tb_gradhealth.demo.zoo import worker

CASES = """
from types import SimpleNamespace

CASES = {"case": SimpleNamespace(labels=set(), also_ok=set())}


def build_and_train(name, factory):
    return SimpleNamespace(history={"loss": [2.0, 0.5]}), None, 0.0
"""


@pytest.fixture
def cases(tmp_path):
    (tmp_path / "cases.py").write_text(CASES)
    return tmp_path


def test_what_was_reached_is_noted_and_taken_from_the_note(cases):
    first = worker.train("cases/case", cases / "logs", cases)
    assert (first.reached, first.error) == ({"loss": 0.5}, "")
    assert worker.train("cases/case", cases / "logs", cases) == first


@pytest.mark.parametrize("note", ["", '{"name": "torn', '{"name": "case", "unknown": 1}'])
def test_a_training_that_was_cut_off_is_done_again(cases, note):
    folder = cases / "logs" / "cases" / "case"
    folder.mkdir(parents=True)
    (folder / worker.NOTE).write_text(note)
    (folder / "old_log").touch()
    assert worker.train("cases/case", cases / "logs", cases).reached == {"loss": 0.5}
    assert [path.name for path in folder.iterdir()] == [worker.NOTE]


def test_logs_of_other_code_are_made_anew(cases):
    first = worker.train("cases/case", cases / "logs", cases)
    source = cases / "cases.py"
    source.write_text(source.read_text() + "# another recipe\n")
    assert worker.train("cases/case", cases / "logs", cases).recipe != first.recipe


def test_a_folder_that_no_training_made_is_left_alone(cases):
    folder = cases / "logs" / "cases" / "case"
    folder.mkdir(parents=True)
    (folder / "precious").touch()
    with pytest.raises(FileExistsError, match="was not made by this command"):
        worker.train("cases/case", cases / "logs", cases)
