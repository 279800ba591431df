"""Pages of the site that are files of the repository: one source, whose links are changed to the site's."""

import posixpath
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Final

REPOSITORY: Final = Path(__file__).parents[2]

INCLUDED: Final = {
    "index.md": "README.md",
    "background/architecture.md": "tb_gradhealth/README.md",
    "background/benchmarks.md": "tests/benchmarks/README.md",
    "background/capture.md": "tb_gradhealth/capture/README.md",
    "background/changes.md": "CHANGELOG.md",
    "background/contributing.md": "CONTRIBUTING.md",
    "background/scores.md": "demo/SCORES.md",
    "operations/security.md": "SECURITY.md",
    "operations/team-server.md": "tb_gradhealth/plugin/README.md",
}
"""The file of each page that is not in ``docs``."""

_FENCE: Final = re.compile(r"(^ *```.*?^ *```$)", re.MULTILINE | re.DOTALL)

_LINK: Final = re.compile(r"(?<!\!)\[(?P<text>[^\[\]]*)\]\((?P<target>[^()\s]+)\)")

_IMAGE: Final = re.compile(r"!\[(?P<text>[^\[\]]*)\]\((?P<target>[^()\s]+)\)")

_PICTURE: Final = re.compile(
    r'<picture>\s*<source[^>]*srcset="(?P<dark>[^"]+)"[^>]*>\s*'
    r'<img src="(?P<light>[^"]+)" alt="(?P<text>[^"]*)"[^>]*>\s*</picture>'
)
"""A picture in two themes, as README.md shows it."""


class Rewriter:
    """Changes the links of a file of the repository to those of its page.

    Attributes:
        linked: the files that are linked to and are no page of the site; each gets a page with its content.
        shown: the pictures that pages show, by their name in the folder ``pictures`` of the site.
    """

    def __init__(self, pages: Mapping[str, str]) -> None:
        """A rewriter for a site.

        Args:
            pages: the path of each page in the site, by the path of its file in the repository.
        """
        self._pages = dict(pages)
        self.linked: set[str] = set()
        self.shown: dict[str, Path] = {}

    def rewritten(self, text: str, source: str, page: str) -> str:
        """The text of a file with the links of its page.

        Args:
            text: Markdown.
            source: the path of its file in the repository.
            page: the path of its page in the site.

        Raises:
            FileNotFoundError: it links to a file that is neither a page nor in the repository, or shows one.
        """
        parts = _FENCE.split(text)
        return "".join(
            part if index % 2 else self._with_links(part, source, page) for index, part in enumerate(parts)
        )

    def _with_links(self, text: str, source: str, page: str) -> str:
        def picture(found: re.Match[str]) -> str:
            dark, light = (self._shown(found[theme], source, page) for theme in ("dark", "light"))
            return f"![{found['text']}]({light}#only-light)\n![{found['text']}]({dark}#only-dark)"

        text = _IMAGE.sub(
            lambda found: f"![{found['text']}]({self._shown(found['target'], source, page)})", text
        )
        text = _PICTURE.sub(picture, text)  # makes images whose addresses are those of the site
        return _LINK.sub(lambda found: self._link(found["text"], found["target"], source, page), text)

    def _shown(self, target: str, source: str, page: str) -> str:
        """The address of a picture on a page; ``#only-light`` and the like stay."""
        path, hash_, theme = target.partition("#")
        picture = (REPOSITORY / posixpath.dirname(source) / path).resolve()
        if self.shown.setdefault(picture.name, picture) != picture or not picture.is_file():
            raise FileNotFoundError(f"{source} shows {path}, which does not exist or is not the only one")
        return posixpath.relpath(f"pictures/{picture.name}", posixpath.dirname(page) or ".") + hash_ + theme

    def _link(self, text: str, target: str, source: str, page: str) -> str:
        if re.match(r"[a-z]+:|#", target):
            return f"[{text}]({target})"
        path, _, anchor = target.partition("#")
        wanted = posixpath.normpath(posixpath.join(posixpath.dirname(source), path))
        goal = self._page_of(wanted)
        if goal is None:  # a folder has no page
            return text
        relative = posixpath.relpath(goal, posixpath.dirname(page) or ".")
        return f"[{text}]({relative}{'#' + anchor if anchor else ''})"

    def _page_of(self, path: str) -> str | None:
        """The page of a path of the repository; None for a folder."""
        if path in self._pages:
            return self._pages[path]
        file = REPOSITORY / path
        if file.is_dir():
            return None
        if not file.is_file():
            raise FileNotFoundError(f"a page links to {path}, which does not exist")
        self.linked.add(path)
        return f"source/{path}.md"


def source_page(source: str) -> str:
    """The page of a file of the repository: its content as code."""
    file = REPOSITORY / source
    language = {".py": "python", ".ipynb": "json"}.get(file.suffix, file.suffix.lstrip("."))
    content = file.read_text("utf-8").rstrip()
    return f"---\nsearch: {{exclude: true}}\n---\n\n# {source}\n\n````{language}\n{content}\n````\n"
