"""The thread that delivers the notifications of one sink, and repeats what failed."""

import random
import threading
import time
from collections.abc import Callable
from typing import Final

from tb_gradhealth.watch.notify.ledger import Ledger
from tb_gradhealth.watch.notify.sinks import DeliveryError, Sink

FIRST_PAUSE: Final = 1.0
"""Seconds: the longest pause after the first failure; it doubles with each further one."""

LONGEST_PAUSE: Final = 300.0
"""Seconds: the longest pause between two attempts, also where the receiver asks for a longer one."""

Say = Callable[[str], None]


class Courier:
    """Delivers what is pending in the ledger, in order, one at a time.

    After a failure it waits for a random time up to a limit that doubles (Brooker, "Exponential Backoff and
    Jitter", AWS Architecture Blog, 2015), or as long as the receiver asks for.
    """

    def __init__(self, sink: Sink, ledger: Ledger, say: Say) -> None:
        """Start the thread.

        Args:
            sink: the receiver.
            ledger: what is pending.
            say: shows a line to the user; called from the thread.
        """
        self.sink, self._ledger, self._say = sink, ledger, say
        self._changed = threading.Condition()
        self._closing = False
        self._hurry = False  # closing cuts a pause short once
        self._stopped = False
        self._failures = 0
        self._said = ""
        self._thread = threading.Thread(target=self._run, name=f"gradhealth-{sink.name}", daemon=True)
        self._thread.start()

    def wake(self) -> None:
        """Deliver what was added to the ledger."""
        with self._changed:
            self._changed.notify_all()

    def close(self, seconds: float) -> int:
        """Deliver the rest, then stop.

        Args:
            seconds: the longest time to wait for it.

        Returns:
            The number of notifications that are not delivered.
        """
        end = time.monotonic() + seconds
        with self._changed:
            self._closing = self._hurry = True
            self._changed.notify_all()
        self._thread.join(seconds)
        with self._changed:
            self._stopped = True
            self._changed.notify_all()
        if self._thread.is_alive():
            self.sink.cancel()
            self._thread.join(max(end - time.monotonic(), 1.0))
        return self._ledger.pending(self.sink.name)

    def _run(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(
                    lambda: self._stopped or self._closing or self._ledger.pending(self.sink.name)
                )
                if self._stopped:
                    return
            if not self._ledger.pending(self.sink.name):
                return  # closing, and all is delivered
            pause = self._deliver_next()
            with self._changed:
                if pause:
                    self._changed.wait_for(lambda: self._stopped or self._hurry, pause)
                    self._hurry = False

    def _deliver_next(self) -> float:
        """Try one notification; return the seconds to wait before the next attempt."""
        notification = self._ledger.next(self.sink.name)
        if notification is None:
            return 0.0
        try:
            self.sink.send(notification)
        except DeliveryError as error:
            self._ledger.postpone(self.sink.name, notification)
            return self._failed(error)
        try:
            self._ledger.remove(self.sink.name, notification)
        except OSError as error:
            self._say(f"{self._ledger.path} cannot be written: {error.strerror}")
        if self._said:
            self._say(f"{self.sink.shown}: notifications are delivered again.")
        self._failures, self._said = 0, ""
        return 0.0

    def _failed(self, error: DeliveryError) -> float:
        if error.reason != self._said and not self._stopped:
            self._say(f"{self.sink.shown} {error.reason}; the notification will be sent again.")
            self._said = error.reason
        limit = min(FIRST_PAUSE * 2.0 ** min(self._failures, 30), LONGEST_PAUSE)
        self._failures += 1
        if error.retry_after is not None:
            return min(max(error.retry_after, 0.0), LONGEST_PAUSE)
        return random.uniform(0.0, limit)
