"""Sanitizes texts from a log: control characters and direction marks are escaped, formulas disabled."""

import re
import unicodedata
from typing import Final

LONGEST: Final = 1_000
"""Maximum number of characters of a name or message that are shown."""

FORMULA: Final = re.compile(r"(^|;)(?=\s*[=+\-@\t\r＝＋－＠])")
"""The start of a cell that spreadsheets read as a formula (OWASP, "CSV Injection"), in full-width forms
too, and after a semicolon, which separates cells where a comma is the decimal mark."""


def visible(text: str, longest: int = LONGEST) -> str:
    r"""The text with every invisible character escaped, as ``\x1b`` or ``\u202e``.

    These are control characters, line breaks, marks that change the direction of writing and other invisible
    ones, and halves of surrogate pairs, by which Python represents file names that are not UTF-8.
    """
    shown = text if len(text) <= longest else f"{text[:longest]}… ({len(text):,} characters)"
    return "".join(_escaped(letter) for letter in shown)


def spreadsheet_cell(text: str) -> str:
    """The text for a cell of a spreadsheet, never a formula."""
    return FORMULA.sub(r"\1'", visible(text))


def _escaped(letter: str) -> str:
    if letter.isascii():
        return letter if letter.isprintable() else f"\\x{ord(letter):02x}"
    if unicodedata.category(letter) not in ("Cc", "Cf", "Cs", "Cn", "Zl", "Zp"):
        return letter
    code = ord(letter)
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"
