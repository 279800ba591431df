"""`python docs/building/build.py FOLDER`: builds the documentation site into a folder.

Writes all pages as Markdown into a temporary folder first: those in ``docs``, those made from the code, and
those that are files of the repository. Any generator that reads `mkdocs.yml` can build that folder
(``--pages FOLDER`` keeps it).
"""

import argparse
import logging
import shutil
import tempfile
from pathlib import Path
from typing import Final

import command_pages
import http_pages
import record_pages
import settings_pages
import symptom_pages
from mkdocs.commands.build import build
from mkdocs.config import load_config
from repository_pages import INCLUDED, REPOSITORY, Rewriter, source_page

DOCS: Final = REPOSITORY / "docs"

NOT_NEEDED: Final = (
    "404.html",
    "sitemap.xml*",
    "objects.inv",
    "assets/**/*.map",
    "assets/javascripts/lunr/**/*.js",
)
"""Files that a site in a folder does not use, or that differ from one build to the next."""


def write_pages(folder: Path) -> None:
    """Write all pages, pictures and assets into an empty folder.

    Raises:
        FileNotFoundError: a page links to a file that does not exist.
    """
    pages = {path.relative_to(DOCS).as_posix(): path.read_text("utf-8") for path in _written()}
    pages |= {
        **symptom_pages.pages(),
        "reference/command-line.md": command_pages.page(),
        "reference/http.md": http_pages.page(),
        "reference/record-format.md": record_pages.page(),
        "reference/settings.md": settings_pages.page(),
    }
    sources = {page: f"docs/{page}" for page in pages} | INCLUDED
    pages |= {page: (REPOSITORY / source).read_text("utf-8") for page, source in INCLUDED.items()}
    rewriter = Rewriter({source: page for page, source in sources.items()})
    pages = {page: rewriter.rewritten(text, sources[page], page) for page, text in pages.items()}
    pages |= {f"source/{path}.md": source_page(path) for path in rewriter.linked}
    for page, text in pages.items():
        (folder / page).parent.mkdir(parents=True, exist_ok=True)
        (folder / page).write_text(text, "utf-8")
    shutil.copytree(DOCS / "assets", folder / "assets")
    (folder / "pictures").mkdir()
    for name, picture in rewriter.shown.items():
        shutil.copy(picture, folder / "pictures" / name)


def write_site(pages: Path, site: Path) -> None:
    """Build the site; a warning, such as a link without a target, is an error.

    Raises:
        mkdocs.exceptions.Abort: there was a warning, which was logged.
    """
    config = load_config(str(REPOSITORY / "mkdocs.yml"), docs_dir=str(pages), site_dir=str(site), strict=True)
    config.plugins.on_startup(command="build", dirty=False)
    build(config)
    for pattern in NOT_NEEDED:
        for file in site.glob(pattern):
            file.unlink()


def _written() -> list[Path]:
    """The pages that are written by hand."""
    return [path for path in DOCS.rglob("*.md") if "building" not in path.relative_to(DOCS).parts]


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Builds the documentation site.")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--pages", type=Path, help="an empty folder for the pages, which is kept")
    arguments = parser.parse_args()
    logging.basicConfig(level=logging.WARNING, format="%(levelname)s: %(message)s")
    with tempfile.TemporaryDirectory() as temporary:
        written = arguments.pages or Path(temporary)
        write_pages(written)
        write_site(written, arguments.folder.resolve())
