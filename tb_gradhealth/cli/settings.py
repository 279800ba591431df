"""Settings of the commands from a file: `gradhealth.toml`, or `[tool.gradhealth]` of `pyproject.toml`.

A flag has precedence over an environment variable, and that over the file. The file of the working
directory may come with foreign code, so it can set neither what is run, nor where data is sent or
written, nor what is deleted.
"""

import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Any, Final

import click

FILE: Final = "gradhealth.toml"

PROJECT: Final = "pyproject.toml"

NEVER_FROM_A_FILE: Final = frozenset(
    {"exec", "webhook", "state", "output", "json", "markdown", "help", "host", "dask"}
    | {"apply", "archive", "idle-minutes", "keep-days", "max-bytes", "shared-files", "thin"}
)
"""Options that run a command, send, write or delete data, or open a port to other machines."""


class SettingsError(ValueError):
    """A settings file cannot be used; the message names the file, the key and a fix."""


@dataclass(frozen=True)
class Settings:
    """The settings of a file.

    Attributes:
        file: its name, for messages; empty where there is none.
        sections: by command, the values by option.
    """

    file: str
    sections: Mapping[str, Any]

    def defaults(self, command: str, parameters: click.Command) -> dict[str, Any]:
        """The file's values of a command, by parameter name.

        Args:
            command: its name.
            parameters: the command.

        Raises:
            SettingsError: the command has no such option, or it cannot be set in a file.
        """
        section = self.sections.get(command, {})
        known = {
            opt.lstrip("-"): option
            for option in parameters.params
            if isinstance(option, click.Option)
            for opt in option.opts
            if opt.startswith("--") and opt != "--help"
        }
        defaults = {}
        for key, value in section.items():
            where = f"{self.file}: {command}.{key}"
            name = key.replace("_", "-")
            if name in NEVER_FROM_A_FILE and name in known:
                raise SettingsError(
                    f"{where}: can be set by the flag --{name} or the environment only, not in a file"
                )
            if name not in known:
                usable = [each for each in known if each not in NEVER_FROM_A_FILE]
                raise SettingsError(f"{where}: unknown key{_suggestion(name, usable)}")
            if isinstance(value, dict):
                raise SettingsError(f"{where}: a value is needed, not a table")
            defaults[known[name].name or name] = value
        return defaults


def load_settings(path: Path | None, commands: Iterable[str]) -> Settings:
    """The settings of a file, or of the working directory where none is named.

    Args:
        path: the file; its sections are at the top, or below ``[tool.gradhealth]`` in a `pyproject.toml`.
        commands: the names of the commands, which are the allowed sections.

    Raises:
        SettingsError: the file cannot be read, is no TOML, or has an unknown section.
    """
    if path is None:
        path = next((each for each in (Path(FILE), Path(PROJECT)) if each.is_file()), None)
        if path is None:
            return Settings("", {})
    sections = _read(path)
    if path.name == PROJECT:
        sections = _table(_table(sections, "tool", PROJECT), "gradhealth", f"{PROJECT}: tool")
    known = sorted(commands)
    for name, section in sections.items():
        if name not in known:
            raise SettingsError(f"{path}: unknown section [{name}]{_suggestion(name, known)}")
        if not isinstance(section, dict):
            raise SettingsError(f"{path}: {name}: a table [{name}] is needed")
    return Settings(str(path), sections)


def _read(path: Path) -> dict[str, Any]:
    # TOML is read only where there is a file: the import takes some milliseconds of every command.
    if sys.version_info >= (3, 11):
        import tomllib
    else:
        import tomli as tomllib
    try:
        return dict(tomllib.loads(path.read_text(encoding="utf-8")))
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "it is no UTF-8 text"
        raise SettingsError(f"{path}: cannot be read ({reason})") from None
    except (ValueError, RecursionError) as error:
        raise SettingsError(f"{path}: is no TOML: {error}") from None


def _table(values: Mapping[str, Any], key: str, where: str) -> dict[str, Any]:
    value = values.get(key, {})
    if not isinstance(value, dict):
        raise SettingsError(f"{where}: {key}: a table is needed")
    return value


def _suggestion(word: str, known: list[str]) -> str:
    near = get_close_matches(word, known, n=1, cutoff=0.6)
    return f", did you mean {near[0]!r}?" if near else f"; known are {', '.join(known)}"
