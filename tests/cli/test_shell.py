"""How `gradhealth` behaves in a shell: start-up, completion, pipes, Ctrl-C, files; over real processes."""

import json
import os
import pty
import re
import shlex
import signal
import subprocess
import sys
import time

import pytest
from click.testing import CliRunner
from command import gradhealth
from run_log import RunLog

from tb_gradhealth.cli import main
from tb_gradhealth.cli.commands import COMMANDS
from tb_gradhealth.record import Row, RowTable

COMMAND = shlex.join([sys.executable, "-m", "tb_gradhealth.cli"])
WIDE = RowTable(
    tuple(
        Row(f"layer_{index}/kernel", "gradient", f"layer_{index}", "kernel", index, (8, 8))
        for index in range(300)
    ),
    settings={"every": 10},
)


@pytest.fixture(scope="module")
def logs(tmp_path_factory):
    """A run whose explained report has more than a pipe holds."""
    folder = tmp_path_factory.mktemp("logs")
    with RunLog(folder / "wide", WIDE) as log:
        for step in range(0, 60, 10):
            log.record(step, *[{"rms": 0.1, "nan_count": int(index == 7)} for index in range(300)])
    return folder


def shell(line, **options):
    return subprocess.run(["bash", "-c", line], capture_output=True, text=True, timeout=120, **options)


def on_a_terminal(*arguments, **environment):
    """What a command prints where its output and its errors are a terminal of 80 columns."""
    controller, terminal = pty.openpty()
    command = [sys.executable, "-m", "tb_gradhealth.cli", *map(str, arguments)]
    settings = {**os.environ, "COLUMNS": "80", "TERM": "xterm-256color", **environment}
    with subprocess.Popen(command, stdout=terminal, stderr=terminal, env=settings):
        os.close(terminal)
        printed = b""
        while True:
            try:
                part = os.read(controller, 65536)
            except OSError:  # Linux reports the end of a terminal so
                break
            if not part:
                break
            printed += part
    os.close(controller)
    return printed.decode()


