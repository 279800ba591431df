"""The source distribution has the built site, unless its sources have changed since."""

import os
import shutil
import subprocess
import sys
import tarfile

import documentation
import pytest

FILES = ("CONTRIBUTING.md", "LICENSE", "README.md", "mkdocs.yml", "pyproject.toml", "setup.py")
FOLDERS = ("demo", "docs", "tb_gradhealth")


@pytest.fixture
def checkout(tmp_path):
    """A copy of the repository with the built tab and without its sources, so that nothing is built."""
    folder = tmp_path / "checkout"
    for name in FOLDERS:
        shutil.copytree(
            documentation.REPOSITORY / name, folder / name, ignore=shutil.ignore_patterns("__pycache__")
        )
    for name in FILES:
        shutil.copy2(documentation.REPOSITORY / name, folder / name)
    (folder / "site").mkdir()
    (folder / "site" / "index.html").write_text("<p>home</p>")
    return folder


def shipped(checkout):
    """The files of its source distribution, below its root."""
    command = [sys.executable, "setup.py", "--quiet", "sdist"]
    subprocess.run(command, cwd=checkout, check=True, capture_output=True)
    (archive,) = (checkout / "dist").glob("*.tar.gz")
    with tarfile.open(archive) as opened:
        return {name.partition("/")[2] for name in opened.getnames()}


@pytest.mark.slow
def test_a_site_that_is_newer_than_its_sources_is_shipped(checkout):
    assert "site/index.html" in shipped(checkout)


@pytest.mark.slow
def test_an_outdated_site_is_not_shipped(checkout):
    os.utime(checkout / "site" / "index.html", (0, 0))
    names = shipped(checkout)
    assert "setup.py" in names
    assert not any(name.startswith("site") for name in names)
