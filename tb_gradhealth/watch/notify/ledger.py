"""The file with what was seen and what is not delivered yet: a restart neither repeats nor loses it."""

import json
import threading
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, Final

from filelock import FileLock, Timeout

from tb_gradhealth.health import SEVERITIES
from tb_gradhealth.report import write_atomically
from tb_gradhealth.watch.changes import Mark, Seen
from tb_gradhealth.watch.notify.notification import Notification

SCHEMA: Final = "gradhealth.watch/1"


class LedgerError(Exception):
    """The file cannot be used; the message names it and a fix."""


class Ledger:
    """What each sink has seen and what is pending for it; every change is in the file when a method returns.

    The file is replaced atomically, readable by its owner only, and locked against a second process.
    """

    def __init__(self, path: Path, logdir: str) -> None:
        """Read the file, or start an empty one.

        Args:
            path: the file; its folder is created.
            logdir: the log directory that it is about.

        Raises:
            LedgerError: the file is in use, cannot be written, is damaged, or is about other logs.
        """
        self.path, self._logdir = path, logdir
        self._changing = threading.Lock()
        self._seen: dict[str, Seen] = {}
        self._pending: dict[str, dict[str, Notification]] = {}
        self._is_behind = False
        try:
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._file_lock = FileLock(f"{path}.lock")
            self._file_lock.acquire(timeout=0)
            self.is_new = not path.exists()
            if not self.is_new:
                self._read(json.loads(path.read_text(encoding="utf-8")))
            self._write()
        except Timeout:
            raise LedgerError(
                f"{path}: is in use by another `gradhealth watch`: end that one, or name another file by "
                "--state"
            ) from None
        except OSError as error:
            reason = f"cannot be used: {error.strerror}"
            raise LedgerError(f"{path}: {reason}; name another file by --state") from None
        except (ValueError, KeyError, TypeError, AttributeError):
            self.close()
            raise LedgerError(
                f"{path}: is no {SCHEMA} of {logdir}: delete it, which repeats notifications, or name "
                "another file by --state"
            ) from None

    def see(self, sink: str, look: Callable[[Seen], Iterable[Notification]]) -> None:
        """Update what a sink has seen together with what is pending for it, in one writing.

        Args:
            sink: its name.
            look: updates what was seen and returns the notifications to add.

        Raises:
            OSError: the file cannot be written; the notifications are pending in memory.
        """
        with self._changing:
            seen = self._seen.setdefault(sink, Seen())
            before = dict(seen.marks)
            added = {each.id: each for each in look(seen)}
            self._pending.setdefault(sink, {}).update(added)
            if added or seen.marks != before or self._is_behind:
                self._write()

    def remove(self, sink: str, notification: Notification) -> None:
        """Remove what is delivered from what is pending.

        Raises:
            OSError: the file cannot be written; it may be delivered again after a restart.
        """
        with self._changing:
            self._pending[sink].pop(notification.id, None)
            self._write()

    def postpone(self, sink: str, notification: Notification) -> None:
        """Move a notification behind the others, so that one that is always refused does not block them."""
        with self._changing:
            pending = self._pending[sink]
            pending[notification.id] = pending.pop(notification.id)

    def next(self, sink: str) -> Notification | None:
        """The notification to deliver next, None where nothing is pending."""
        with self._changing:
            return next(iter(self._pending.get(sink, {}).values()), None)

    def pending(self, sink: str) -> int:
        """Number of notifications that are not delivered."""
        with self._changing:
            return len(self._pending.get(sink, {}))

    def close(self) -> None:
        """Release the lock of the file."""
        self._file_lock.release()

    def _read(self, values: Any) -> None:
        if values["schema"] != SCHEMA or values["logdir"] != self._logdir:
            raise ValueError
        for sink, state in values["sinks"].items():
            self._seen[sink] = Seen(
                {
                    run: {key: _mark(*mark) for key, mark in marks.items()}
                    for run, marks in state["seen"].items()
                }
            )
            pending = [Notification(each) for each in state["pending"]]
            self._pending[sink] = {each.id: each for each in pending}

    def _write(self) -> None:
        sinks = {
            sink: {
                "seen": {
                    run: {key: [mark.severity, mark.is_resolved] for key, mark in marks.items()}
                    for run, marks in self._seen.get(sink, Seen()).marks.items()
                },
                "pending": [dict(each.values) for each in self._pending.get(sink, {}).values()],
            }
            for sink in {**self._seen, **self._pending}
        }
        text = json.dumps({"schema": SCHEMA, "logdir": self._logdir, "sinks": sinks})
        self._is_behind = True
        write_atomically(self.path, text, 0o600)
        self._is_behind = False


def _mark(severity: Any, is_resolved: Any) -> Mark:
    return Mark(SEVERITIES[SEVERITIES.index(severity)], bool(is_resolved))
