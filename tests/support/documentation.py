"""The documents of the repository, and what their blocks of code contain."""

import re
from pathlib import Path

REPOSITORY = Path(__file__).parents[2]
DOCS = REPOSITORY / "docs"

DOCUMENTS = sorted(
    [
        *DOCS.rglob("*.md"),
        *(REPOSITORY / "tb_gradhealth").rglob("README.md"),
        *(REPOSITORY / name for name in ("README.md", "CONTRIBUTING.md")),
    ]
)
"""All that is written by hand and has commands or code to copy."""


def name_of(document):
    """The document's path, as the name of a test."""
    return document.relative_to(REPOSITORY).as_posix()


def blocks(document, language):
    """The code of the fenced blocks of a language, in their order."""
    found = re.findall(r"^```(\w+)\n(.*?)^```$", document.read_text("utf-8"), re.MULTILINE | re.DOTALL)
    return [code for name, code in found if name == language]


def command_lines(document):
    """The lines of blocks of code, indented or for a shell, that begin with a command."""
    text = document.read_text("utf-8")
    shell = "".join(code for language in ("bash", "console", "sh") for code in blocks(document, language))
    prose = re.sub(r"^```.*?^```$", "", text, flags=re.MULTILINE | re.DOTALL)
    indented = re.findall(r"^    (\S.*)$", prose, re.MULTILINE)
    return [
        line for line in [*shell.splitlines(), *indented] if re.match(r"(?:[A-Z_]+=\S+ +)*[a-z./]+ ", line)
    ]


def inline_code(document):
    """What stands in single backticks."""
    prose = re.sub(r"^```.*?^```$", "", document.read_text("utf-8"), flags=re.MULTILINE | re.DOTALL)
    return re.findall(r"`([^`\n]+)`", prose)
