"""Every file and folder of the package and of the demo states what it contains."""

import ast
import re
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parents[1]
FILES = sorted(path for root in ("tb_gradhealth", "demo") for path in (REPOSITORY / root).rglob("*.py"))
FOLDERS = sorted({path.parent for path in FILES})


def docstring(path):
    return ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or ""


def contents(folder):
    """Names of the modules and packages in a folder."""
    modules = {path.stem for path in folder.glob("*.py")} - {"__init__", "__main__"}
    return modules | {path.parent.name for path in folder.glob("*/__init__.py")}


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(REPOSITORY)))
def test_every_file_has_a_docstring_of_a_sentence(path):
    summary = docstring(path).partition("\n\n")[0]
    assert len(summary.split()) >= 4, "a module docstring that states what the file contains"
    assert summary.endswith((".", ":")), "a sentence"


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda path: str(path.relative_to(REPOSITORY)))
def test_every_folder_states_what_it_contains(folder):
    names = contents(folder)
    readme = folder / "README.md"
    text = readme.read_text(encoding="utf-8") if readme.exists() else ""
    package = folder / "__init__.py"  # examples to copy are no package
    stated = docstring(package) if package.exists() else ""
    assert len(names) < 2 or stated or all(name in text for name in names)
    # A list in the docstring is a list of files and folders: it may not name what is gone.
    listed = re.findall(r"^\* ``([a-z_]+)/?``", stated, re.MULTILINE)
    assert set(listed) <= names