def test_help_imports_none_of_the_commands():
    program = (
        "import sys\nfrom tb_gradhealth.cli import main\nmain(['--help'], standalone_mode=False)\n"
        "print('heavy:', [name for name in ('numpy', 'rich', 'jinja2', 'tensorboard', 'jsonschema')"
        " if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.endswith("heavy: []\n")
    assert all(name in done.stdout for name in COMMANDS)


@pytest.mark.parametrize("name", COMMANDS)
def test_the_help_of_each_command_has_examples_exit_codes_and_its_summary(name):
    shown = CliRunner().invoke(main, [name, "-h"]).stdout
    assert COMMANDS[name].summary in re.sub(r"\s+", " ", shown)
    examples = shown.partition("Examples:")[2].partition("Exit codes:")[0]
    assert f"gradhealth {name}" in examples
    assert re.search(r"^ +0 +\w", shown.partition("Exit codes:")[2], re.MULTILINE)
    assert max(map(len, shown.splitlines())) <= 100


def test_the_commands_of_the_examples_exist():
    for name in COMMANDS:
        shown = CliRunner().invoke(main, [name, "-h"]).stdout
        for line in re.findall(r"^ +gradhealth (.+)$", shown.partition("Examples:")[2], re.MULTILINE):
            used, *arguments = shlex.split(re.split(r"[|>]", line)[0].replace("$(", "").rstrip(')" '))
            command = main.get_command(main.make_context("gradhealth", [used]), used)
            command.make_context(used, arguments)


def test_bash_completes_commands_options_and_values(tmp_path):
    script = tmp_path / "gradhealth"
    script.write_text(f'#!/bin/sh\nexec {COMMAND} "$@"\n')
    script.chmod(0o755)
    line = """
    eval "$(gradhealth completion bash)"
    for words in "gradhealth ch" "gradhealth check --fail" "gradhealth check --fail-on wa"; do
        COMP_WORDS=($words); COMP_CWORD=$((${#COMP_WORDS[@]} - 1)); COMPREPLY=()
        _gradhealth_completion gradhealth
        echo "${COMPREPLY[@]}"
    done
    """
    done = shell(line, env={**os.environ, "PATH": f"{tmp_path}:{os.environ['PATH']}"})
    assert done.stderr == ""
    assert done.stdout.split() == ["check", "--fail-on", "warning"]


@pytest.mark.parametrize("form", ["zsh", "fish"])
def test_other_shells_get_their_script_and_its_answers(form):
    script = gradhealth("completion", form).stdout
    assert f"_GRADHEALTH_COMPLETE={form}_complete" in script
    asked = {"_GRADHEALTH_COMPLETE": f"{form}_complete", "COMP_WORDS": "gradhealth ru", "COMP_CWORD": "1"}
    asked["COMP_CWORD"] = "ru" if form == "fish" else "1"
    answer = shell(COMMAND, env={**os.environ, **asked}).stdout
    assert "rules" in answer
    assert "score" not in answer


def test_an_unknown_command_gets_a_suggestion():
    done = gradhealth("chek")
    assert done.returncode == 2
    assert "did you mean 'check'?" in done.stderr


@pytest.mark.parametrize("form", ["text", "json"])
def test_a_closed_pipe_is_silent(logs, form):
    line = (
        f"{COMMAND} check {logs} --explain --format {form} | head -c 10 > /dev/null; echo ${{PIPESTATUS[0]}}"
    )
    # Unbuffered, Python takes the part of a write that the reader took for the whole.
    done = shell(f"unset PYTHONUNBUFFERED; {line}")
    assert (done.stdout, done.stderr) == ("141\n", "")


def test_a_full_disk_is_one_line(logs, tmp_path):
    done = shell(f"{COMMAND} check {logs} > /dev/full")
    assert done.returncode == 2
    assert done.stderr == "Error: the output cannot be written: No space left on device\n"
    report = tmp_path / "report.json"
    report.write_text("earlier")
    done = shell(f"ulimit -f 1; {COMMAND} check {logs} --format json --output {report}")
    assert done.returncode == 2
    assert done.stderr == f"Error: {report} cannot be written: File too large\n"
    assert report.read_text() == "earlier"
    assert list(tmp_path.iterdir()) == [report]


def test_a_report_is_written_whole(logs, tmp_path):
    report, link = tmp_path / "report.json", tmp_path / "link.json"
    link.symlink_to(report)
    done = shell(f"umask 027; {COMMAND} check {logs} --format json --output {link}")
    assert (done.returncode, done.stdout) == (1, "")
    assert report.read_text() == gradhealth("check", logs, "--format", "json").stdout
    assert link.is_symlink()
    assert report.stat().st_mode & 0o777 == 0o640
    text = tmp_path / "report.txt"
    gradhealth("check", logs, "--output", text)
    assert text.read_text() == gradhealth("check", logs).stdout
    missing = gradhealth("check", logs, "--output", tmp_path / "absent" / "report.txt")
    assert missing.returncode == 2
    assert "cannot be written: No such file or directory" in missing.stderr


def test_ctrl_c_is_exit_code_130(logs, tmp_path):
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    command = [*shlex.split(COMMAND), "check", logs, "--explain", "--format", "json", "--output", pipe]
    with subprocess.Popen(command, stderr=subprocess.PIPE, preexec_fn=_like_a_terminal) as process:
        with pipe.open("rb") as reader:
            reader.read(1)  # the rest does not fit into the pipe, so the command waits
            process.send_signal(signal.SIGINT)
            assert process.wait(60) == 130
        assert process.stderr.read() == b""


def test_ctrl_c_leaves_no_half_file(logs, tmp_path):
    whole = gradhealth("check", logs, "--explain", "--format", "json").stdout
    report = tmp_path / "report.json"
    for delay in (0.2, 0.5, 0.6, 0.7, 0.8, 1.0):
        report.write_text("earlier")
        command = [*shlex.split(COMMAND), "check", logs, "--explain", "--format", "json", "--output", report]
        with subprocess.Popen(command, stderr=subprocess.DEVNULL, preexec_fn=_like_a_terminal) as process:
            time.sleep(delay)
            process.send_signal(signal.SIGINT)
        assert report.read_text() in ("earlier", whole)
        assert list(tmp_path.iterdir()) == [report]


def _like_a_terminal():
    # A shell that starts the tests in the background has them ignore Ctrl-C.
    signal.signal(signal.SIGINT, signal.default_int_handler)


def test_progress_is_for_terminals_only(logs):
    assert "Judging runs" in on_a_terminal("check", logs)
    done = gradhealth("check", logs)
    assert done.stderr == ""
    assert "Judging runs" not in done.stdout


def test_no_color_means_none(logs):
    colour = re.compile(r"\x1b\[[0-9;]*3[0-7]")
    assert colour.search(on_a_terminal("check", logs))
    assert not colour.search(on_a_terminal("check", logs, NO_COLOR="1"))


@pytest.fixture
def folder(logs, tmp_path, monkeypatch):
    """A working directory, with the settings file as given."""
    monkeypatch.chdir(tmp_path)
    for name in [name for name in os.environ if name.startswith("GRADHEALTH")]:
        monkeypatch.delenv(name)

    def check(text, *arguments, file="gradhealth.toml", **environment):
        (tmp_path / file).write_text(text)
        return CliRunner().invoke(main, [*arguments, "check", str(logs)], env=environment)

    return check


def is_json(result):
    return result.stdout.startswith("{") and "runs" in json.loads(result.stdout)


def test_the_file_of_the_working_directory_sets_options(folder):
    assert is_json(folder('[check]\nformat = "json"\n'))
    assert is_json(folder('[tool.gradhealth.check]\nformat = "json"\n', file="pyproject.toml"))


def test_gradhealth_toml_replaces_pyproject_toml(folder):
    folder('[tool.gradhealth.check]\nformat = "json"\n', file="pyproject.toml")
    assert not is_json(folder('[check]\nfail-on = "info"\n'))


def test_another_file_is_named_by_an_option_or_the_environment(folder):
    assert is_json(folder('[check]\nformat = "json"\n', "--config", "other.toml", file="other.toml"))
    assert is_json(folder('[check]\nformat = "json"\n', file="other.toml", GRADHEALTH_CONFIG="other.toml"))
    missing = folder("", "--config", "absent.toml")
    assert (missing.exit_code, "absent.toml: cannot be read" in missing.stderr) == (2, True)


def test_flags_come_before_the_environment_and_that_before_the_file(folder, logs):
    file = '[check]\nformat = "csv"\n'
    assert folder(file).stdout.startswith("run,")
    assert is_json(folder(file, GRADHEALTH_CHECK_FORMAT="json"))
    command = ["check", str(logs), "--format", "markdown"]
    flag = CliRunner().invoke(main, command, env={"GRADHEALTH_CHECK_FORMAT": "json"})
    assert flag.stdout.startswith("# ")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[check]\nformatt = 'json'\n", "check.formatt: unknown key, did you mean 'format'?"),
        ("[chekc]\nformat = 'json'\n", "unknown section [chekc], did you mean 'check'?"),
        ("[check]\nformat = 'pdf'\n", "(set in gradhealth.toml)"),
        ("[check]\noutput = '/etc/passwd'\n", "check.output: can be set by the flag --output"),
        ("check = 1\n", "a table [check] is needed"),
        ("[check]\nformat = {}\n", "check.format: a value is needed"),
        ("[check\n", "is no TOML"),
    ],
)
def test_what_a_file_gets_wrong_is_named(folder, text, said):
    result = folder(text)
    assert result.exit_code == 2
    assert said in " ".join(result.stderr.split())
    assert "gradhealth.toml" in result.stderr


def test_a_wrong_variable_is_named(folder):
    result = folder("", GRADHEALTH_CHECK_FAIL_ON="grave")
    assert result.exit_code == 2
    assert "GRADHEALTH_CHECK_FAIL_ON" in result.stderr
