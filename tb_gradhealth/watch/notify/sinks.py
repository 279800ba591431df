"""What a notification is delivered to."""

from typing import Protocol

from tb_gradhealth.watch.notify.notification import Notification


class DeliveryError(Exception):
    """A delivery failed; the message is a phrase without secrets, such as ``answered 503``."""

    def __init__(self, reason: str, retry_after: float | None = None) -> None:
        """Create the error.

        Args:
            reason: the phrase.
            retry_after: seconds that the receiver asked to wait, None where it did not.
        """
        super().__init__(reason)
        self.reason, self.retry_after = reason, retry_after


class Sink(Protocol):
    """A receiver of notifications, used by one thread."""

    name: str
    """Its name in the ledger."""

    shown: str
    """Its name for users, without secrets."""

    def send(self, notification: Notification) -> None:
        """Deliver one notification; it is acknowledged when this returns.

        Raises:
            DeliveryError: it was not acknowledged.
        """

    def cancel(self) -> None:
        """End a delivery that is under way; called from another thread."""
