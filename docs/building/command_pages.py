"""The reference of the command line, from the commands themselves."""

import inspect
import re
from importlib import import_module

import click

from tb_gradhealth.cli.commands import COMMANDS
from tb_gradhealth.cli.lazy_group import variable_of
from tb_gradhealth.cli.settings import NEVER_FROM_A_FILE

HEAD = """# Command line

    gradhealth COMMAND [OPTIONS] ...

Each option is a flag, an environment variable, or a key of a [settings file](settings.md), in this order of
precedence. `gradhealth COMMAND --help` prints the same texts. All commands end with 130 after Ctrl-C, and
with 141 if the reader of their output goes away.
"""


def page() -> str:
    """The page, as Markdown."""
    return "\n\n".join([HEAD.rstrip(), *map(_section, sorted(COMMANDS))]) + "\n"


def commands() -> dict[str, click.Command]:
    """Each command by its name."""
    return {
        name: getattr(import_module(entry.module), name.replace("-", "_")) for name, entry in COMMANDS.items()
    }


def _section(name: str) -> str:
    command = commands()[name]
    context = click.Context(command, info_name=f"gradhealth {name}")
    usage = command.get_usage(context).removeprefix("Usage: ")
    parts = [f"## {name}", f"    {' '.join(usage.split())}", _prose(inspect.cleandoc(command.help or ""))]
    options = [each for each in command.params if isinstance(each, click.Option)]
    if options:
        rows = [_row(name, option, context) for option in options]
        parts.append("| option | meaning | environment variable |\n|---|---|---|\n" + "\n".join(rows))
    parts += _epilog(command.epilog or "")
    return "\n\n".join(parts)


def _row(command: str, option: click.Option, context: click.Context) -> str:
    record = option.get_help_record(context)
    assert record is not None
    flags, meaning = record
    key = max(option.opts, key=len).lstrip("-")
    variable = f"`{variable_of(command, option)}`"
    if key in NEVER_FROM_A_FILE:
        variable += ", not in a file"
    return f"| {_flags(_cell(flags))} | {_prose(_cell(meaning))} | {variable} |"


def _flags(text: str) -> str:
    """Flags, and the values to choose from, each as code: a table may break between them."""
    flags, bracket, choices = text.partition(" [")
    if not bracket:
        return f"`{text}`"
    return f"`{flags}` " + ", ".join(f"`{each}`" for each in choices.rstrip("]").split("|"))


def _epilog(text: str) -> list[str]:
    """Examples and exit codes, each as a block of code below its title."""
    parts = []
    for paragraph in text.split("\n\n"):
        title, *lines = paragraph.removeprefix("\b\n").splitlines()
        parts += [f"**{title}**", "\n".join(f"    {line.strip()}" for line in lines)]
    return parts


def _cell(text: str) -> str:
    return " ".join(text.split())


def _prose(text: str) -> str:
    """Text in which Markdown's special characters stand for themselves, except for code in backticks."""
    text = text.replace("\b\n", "")
    return "".join(
        part if index % 2 else re.sub(r"([*_<>\[\]])", r"\\\1", part)
        for index, part in enumerate(re.split(r"(`[^`]*`)", text))
    )
