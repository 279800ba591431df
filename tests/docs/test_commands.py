"""Every command line in the documentation is one: commands, options, extras and targets exist."""

import argparse
import re
import shlex
import sys

import click
import documentation
import pytest

from tb_gradhealth.cli import main
from tb_gradhealth.plugin.loader import GradHealthLoader

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

# TensorBoard includes an old copy of a library that warns when it is imported.
pytestmark = pytest.mark.filterwarnings("ignore:html5lib's sanitizer is deprecated:DeprecationWarning")

WITH_COMMANDS = [each for each in documentation.DOCUMENTS if documentation.command_lines(each)]


def _gradhealth(arguments):
    with main.make_context("gradhealth", arguments, resilient_parsing=False) as context:
        name, command, rest = main.resolve_command(context, arguments)
        command.make_context(name, rest, parent=context)


def _tensorboard(arguments):
    from tensorboard.plugins.core.core_plugin import CorePluginLoader

    parser = argparse.ArgumentParser(exit_on_error=False)
    for loader in (CorePluginLoader(), GradHealthLoader()):
        loader.define_flags(parser)
    assert parser.parse_known_args(arguments)[1] == []


def _pip(arguments):
    extras = tomllib.loads((documentation.REPOSITORY / "pyproject.toml").read_text())["project"]
    for named in re.findall(r"tb_gradhealth\[([^\]]*)\]", " ".join(arguments)):
        assert set(named.split(",")) <= set(extras["optional-dependencies"])


def _make(arguments):
    makefile = (documentation.REPOSITORY / "Makefile").read_text()
    for target in arguments:
        assert "=" in target or re.search(rf"^{target}:", makefile, re.MULTILINE), target


CHECKS = {"gradhealth": _gradhealth, "tensorboard": _tensorboard, "pip": _pip, "make": _make}


@pytest.mark.parametrize("document", WITH_COMMANDS, ids=documentation.name_of)
def test_its_command_lines_exist(document, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)  # there are no settings
    for line in documentation.command_lines(document):
        for part in re.split(r"&&|\|\|? ", line.partition(" > ")[0]):
            words = shlex.split(part, comments=True)
            words = words[next(index for index, word in enumerate(words) if not re.match("[A-Z_]+=", word)) :]
            check = CHECKS.get(words[0].rpartition("/")[2])
            if check and not {"COMMAND", "..."} & set(words):
                check(words[1:])


def test_a_wrong_option_is_found(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(click.UsageError, match="No such option"):
        _gradhealth(["check", "logs", "--fail-at", "critical"])
    with pytest.raises(AssertionError):
        _tensorboard(["--logdir", "logs", "--gradhealth_rule_file", "rules.toml"])


@pytest.mark.parametrize("document", documentation.DOCUMENTS, ids=documentation.name_of)
def test_its_commands_in_sentences_exist(document):
    for code in documentation.inline_code(document):
        match = re.match(r"gradhealth ([a-z]+)\b", code)
        if match:
            command = main.get_command(click.Context(main), match[1])
            assert command, code
            options = {flag for option in command.params for flag in option.opts} | {"--help", "-h"}
            assert set(re.findall(r"(?<=\s)--[a-z-]+", code)) <= options, code
