"""What is published: an sdist and a wheel that hold the tab, and work where there is nothing else."""

import subprocess
import sys
import tarfile
import venv
import zipfile
from pathlib import Path

import pytest
from tensorboard_server import tensorboard_server

REPOSITORY = Path(__file__).parents[1]
STATIC = "tb_gradhealth/plugin/static"
MODULES = ("index.js", "later.js", "network.js")


@pytest.fixture(scope="module")
def published(tmp_path_factory):
    """The folder with the sdist and the wheel that was built from it."""
    folder = tmp_path_factory.mktemp("dist")
    _run(sys.executable, "-m", "build", "--outdir", str(folder), str(REPOSITORY))
    return folder


@pytest.mark.slow
def test_both_hold_the_tab_and_the_demo(published):
    (wheel,), (source,) = published.glob("*.whl"), published.glob("*.tar.gz")
    modules_of_the_tab = {f"{STATIC}/{name}": _built(name) for name in MODULES}
    with zipfile.ZipFile(wheel) as archive:
        assert {name: archive.read(name) for name in modules_of_the_tab} == modules_of_the_tab
        wanted = {
            "demo/with_tensorflow/keras_fit.py",
            "demo/zoo/healthy/gan.py",
            "demo/zoo/broken/dead_layer.py",
            "py.typed",
        }
        assert {f"tb_gradhealth/{name}" for name in wanted} <= set(archive.namelist())
        modules = {str(path.relative_to(REPOSITORY)) for path in (REPOSITORY / "tb_gradhealth").rglob("*.py")}
        assert modules <= set(archive.namelist())
    with tarfile.open(source) as archive:
        root = archive.getnames()[0]
        for name, module in modules_of_the_tab.items():
            assert archive.extractfile(f"{root}/{name}").read() == module
        assert f"{root}/demo/with_tensorflow/keras_fit.py" in archive.getnames()


@pytest.mark.slow
def test_the_wheel_alone_checks_logs_and_loads_into_tensorboard(published, tmp_path):
    venv.create(tmp_path / "empty", with_pip=True)
    python = str(tmp_path / "empty" / "bin" / "python")
    _run(python, "-m", "pip", "install", "--quiet", *map(str, published.glob("*.whl")))
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


def _built(module):
    return (REPOSITORY / STATIC / module).read_bytes()


def _run(*command):
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout
