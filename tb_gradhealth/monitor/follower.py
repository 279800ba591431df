"""Refreshes a monitor in a background thread, so that requests need not wait for a long reading."""

import logging
import threading
import time
from collections.abc import Callable, Iterator
from typing import Final

_log = logging.getLogger(__name__)

MAX_AGE: Final = 0.5
"""Seconds for which a finished refresh is recent enough: a page sends several requests at once."""

MAX_WAIT: Final = 0.5
"""Seconds that a request waits for a refresh; small log directories are read in far less."""

PAUSE: Final = 0.001
"""Seconds between two slices, in which a thread that waits for the monitor's lock gets it."""


class Follower:
    """Runs a refresh whenever a request needs one, slice by slice; its thread sleeps between requests."""

    def __init__(self, refresh: Callable[[], Iterator[None]]) -> None:
        """Create a follower; its thread starts with the first request.

        Args:
            refresh: one refresh; the thread pauses after each item that it yields.
        """
        self._refresh = refresh
        self._changed = threading.Condition()
        self._thread: threading.Thread | None = None
        self._requested = False
        self._closed = False
        self._began: float | None = None
        self._refreshed_at = -float("inf")
        self._failure: BaseException | None = None

    def follow(self) -> None:
        """Request a refresh and wait up to `MAX_WAIT` for it; a longer one continues in the background.

        Raises:
            RuntimeError: the refresh failed, which is a bug; the next request tries again.
        """
        now = time.monotonic()
        with self._changed:
            if now - self._refreshed_at >= MAX_AGE:
                self._requested = True
                self._start()
                self._changed.notify_all()
                is_long = self._began is not None and now - self._began > MAX_WAIT
                if not is_long:
                    self._changed.wait_for(
                        lambda: self._refreshed_at >= now - MAX_AGE or self._failure, MAX_WAIT
                    )
            failure, self._failure = self._failure, None
        if failure is not None:
            raise RuntimeError(f"the log directory could not be read: {failure!r}") from failure

    def close(self) -> None:
        """Stop the thread and wait for its end."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()
        if self._thread is not None:
            self._thread.join()

    def _start(self) -> None:
        if self._thread is None:
            # A daemon, since TensorBoard does not notify plugins when it exits.
            self._thread = threading.Thread(target=self._run, name="gradhealth-reading", daemon=True)
            self._thread.start()

    def _run(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._requested or self._closed)
                if self._closed:
                    return
                self._requested, self._began = False, time.monotonic()
            failure = self._refresh_once()
            with self._changed:
                if failure is None and self._began is not None:
                    self._refreshed_at = self._began
                self._failure, self._began = failure, None
                self._changed.notify_all()

    def _refresh_once(self) -> BaseException | None:
        try:
            for _ in self._refresh():
                if self._closed:
                    break
                time.sleep(PAUSE)
        except Exception as failure:  # the thread must survive it, and the next request reports it
            _log.exception("Grad Health could not read the log directory")
            return failure
        return None
