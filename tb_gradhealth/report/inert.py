"""Texts out of a log, made harmless: nothing moves a cursor, turns text around, starts a formula."""

import re
import unicodedata
from typing import Final

LONGEST: Final = 1_000
"""Characters of a name or message that are shown; a name can be of any length."""

FORMULA: Final = re.compile(r"(^|;)(?=\s*[=+\-@\t\r＝＋－＠])")
"""What makes a spreadsheet read a cell as a formula (OWASP, "CSV Injection"), full-width forms too; after a
semicolon as well, which parts cells where a comma is used for decimals."""


def visible(text: str, longest: int = LONGEST) -> str:
    r"""The text with every character that is no character to look at written out, as ``\x1b`` or ``\u202e``.

    That is control characters, line breaks, marks that change the direction of writing and other invisible
    ones, and halves of surrogate pairs, which are how Python holds file names that are no UTF-8.
    """
    shown = text if len(text) <= longest else f"{text[:longest]}… ({len(text):,} characters)"
    return "".join(_written_out(letter) for letter in shown)


def cell(text: str) -> str:
    """The text for a spreadsheet's cell: never a formula."""
    return FORMULA.sub(r"\1'", visible(text))


def _written_out(letter: str) -> str:
    if letter.isascii():
        return letter if letter.isprintable() else f"\\x{ord(letter):02x}"
    if unicodedata.category(letter) not in ("Cc", "Cf", "Cs", "Cn", "Zl", "Zp"):
        return letter
    code = ord(letter)
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"
