"""The page about settings files, with the keys of each command."""

from pathlib import Path

import click
from command_pages import commands

from tb_gradhealth.cli.settings import NEVER_FROM_A_FILE

TEXT = Path(__file__).with_name("settings.md")


def page() -> str:
    """The page, as Markdown: the text beside this file, and the table."""
    lines = ["| table | keys |", "|---|---|"]
    for name, command in sorted(commands().items()):
        keys = [
            max(option.opts, key=len).lstrip("-")
            for option in command.params
            if isinstance(option, click.Option)
        ]
        usable = [f"`{key}`" for key in keys if key not in NEVER_FROM_A_FILE]
        if usable:
            lines.append(f"| `[{name}]` | {', '.join(usable)} |")
    return TEXT.read_text("utf-8") + "\n" + "\n".join(lines) + "\n"
