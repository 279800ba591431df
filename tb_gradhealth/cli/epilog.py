"""The end of a command's help: examples and exit codes."""

from collections.abc import Mapping
from typing import Final

EVERYWHERE: Final = {130: "interrupted by Ctrl-C", 141: "the reader of the output went away"}
"""Exit codes of all commands."""


def epilog(
    examples: Mapping[str, str], exit_codes: Mapping[int, str], *, runs_until_interrupted: bool = False
) -> str:
    """The text below the options of a command.

    Args:
        examples: what each command line does, by command line.
        exit_codes: what each exit code means.
        runs_until_interrupted: whether Ctrl-C is the ordinary end of the command, which is no error.
    """
    codes = {**exit_codes, **EVERYWHERE}
    if runs_until_interrupted:
        del codes[130]
    shown = [line for command, purpose in examples.items() for line in (f"  # {purpose}", f"  {command}")]
    listed = [f"  {code:<5}{meaning}" for code, meaning in sorted(codes.items())]
    # \b keeps click from filling the lines of a paragraph.
    return "\n\n".join(
        "\b\n" + "\n".join([title, *lines])
        for title, lines in (("Examples:", shown), ("Exit codes:", listed))
    )
