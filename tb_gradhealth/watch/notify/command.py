"""Delivers notifications to a command: JSON on its standard input, environment variables beside it."""

import json
import os
import shlex
import shutil
import signal
import subprocess
import threading
from contextlib import suppress
from typing import Final

from tb_gradhealth.watch.notify.notification import Notification
from tb_gradhealth.watch.notify.sinks import DeliveryError

SECONDS: Final = 60.0
"""Time that a command may take."""

SECRETS: Final = ("GRADHEALTH_WEBHOOK_URL", "GRADHEALTH_WEBHOOK_TOKEN")


class CommandError(ValueError):
    """A command line cannot be run; the message is a sentence."""


class Command:
    """Runs a command once per notification; exit code 0 acknowledges it.

    The command line is divided into words as a shell would divide it, and run without a shell: ``|``, ``>``,
    ``$NAME`` and ``*`` have no meaning. ``sh -c '...'`` is a command line that has them.
    """

    name = "exec"

    def __init__(self, line: str, *, quiet: bool, seconds: float = SECONDS) -> None:
        """Check a command line.

        Args:
            line: the command line.
            quiet: discard what it prints, which would disturb the screen.
            seconds: time that it may take.

        Raises:
            CommandError: the line has no words or an open quote, or there is no such program.
        """
        try:
            self._words = shlex.split(line)
        except ValueError as error:
            raise CommandError(f"{line!r} is no command line: {error}") from None
        if not self._words:
            raise CommandError("the command is empty")
        if shutil.which(self._words[0]) is None:
            raise CommandError(f"there is no program {self._words[0]!r}")
        self.shown = f"the command {os.path.basename(self._words[0])}"
        self._output = subprocess.DEVNULL if quiet else None
        self._seconds = seconds
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._is_cancelled = False

    def send(self, notification: Notification) -> None:
        """Run the command and wait for its end."""
        inherited = {name: value for name, value in os.environ.items() if name not in SECRETS}
        content = json.dumps(notification.values, allow_nan=False).encode() + b"\n"
        try:
            with self._lock:
                if self._is_cancelled:
                    raise DeliveryError("was not started")
                # In a session of its own, so that Ctrl-C for us does not end it, and all of it can be killed.
                self._process = subprocess.Popen(
                    self._words,
                    stdin=subprocess.PIPE,
                    stdout=self._output,
                    stderr=self._output,
                    env={**inherited, **notification.environment()},
                    start_new_session=True,
                )
            self._process.communicate(content, self._seconds)
        except subprocess.TimeoutExpired:
            self._kill()
            raise DeliveryError(f"did not end within {self._seconds:g} seconds") from None
        except OSError as error:
            raise DeliveryError(f"cannot be run: {error.strerror}") from None
        code = self._process.returncode
        if code:
            ended = f"was ended by signal {-code}" if code < 0 else f"ended with exit code {code}"
            raise DeliveryError(ended)

    def cancel(self) -> None:
        """Kill a running command."""
        with self._lock:
            self._is_cancelled = True
            self._kill()

    def _kill(self) -> None:
        process = self._process
        if process is not None and process.poll() is None:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
