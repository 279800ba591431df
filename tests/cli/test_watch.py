"""`gradhealth watch` as a process: lines, one pass for cron, deliveries that survive kill -9, a terminal."""

import json
import os
import pty
import re
import shlex
import signal
import subprocess
import sys
import threading
import time
from contextlib import contextmanager

import pytest
from run_log import RunLog
from watched_log import TABLE, add_record, write_run
from webhook_server import HANG, webhook_server

COMMAND = [sys.executable, "-m", "tb_gradhealth.cli", "watch"]


@pytest.fixture
def logs(tmp_path, monkeypatch):
    """A log directory; the state of the user is elsewhere."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "states"))
    for name in ("GRADHEALTH_WEBHOOK_URL", "GRADHEALTH_WEBHOOK_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    (tmp_path / "logs").mkdir()
    return tmp_path / "logs"


def watch(*arguments, **environment):
    """Run to the end."""
    return subprocess.run(
        [*COMMAND, *map(str, arguments)],
        capture_output=True,
        text=True,
        timeout=120,
        env={**os.environ, **environment},
    )


class Watching:
    """A running command; its lines are read in threads, as they come."""

    def __init__(self, process):
        self.process, self.lines, self.errors = process, [], []
        streams = ((process.stdout, self.lines), (process.stderr, self.errors))
        self._threads = [threading.Thread(target=self._read, args=each) for each in streams]
        for thread in self._threads:
            thread.start()

    def wait_for(self, text, among=None):
        """The first line with a text."""
        end = time.monotonic() + 60
        lines = self.lines if among is None else among
        while True:
            for line in list(lines):
                if text in line:
                    return line
            assert time.monotonic() < end, (text, self.lines, self.errors)
            assert self.process.poll() is None, (text, self.lines, self.errors)
            time.sleep(0.02)

    def end(self, number=signal.SIGINT):
        self.process.send_signal(number)
        code = self.process.wait(60)
        for thread in self._threads:
            thread.join()
        return code

    def _read(self, stream, lines):
        with stream:
            for line in stream:
                lines.append(line.rstrip("\n"))


@contextmanager
def watching(*arguments, **environment):
    process = subprocess.Popen(
        [*COMMAND, *map(str, arguments)],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONUNBUFFERED": "1", **environment},
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    )
    running = Watching(process)
    try:
        yield running
    finally:
        if process.poll() is None:
            running.end(signal.SIGKILL)


def test_a_growing_log_gives_a_line_per_change(logs):
    with RunLog(logs / "run", TABLE) as log, watching(logs, "--interval", "0.1") as running:
        for number in range(3):
            add_record(log, number)
        running.wait_for("None of 1 run needs attention.", running.errors)
        assert running.lines == []
        add_record(log, 3, sick=True)
        running.wait_for("new       critical  run  non-finite  dense/kernel  step ")
        running.wait_for("1 of 1 run needs attention.", running.errors)
        for number in range(4, 11):
            add_record(log, number)
        running.wait_for("resolved")
        write_run(logs / "second", sick_from=2)
        running.wait_for("second  non-finite")
        assert len(running.lines) == 3
        assert running.end() == 130
    assert not any("Traceback" in line for line in running.errors)


def test_sigterm_is_exit_code_143(logs):
    with watching(logs, "--plain", "--interval", "0.1") as running:
        running.wait_for("No runs yet.", running.errors)
        assert running.end(signal.SIGTERM) == 143


def test_one_pass_prints_and_sends_what_is_new_since_the_last(logs):
    write_run(logs / "first", sick_from=2)
    with webhook_server() as server:
        settings = {"GRADHEALTH_WEBHOOK_URL": server.url, "GRADHEALTH_WEBHOOK_TOKEN": "TOKEN"}
        done = watch(logs, "--once", **settings)
        assert (done.returncode, done.stdout.count("\n")) == (1, 1)
        assert watch(logs, "--once", **settings).stdout == ""
        write_run(logs / "second", sick_from=2)
        done = watch(logs, "--once", **settings)
        assert re.match("new +critical +second ", done.stdout)
        assert [body["run"] for body in server.bodies()] == ["first", "second"]
    assert list(logs.glob("**/*.json*")) == [], "nothing is written into the log directory"


@pytest.mark.parametrize(("sick_from", "code"), [(None, 0), (2, 1)])
def test_the_exit_codes_of_one_pass_are_those_of_check(logs, sick_from, code):
    assert watch(logs / "absent", "--once").returncode == 2
    write_run(logs / "run", sick_from=sick_from)
    assert watch(logs, "--once").returncode == code


def test_what_a_dead_webhook_missed_is_sent_at_the_next_start(logs):
    write_run(logs / "run", sick_from=2)
    with webhook_server() as server:
        url = server.url  # nobody listens there any more
    with watching(logs, "--interval", "0.1", GRADHEALTH_WEBHOOK_URL=url) as running:
        line = running.wait_for("will be sent again", running.errors)
        running.wait_for("new       critical  run")
        time.sleep(2)
        assert running.end() == 130
    (left,) = [each for each in running.errors if "not delivered" in each]
    assert left.startswith("1 notification is not delivered to http://127.0.0.1:")
    assert sum("will be sent again" in each for each in running.errors) == 1, "one line, not one per attempt"
    assert "SECRET" not in "".join([*running.errors, *running.lines, line])
    (logs / "run").rename(logs.parent / "deleted")  # what was found is sent although its log is gone
    with webhook_server() as server:
        done = watch(logs, "--once", GRADHEALTH_WEBHOOK_URL=server.url)
        assert [body["run"] for body in server.bodies()] == ["run"]
    assert "SECRET" not in done.stdout + done.stderr


def test_an_undelivered_notification_of_one_pass_is_exit_code_2(logs):
    write_run(logs / "run", sick_from=2)
    with webhook_server(*[500] * 1000) as server:
        done = watch(logs, "--once", GRADHEALTH_WEBHOOK_URL=server.url)
        assert len(server.requests) >= 3
    assert done.returncode == 2
    assert "1 notification is not delivered" in done.stderr


def test_kill_9_between_delivery_and_acknowledgement_repeats_and_loses_nothing(logs):
    write_run(logs / "run", sick_from=2)
    with webhook_server(HANG) as server:
        with watching(logs, "--interval", "0.1", GRADHEALTH_WEBHOOK_URL=server.url) as running:
            server.wait_for(1)
            assert running.end(signal.SIGKILL) == -9
        assert watch(logs, "--once", GRADHEALTH_WEBHOOK_URL=server.url).returncode == 1
        first, second = server.bodies()
        assert first == second
        assert watch(logs, "--once", GRADHEALTH_WEBHOOK_URL=server.url).returncode == 1
        assert len(server.requests) == 2


def test_kill_9_at_any_time_loses_nothing(logs):
    for number in range(12):
        write_run(logs / f"run_{number}", records=2, sick_from=1)
    with webhook_server() as server:
        for delay in (0.0, 0.01, 0.03, 0.1):
            before = len(server.requests)
            with watching(logs, "--interval", "0.1", GRADHEALTH_WEBHOOK_URL=server.url) as running:
                if before < 12:
                    server.wait_for(before + 1)
                time.sleep(delay)
                running.end(signal.SIGKILL)
        assert watch(logs, "--once", GRADHEALTH_WEBHOOK_URL=server.url).returncode == 1
        sent = [body["run"] for body in server.bodies()]
    assert set(sent) == {f"run_{number}" for number in range(12)}
    assert len(sent) <= 12 + 4, "at most one is repeated per kill"


def test_a_command_runs_per_finding_and_again_only_if_it_fails(logs, tmp_path):
    write_run(logs / "run", sick_from=2)
    out = tmp_path / "out"
    script = f"cat >> {out}; test -e {tmp_path}/ready || {{ touch {tmp_path}/ready; exit 7; }}"
    command = shlex.join(["sh", "-c", script])
    done = watch(logs, "--once", "--exec", command)
    assert done.returncode == 1
    assert "the command sh ended with exit code 7; the notification will be sent again." in done.stderr
    assert watch(logs, "--once", "--exec", command).returncode == 1
    first, second = map(json.loads, out.read_text().splitlines())
    assert first == second
    assert first["finding"]["symptom"] == "non-finite"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--webhook", "ftp://host/SECRET"], "has to begin with http://"),
        (["--exec", "no-such-program-here"], "there is no program 'no-such-program-here'"),
        (["--once", "--state", "{logs}/state.json"], "is in the log directory"),
        (["--rules", "nowhere"], "nowhere: cannot be read"),
    ],
)
def test_wrong_usage_is_a_sentence(logs, arguments, said):
    done = watch(logs, *[each.format(logs=logs) for each in arguments])
    assert done.returncode == 2
    assert said in done.stderr
    assert "SECRET" not in done.stderr
    assert "Traceback" not in done.stderr


def test_neither_command_nor_address_can_come_from_a_settings_file(logs, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for key in ("exec", "webhook", "state"):
        (tmp_path / "gradhealth.toml").write_text(f"[watch]\n{key} = 'touch owned'\n")
        done = watch(logs, "--once")
        assert done.returncode == 2
        assert f"gradhealth.toml: watch.{key}: can be set by the flag" in done.stderr
    assert not (tmp_path / "owned").exists()


def in_a_terminal(logs, keys, *, without_textual=False, **environment):
    """The exit code and output of the command in a terminal; each key, or signal, follows a text."""
    controller, terminal = pty.openpty()
    program = (
        "import sys\n"
        + ("sys.modules['textual'] = None\n" if without_textual else "")
        + "from tb_gradhealth.cli import main\nmain(prog_name='gradhealth')"
    )
    command = [sys.executable, "-c", program, "watch", str(logs)]
    settings = {**os.environ, "TERM": "xterm-256color", "COLUMNS": "80", "LINES": "24", **environment}
    process = subprocess.Popen(
        command, stdin=terminal, stdout=terminal, stderr=terminal, env=settings, start_new_session=True
    )
    os.close(terminal)
    shown, end = b"", time.monotonic() + 60
    try:
        while time.monotonic() < end:
            try:
                part = os.read(controller, 65536)
            except OSError:  # Linux reports the end of a terminal so
                break
            shown += part
            if keys and keys[0][0].encode() in shown:
                key = keys.pop(0)[1]
                if isinstance(key, int):
                    process.send_signal(key)
                else:
                    os.write(controller, key.encode())
        return process.wait(30), shown.decode(errors="replace")
    finally:
        process.kill()
        process.wait()
        os.close(controller)


@pytest.mark.parametrize(("key", "code"), [("q", 0), ("\x03", 130), (signal.SIGTERM, 143)])
def test_the_screen_runs_in_a_real_terminal(logs, key, code):
    write_run(logs / "sick", sick_from=2)
    found, shown = in_a_terminal(logs, [("need", key)])
    assert found == code
    assert "1 of 1 run needs attention." in shown
    assert "likely origin" in shown
    assert shown.count("\x1b[?1049h") == shown.count("\x1b[?1049l") == 1, "the terminal is left as it was"


def test_the_screen_without_colours(logs):
    write_run(logs / "sick", sick_from=2)
    colour = re.compile(r"\x1b\[(?:[0-9;]*;)?3[1-7][0-9;]*m")  # H ends a move of the cursor
    assert colour.search(in_a_terminal(logs, [("need", "q")])[1])
    assert not colour.search(in_a_terminal(logs, [("need", "q")], NO_COLOR="1")[1])


def test_without_textual_the_screen_names_what_to_install(logs):
    code, shown = in_a_terminal(logs, [], without_textual=True)
    assert code == 2
    assert "pip install 'tb_gradhealth[watch]'" in " ".join(shown.split())
