"""What is published: an sdist and a wheel that hold the tab, and work where there is nothing else."""

import email
import os
import re
import runpy
import shutil
import subprocess
import sys
import tarfile
import venv
import zipfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from tensorboard_server import tensorboard_server

from tb_gradhealth.capture.required import FRAMEWORKS
from tb_gradhealth.version import __version__

try:
    import tomllib
except ModuleNotFoundError:
    import tomli as tomllib

REPOSITORY = Path(__file__).parents[1]
STATIC = "tb_gradhealth/plugin/static"
MODULES = ("index.js", "later.js", "network.js")
ABOUT = f"tb_gradhealth-{__version__}.dist-info"
DATA = {
    "tb_gradhealth/README.md",
    "tb_gradhealth/py.typed",
    "tb_gradhealth/plugin/README.md",
    "tb_gradhealth/report/chart.svg.j2",
    "tb_gradhealth/report/report.css",
    "tb_gradhealth/report/report.html.j2",
    *(f"tb_gradhealth/rules/presets/{name}.toml" for name in ("default", "llm", "quiet", "rl", "strict")),
    *(f"{STATIC}/{name}" for name in (*MODULES, "LICENSES.md", "build.json")),
}
"""All files of the package that are not Python's."""


@pytest.fixture(scope="module")
def published(tmp_path_factory):
    """The folder with the sdist and the wheel that was built from it; and those of a copy of the tree."""
    folder = tmp_path_factory.mktemp("dist")
    copy = _copy(folder / "elsewhere")
    with ThreadPoolExecutor(2) as builds:
        list(builds.map(_build, (REPOSITORY, copy), (folder / "dist", folder / "again"), (0o022, 0o077)))
    return folder / "dist"


@pytest.fixture(scope="module")
def wheel(published):
    (path,) = published.glob("*.whl")
    return path


@pytest.mark.slow
def test_builds_at_another_place_and_time_are_equal_byte_for_byte(published):
    built = {path.name: path.read_bytes() for path in published.iterdir()}
    again = {path.name: path.read_bytes() for path in (published.parent / "again").iterdir()}
    assert sorted(built) == sorted(again)
    assert len(built) == 2
    assert all(built[name] == again[name] for name in built)


@pytest.mark.slow
def test_the_wheel_contains_the_package_the_demo_and_the_tab_and_nothing_else(wheel):
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
        for module in MODULES:
            assert archive.read(f"{STATIC}/{module}") == _built(module)
    package = {path.relative_to(REPOSITORY).as_posix() for path in _python_files("tb_gradhealth")}
    demo = {f"tb_gradhealth/{path.relative_to(REPOSITORY).as_posix()}" for path in _python_files("demo")}
    about = {"METADATA", "RECORD", "WHEEL", "entry_points.txt", "licenses/LICENSE", "top_level.txt"}
    assert names == package | demo | DATA | {f"{ABOUT}/{name}" for name in about}


@pytest.mark.slow
def test_the_source_distribution_contains_what_builds_the_wheel_and_no_tests(published, wheel):
    (source,) = published.glob("*.tar.gz")
    with tarfile.open(source) as archive:
        root = f"tb_gradhealth-{__version__}"
        names = {name.removeprefix(f"{root}/") for name in archive.getnames()}
        assert archive.extractfile(f"{root}/{STATIC}/index.js").read() == _built("index.js")
    with zipfile.ZipFile(wheel) as archive:
        packed = {name.replace("tb_gradhealth/demo/", "demo/") for name in archive.namelist()}
    assert {name for name in packed if not name.startswith(ABOUT)} <= names
    assert {"CHANGELOG.md", "LICENSE", "README.md", "pyproject.toml", "setup.py"} <= names
    assert not [name for name in names if name.startswith(("tests", "frontend"))]


@pytest.mark.slow
def test_the_licences_of_the_bundled_libraries_are_shipped(wheel):
    with zipfile.ZipFile(wheel) as archive:
        licences = archive.read(f"{STATIC}/LICENSES.md").decode()
        about = email.message_from_bytes(archive.read(f"{ABOUT}/METADATA"))
    for library in ("preact", "@preact/signals", "uplot", "@dagrejs/dagre"):
        assert re.search(rf"^## {library} - [\d.]+ \(MIT\)$", licences, re.MULTILINE), licences
    assert licences.count("Permission is hereby granted") == len(re.findall(r"^## ", licences, re.MULTILINE))
    assert about["License-Expression"] == "Apache-2.0 AND MIT"


@pytest.mark.slow
def test_the_index_s_page_has_no_relative_picture_or_link(wheel):
    _run(sys.executable, "-m", "twine", "check", "--strict", str(wheel))
    with zipfile.ZipFile(wheel) as archive:
        page = email.message_from_bytes(archive.read(f"{ABOUT}/METADATA")).get_payload()
    outside_code = re.sub(r"^```.*?^```", "", page, flags=re.MULTILINE | re.DOTALL)
    assert page.startswith("# tb_gradhealth")
    assert not re.search(r"<img|<picture|!\[", outside_code)
    assert not re.findall(r"\]\((?!https?://|#)[^)]*\)", outside_code)


SETUP = runpy.run_path(str(REPOSITORY / "setup.py"), run_name="setup")


