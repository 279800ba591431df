"""The group `gradhealth`: imports a command when it is used, reads its settings, ends as shells expect."""

import errno
import os
import sys
from collections.abc import Mapping
from contextlib import suppress
from difflib import get_close_matches
from importlib import import_module
from typing import Any, Final

import click
from click.core import ParameterSource

from tb_gradhealth.cli.commands import LazyCommand
from tb_gradhealth.cli.settings import Settings, SettingsError, load_settings

WRONG_USAGE: Final = 2
"""Exit code of wrong usage, and of output that cannot be written."""

INTERRUPTED: Final = 130
"""Exit code after Ctrl-C: 128 plus the number of SIGINT, as shells report it."""

BROKEN_PIPE: Final = 141
"""Exit code where the reader of a pipe has closed it: 128 plus the number of SIGPIPE."""

FULL: Final = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO)
"""Errors of a disk that is full or broken."""


class LazyGroup(click.Group):
    """A group whose commands are imported when they are used, so that its help is fast."""

    lazy: Mapping[str, LazyCommand]

    def __init__(self, *arguments: Any, lazy: Mapping[str, LazyCommand], **options: Any) -> None:
        """Create a group.

        Args:
            arguments: as of `click.Group`.
            lazy: its commands by name.
            options: as of `click.Group`.
        """
        super().__init__(*arguments, **options)
        self.lazy = lazy

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The names of the commands."""
        return sorted(self.lazy)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """A command by name, imported now; each of its options gets its environment variable."""
        entry = self.lazy.get(cmd_name)
        if entry is None:
            return None
        command: click.Command = getattr(import_module(entry.module), cmd_name)
        for option in command.params:
            if isinstance(option, click.Option) and option.envvar is None:
                option.envvar = variable_of(cmd_name, option)
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """The command of some arguments; an unknown one gets a suggestion, its settings are checked."""
        name = args[0]
        if name not in self.lazy and not name.startswith("-"):
            near = get_close_matches(name, self.lazy, n=1)
            hint = f"did you mean {near[0]!r}?" if near else f"known are {', '.join(sorted(self.lazy))}"
            raise click.UsageError(f"no such command {name!r}; {hint}", ctx)
        resolved = super().resolve_command(ctx, args)
        command = resolved[1]
        if command is not None and not ctx.resilient_parsing:  # completion needs no settings
            try:
                ctx.obj = load_settings(ctx.params["config"], self.lazy)
                ctx.default_map = {name: ctx.obj.defaults(name, command)}
            except SettingsError as error:
                raise click.UsageError(str(error), ctx) from None
        return resolved

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The list of commands, from the table alone."""
        width = formatter.width - 6 - max(map(len, self.lazy))
        with formatter.section("Commands"):
            formatter.write_dl(
                [(name, _shortened(self.lazy[name].summary, width)) for name in sorted(self.lazy)]
            )

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command; Ctrl-C, a closed pipe and a full disk end it with an exit code, no traceback."""
        try:
            try:
                return super().invoke(ctx)
            finally:
                sys.stdout.flush()  # what fails here would else fail after the exit code is decided
        except KeyboardInterrupt:
            _discard_output()
            ctx.exit(INTERRUPTED)
        except BrokenPipeError:
            _discard_output()
            ctx.exit(BROKEN_PIPE)
        except click.BadParameter as error:
            raise _with_source(error, ctx.find_object(Settings)) from None
        except OSError as error:
            if error.errno not in FULL:
                raise
            _discard_output()
            where = error.filename or "the output"
            click.echo(f"Error: {where} cannot be written: {error.strerror}", err=True)
            ctx.exit(WRONG_USAGE)


def variable_of(command: str, option: click.Option) -> str:
    """The environment variable of an option, by its longest name: ``GRADHEALTH_CHECK_FAIL_ON``."""
    return f"gradhealth_{command}_{max(option.opts, key=len).lstrip('-')}".replace("-", "_").upper()


def _with_source(error: click.BadParameter, settings: Settings | None) -> click.BadParameter:
    """The error with the name of the settings file or environment variable that the value comes from."""
    ctx, param = error.ctx, error.param
    if ctx is None or param is None or param.name is None:
        return error
    source = ctx.get_parameter_source(param.name)
    if source is ParameterSource.DEFAULT_MAP and settings is not None:
        origin = f"set in {settings.file}"
    elif source is ParameterSource.ENVIRONMENT:
        origin = f"set by the environment variable {param.envvar}"
    else:
        return error
    return click.BadParameter(f"{error.message} ({origin})", ctx, param)


def _discard_output() -> None:
    """Send what is left in the buffer of standard output nowhere: Python would complain at its exit."""
    with suppress(OSError, ValueError):  # there is no real standard output within tests
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _shortened(summary: str, width: int) -> str:
    """The summary in one line: cut at a word."""
    text = summary.rstrip(".")
    return text if len(text) <= width else text[: width - 1].rsplit(" ", 1)[0].rstrip(",") + " …"
