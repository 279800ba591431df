"""`gradhealth demo` before it trains; the browser tests and those in `tests/demo` train."""

import socket
import subprocess
import sys

import pytest
from click.testing import CliRunner

from tb_gradhealth.cli import main
from tb_gradhealth.cli.demo import cannot_start
from tb_gradhealth.cli.framework import REQUIRED


def demo(*arguments):
    return CliRunner().invoke(main, ["demo", *map(str, arguments)])


def test_logs_of_somebody_else_are_not_written_over(tmp_path):
    (tmp_path / "precious").touch()
    result = demo("--no-serve", "--logdir", tmp_path)
    assert (result.exit_code, "is not empty" in result.output) == (2, True)
    assert [path.name for path in tmp_path.iterdir()] == ["precious"]


def test_a_taken_port_is_said_before_anything_is_trained(tmp_path):
    with socket.create_server(("localhost", 0)) as taken:
        port = taken.getsockname()[1]
        result = demo("--logdir", tmp_path / "logs", "--port", port)
    assert (result.exit_code, f"port {port} is in use" in result.output) == (2, True)
    assert not (tmp_path / "logs").exists()


@pytest.mark.parametrize(
    ("release", "has_pkg_resources", "starts"),
    [("2.16.2", True, True), ("2.20.0", False, False), ("2.21.0", False, True), ("3.0.0a1", False, True)],
)
def test_an_old_tensorboard_beside_a_new_setuptools_is_said_before_anything_is_trained(
    release, has_pkg_resources, starts
):
    problem = cannot_start(release, has_pkg_resources)
    assert (problem == "") == starts
    assert starts or f"TensorBoard {release} needs pkg_resources" in problem


WITHOUT = """
import sys
from importlib.machinery import PathFinder

found = PathFinder.find_spec
PathFinder.find_spec = lambda name, *paths: None if name == sys.argv[1] else found(name, *paths)

from tb_gradhealth.cli import main
main(sys.argv[2:])
"""
"""The command without one package."""


@pytest.mark.parametrize(
    ("framework", "absent"), [(framework, name) for framework, names in REQUIRED.items() for name in names]
)
def test_a_missing_package_gives_one_sentence_with_the_pip_line(tmp_path, framework, absent):
    command = ["demo", "--framework", framework, "--no-serve", "--logdir", str(tmp_path / "logs")]
    done = subprocess.run(
        [sys.executable, "-c", WITHOUT, absent, *command], capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 2
    last = done.stderr.splitlines()[-1]
    assert f"needs {absent}: pip install 'tb_gradhealth[{framework},demo]'" in " ".join(
        done.stderr.split()
    ), last
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "logs").exists()
