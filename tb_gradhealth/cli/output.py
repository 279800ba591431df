"""Writes the files that a user names, or ends the command with a sentence."""

from pathlib import Path

import click

from tb_gradhealth.report import write_atomically


class OutputError(click.ClickException):
    """A file cannot be written; a pipeline must not take that for findings, so the exit code is 2."""

    exit_code = 2


def write_output(path: Path, text: str) -> None:
    """Write a file atomically.

    Raises:
        OutputError: it cannot be written.
    """
    try:
        write_atomically(path, text)
    except OSError as error:
        raise OutputError(f"{path} cannot be written: {error.strerror}") from None