def test_with_a_home_the_index_s_page_has_absolute_pictures_and_links():
    readme = (REPOSITORY / "README.md").read_text(encoding="utf-8")
    page = SETUP["readme_for_an_index"](readme, "https://host.example/team/project", "v1.0")
    pictures = re.findall(r"!\[[^\]]+\]\(https://host\.example/team/project/raw/v1\.0/(.*?)\)", page)
    links = re.findall(r"(?<!!)\[[^\]]+\]\(https://host\.example/team/project/blob/v1\.0/(.*?)\)", page)
    assert pictures
    assert links
    for path in [*pictures, *links]:
        assert (REPOSITORY / path.partition("#")[0]).exists(), path


def test_the_index_s_page_keeps_code_and_absolute_links():
    readme = (
        "See [docs](docs/a.md), [web](https://a.example) and [above](#top).\n\n"
        '<picture>\n  <source srcset="d.png">\n  <img src="l.png" alt="The tab">\n</picture>\n\n'
        "```python\nx[0](y)  # [a](b)\n```\n\n    calls[i](j)\n"
    )
    code = "```python\nx[0](y)  # [a](b)\n```\n\n    calls[i](j)\n"
    absolute = SETUP["readme_for_an_index"](readme, "https://h.example/p", "v1")
    assert absolute == (
        "See [docs](https://h.example/p/blob/v1/docs/a.md), [web](https://a.example) and [above](#top).\n\n"
        f"![The tab](https://h.example/p/raw/v1/l.png)\n\n{code}"
    )
    without = SETUP["readme_for_an_index"](readme, "", "v1")
    assert without == f"See docs, [web](https://a.example) and [above](#top).\n\n\n\n{code}"


@pytest.mark.slow
def test_the_wheel_alone_checks_logs_and_loads_into_tensorboard(wheel, tmp_path):
    venv.create(tmp_path / "empty", with_pip=True)
    python = str(tmp_path / "empty" / "bin" / "python")
    _run(python, "-m", "pip", "install", "--quiet", str(wheel))
    installed = _run(python, "-c", "import importlib.util as u; print(u.find_spec('tensorflow'))")
    assert installed.strip() == "None"
    answer = subprocess.run(
        [str(tmp_path / "empty" / "bin" / "gradhealth"), "check", str(tmp_path / "absent")],
        capture_output=True,
        text=True,
    )
    assert (answer.returncode, "does not exist" in answer.stdout) == (2, True)
    with tensorboard_server(tmp_path, "--logdir", tmp_path, without=(), python=python) as server:
        for name in MODULES:
            assert server.get(name) == (200, "text/javascript", _built(name))


@pytest.mark.parametrize(
    ("code", "beyond"),
    [
        ("import tb_gradhealth", {"tb_gradhealth"}),
        ("from tb_gradhealth.cli import main; main(['--help'], standalone_mode=False)", {"click"}),
    ],
)
def test_importing_the_package_and_its_help_load_nothing_heavy(code, beyond):
    """Both are to be quick: at most 50 and 150 ms beyond the interpreter, of which imports are all."""
    heavy = (
        "numpy rich jsonschema jinja2 tensorboard google werkzeug fsspec pandas tensorflow keras torch jax"
    )
    listing = f"import sys; {code}; print('loaded:', *sys.modules)"
    loaded = _run(sys.executable, "-c", listing).rpartition("loaded:")[2].split()
    assert beyond <= set(loaded)
    assert not set(heavy.split()) & set(loaded)


def test_the_version_is_a_release_of_the_changelog():
    changes = (REPOSITORY / "CHANGELOG.md").read_text(encoding="utf-8")
    assert re.search(r"^## \[(.*?)\]", changes, re.MULTILINE)[1] in ("Unreleased", __version__)
    assert f"## [{__version__}]" in changes


def test_the_extras_of_the_frameworks_are_the_releases_that_the_capture_accepts():
    project = tomllib.loads((REPOSITORY / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    for module, (_, oldest) in FRAMEWORKS.items():
        declared = project["optional-dependencies"][module]
        assert declared == [f"{module}>={oldest[0]}.{oldest[1]}"]


def _copy(target):
    """The tree and the built tab, with other times and permissions."""
    left_out = (".git", ".venv", "node_modules", "build", "dist", "*.egg-info", "__pycache__", ".*_cache")
    shutil.copytree(REPOSITORY, target, ignore=shutil.ignore_patterns(*left_out))
    for path in (path for path in target.rglob("*") if path.is_file()):
        path.chmod(0o600)
        os.utime(path, (1e9, path.stat().st_mtime - 1e6))
    return target


def _build(tree, folder, umask):
    _run("sh", "-c", f'umask {umask:o} && exec "$@"', "-", sys.executable, "-m", "build", "-o", folder, tree)


def _python_files(folder):
    """The files of a package and its subpackages: not `demo/ecosystem`, examples to copy."""
    files = [path for path in (REPOSITORY / folder).rglob("*.py") if "__pycache__" not in path.parts]
    return [path for path in files if path.with_name("__init__.py").is_file()]


def _built(module):
    return (REPOSITORY / STATIC / module).read_bytes()


def _run(*command):
    done = subprocess.run([*map(str, command)], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout
