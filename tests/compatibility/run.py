"""`make compatibility`: installs the wheel beside old and new releases, and tests it in each environment.

    python tests/compatibility/run.py              # all but those that download gigabytes
    python tests/compatibility/run.py newest JAX   # those whose name contains a word

Each environment is made in a temporary folder, tested against the installed wheel, and deleted. Python 3.10
is the command `python3.10`, or what the environment variable PYTHON310 names. The exit code is 1 if a test
failed, 2 if nothing ran.
"""

import os
import re
import shutil
import subprocess
import sys
import tempfile
from importlib import import_module
from pathlib import Path
from time import monotonic
from typing import Final, NamedTuple

from environments import Environment, chosen, oldest_releases
from rich.console import Console
from rich.table import Table

REPOSITORY: Final = Path(__file__).parents[2]
TOOLS: Final = ("pytest>=8", "pytest-timeout>=2", "pytest-xdist>=3", "hypothesis>=6.100", "filelock>=3")
SHOWN: Final = (
    "tensorboard",
    "tensorflow_cpu",
    "keras",
    "torch",
    "jax",
    "numpy",
    "protobuf",
    "setuptools",
)
"""The packages whose releases the table shows."""


class Outcome(NamedTuple):
    """What became of one environment."""

    environment: Environment
    releases: str
    result: str
    failed: bool | None
    """None: there is no such Python."""
    seconds: float


def main(words: list[str]) -> int:
    """Run the chosen environments and print the table."""
    console = Console()
    try:
        environments = chosen(words)
    except ValueError as error:
        console.print(f"[red]{error}")
        return 2
    with tempfile.TemporaryDirectory(prefix="gradhealth-compatibility-") as name:
        folder = Path(name)
        wheel = build_wheel(folder / "dist")
        _copy_tests(folder / "tree")
        outcomes = []
        for environment in environments:
            console.print(f"[bold]{environment.name}[/bold], Python {environment.python} ...")
            outcomes.append(_tried(environment, wheel, folder, console))
    console.print(_table(outcomes))
    if all(outcome.failed is None for outcome in outcomes):
        return 2
    return int(any(outcome.failed for outcome in outcomes))


def interpreter(version: str) -> str | None:
    """The command of a Python release such as ``"3.10"``; None if there is none."""
    command = os.environ.get(f"PYTHON{version.replace('.', '')}") or shutil.which(f"python{version}")
    if command is None:
        return None
    code = "import sys; print('%d.%d' % sys.version_info[:2])"
    try:
        answer = subprocess.run([command, "-c", code], capture_output=True, text=True, check=False)
    except OSError:
        return None
    return command if answer.stdout.strip() == version else None


def build_wheel(folder: Path) -> Path:
    """The wheel of this tree, built into a folder."""
    command = [sys.executable, "-m", "build", "--wheel", "--outdir", str(folder), str(REPOSITORY)]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    (wheel,) = folder.glob("*.whl")
    return wheel


def _copy_tests(folder: Path) -> None:
    """A tree without the package, so that the tests import the installed one."""
    shutil.copytree(
        REPOSITORY / "tests", folder / "tests", ignore=shutil.ignore_patterns("__pycache__", "compatibility")
    )
    shutil.copy(REPOSITORY / "pyproject.toml", folder)


def _tried(environment: Environment, wheel: Path, folder: Path, console: Console) -> Outcome:
    start = monotonic()
    command = interpreter(environment.python)
    if command is None:
        variable = f"PYTHON{environment.python.replace('.', '')}"
        missing = f"not run: no python{environment.python}; set {variable}"
        return Outcome(environment, "", missing, None, 0.0)
    home = folder / "environment"
    python = str(home / "bin" / "python")
    try:
        steps = [
            [command, "-m", "venv", str(home)],
            [python, "-m", "pip", "install", "--quiet", "--upgrade", "pip"],
            [python, "-m", "pip", "install", "--quiet", *_requirements(environment, wheel)],
        ]
        for step in steps:
            done = subprocess.run(step, capture_output=True, text=True, check=False)
            if done.returncode:
                console.print(done.stdout + done.stderr, markup=False)
                return Outcome(environment, "", "cannot be installed", True, monotonic() - start)
        tested = subprocess.run(
            [str(home / "bin" / "pytest"), *_options(environment), *environment.tests],
            cwd=folder / "tree",
            env={**os.environ, "CUDA_VISIBLE_DEVICES": "", "CI": "true"},  # CI: Hypothesis measures no times
            capture_output=True,
            text=True,
            check=False,
        )
        if tested.returncode:
            console.print(tested.stdout[-20_000:] + tested.stderr[-2_000:], markup=False)
        last = tested.stdout.strip().splitlines()[-1] if tested.stdout.strip() else "no output"
        result = re.sub(r"^=+ | in [\d.]+s.*$| =+$", "", last)
        return Outcome(environment, _releases(python), result, tested.returncode != 0, monotonic() - start)
    finally:
        shutil.rmtree(home, ignore_errors=True)


def _requirements(environment: Environment, wheel: Path) -> list[str]:
    pins = oldest_releases(_project()) if environment.oldest else []
    return [str(wheel), *pins, *environment.packages, *TOOLS]


def _project() -> dict[str, object]:
    toml = import_module("tomllib" if sys.version_info >= (3, 11) else "tomli")
    project: dict[str, object] = toml.loads((REPOSITORY / "pyproject.toml").read_text())["project"]
    return project


def _options(environment: Environment) -> list[str]:
    options = ["-q", "-p", "no:cacheprovider", "--numprocesses=auto", "--maxprocesses=4", "--dist=loadfile"]
    options += ["-m", "not slow and not browser"]
    options += ["-o", "filterwarnings=default"]  # old releases warn of what newer ones removed
    if environment.not_expected:
        options += ["-k", " and ".join(f"not {word}" for word in environment.not_expected)]
    return options


def _releases(python: str) -> str:
    code = (
        "import importlib.metadata as m, sys\n"
        "for name in sys.argv[1:]:\n"
        "    try: print(name.removesuffix('_cpu'), m.version(name))\n"
        "    except m.PackageNotFoundError: pass"
    )
    answer = subprocess.run([python, "-c", code, *SHOWN], capture_output=True, text=True, check=True)
    return ", ".join(answer.stdout.splitlines())


def _table(outcomes: list[Outcome]) -> Table:
    table = Table("environment", "Python", "releases", "tests", "minutes")
    for outcome in outcomes:
        colour = {True: "red", False: "green", None: "yellow"}[outcome.failed]
        table.add_row(
            outcome.environment.name,
            outcome.environment.python,
            outcome.releases,
            f"[{colour}]{outcome.result}",
            f"{outcome.seconds / 60:.1f}",
        )
    return table


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
