"""Reading on in a thread of its own, so that a question need not wait for it."""

import logging
import threading
import time
from collections.abc import Callable, Iterator
from typing import Final

_log = logging.getLogger(__name__)

FRESH: Final = 0.5
"""Seconds for which what was read is new enough: a page asks for several things at once."""

WAIT: Final = 0.5
"""Seconds that a question waits for what is new; small logs are read in far less."""

BREATH: Final = 0.001
"""Seconds between two pieces, in which whoever waits for the lock gets it."""


class Follower:
    """Reads on whenever it is asked to, piece by piece; between two questions it sleeps."""

    def __init__(self, pieces: Callable[[], Iterator[None]]) -> None:
        """A follower that was not asked yet and has no thread.

        Args:
            pieces: one reading of all that is new; it is paused after each piece.
        """
        self._pieces = pieces
        self._changed = threading.Condition()
        self._thread: threading.Thread | None = None
        self._wanted = False
        self._closed = False
        self._began: float | None = None
        self._through = -float("inf")
        self._failure: BaseException | None = None

    def follow(self) -> None:
        """Have what is new read, and wait a moment for it; a long reading goes on behind.

        Raises:
            RuntimeError: the reading failed, which is a fault of ours; the next question tries again.
        """
        asked = time.monotonic()
        with self._changed:
            if asked - self._through >= FRESH:
                self._wanted = True
                self._start()
                self._changed.notify_all()
                long_since = self._began is not None and asked - self._began > WAIT
                if not long_since:
                    self._changed.wait_for(lambda: self._through >= asked - FRESH or self._failure, WAIT)
            failure, self._failure = self._failure, None
        if failure is not None:
            raise RuntimeError(f"the log directory could not be read: {failure!r}") from failure

    def close(self) -> None:
        """Stop reading and wait until it has stopped."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()
        if self._thread is not None:
            self._thread.join()

    def _start(self) -> None:
        if self._thread is None:
            # A daemon: TensorBoard ends without telling its plugins.
            self._thread = threading.Thread(target=self._run, name="gradhealth-reading", daemon=True)
            self._thread.start()

    def _run(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._wanted or self._closed)
                if self._closed:
                    return
                self._wanted, self._began = False, time.monotonic()
            failure = self._read()
            with self._changed:
                if failure is None and self._began is not None:
                    self._through = self._began
                self._failure, self._began = failure, None
                self._changed.notify_all()

    def _read(self) -> BaseException | None:
        try:
            for _ in self._pieces():
                if self._closed:
                    break
                time.sleep(BREATH)
        except Exception as failure:  # the thread must outlive it, and the next question must hear of it
            _log.exception("Grad Health could not read the log directory")
            return failure
        return None
