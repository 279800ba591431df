"""Sends the findings of each overview to all sinks."""

from collections.abc import Callable, Sequence

from tb_gradhealth.health import Severity
from tb_gradhealth.watch.changes import Seen
from tb_gradhealth.watch.notify.courier import Courier, Say
from tb_gradhealth.watch.notify.ledger import Ledger
from tb_gradhealth.watch.notify.notification import Notification
from tb_gradhealth.watch.notify.sinks import Sink
from tb_gradhealth.watch.overview import Overview


class Notifier:
    """Finds what is new for each sink and has it delivered in the background."""

    def __init__(
        self, ledger: Ledger, sinks: Sequence[Sink], least: Severity, say: Say, *, skip_present: bool = False
    ) -> None:
        """Start delivering what an earlier process left.

        Args:
            ledger: what was seen and is pending; closed with the notifier.
            sinks: the receivers.
            least: findings of a lower severity are not sent.
            say: shows a line to the user; called from other threads too.
            skip_present: where the ledger is new, take the findings of the first complete overview as seen.
        """
        self._ledger, self._least, self._say = ledger, least, say
        self._skips = skip_present and ledger.is_new
        self._is_writable = True
        self._couriers = [Courier(sink, ledger, say) for sink in sinks]

    def update(self, overview: Overview, logdir: str) -> None:
        """Send the findings that are new or worse. Returns before they are delivered."""
        if self._skips and not overview.is_loaded:
            return
        skips, self._skips = self._skips, False

        def look(seen: Seen) -> list[Notification]:
            changes = seen.update(overview.runs, self._least)
            if skips:
                return []
            return [Notification.of(each, logdir) for each in changes if each.kind in ("new", "worse")]

        for courier in self._couriers:
            self._see(courier.sink.name, look)
            courier.wake()

    def close(self, seconds: float) -> list[str]:
        """Deliver the rest and stop.

        Args:
            seconds: the longest time to wait for each sink.

        Returns:
            One sentence for each sink with undelivered notifications.
        """
        sentences = []
        for courier in self._couriers:
            left = courier.close(seconds)
            if left:
                notifications = "1 notification is" if left == 1 else f"{left:,} notifications are"
                sentences.append(
                    f"{notifications} not delivered to {courier.sink.shown}; the next start tries again."
                )
        self._ledger.close()
        return sentences

    def _see(self, sink: str, look: Callable[[Seen], list[Notification]]) -> None:
        try:
            self._ledger.see(sink, look)
            self._is_writable = True
        except OSError as error:
            if self._is_writable:  # one line, not one per reading
                self._say(f"{self._ledger.path} cannot be written: {error.strerror}")
            self._is_writable = False
