"""Delivers new findings to a command or a webhook: in the background, at least once, not twice by design.

* ``notification``: a finding as JSON, as a message for Slack, and as environment variables.
* ``ledger``: the file with what was seen and what is not delivered yet, kept across restarts.
* ``sinks``: what a notification is delivered to: ``command`` and ``webhook``.
* ``courier``: the thread that delivers, and repeats what failed; ``notifier`` connects them all.

A notification is written to the ledger before it is sent and removed after the receiver has acknowledged
it, so a crash between the two repeats it and never loses it.
"""

from tb_gradhealth.watch.notify.command import Command, CommandError
from tb_gradhealth.watch.notify.ledger import Ledger, LedgerError
from tb_gradhealth.watch.notify.notifier import Notifier
from tb_gradhealth.watch.notify.sinks import DeliveryError, Sink

__all__ = ["Command", "CommandError", "DeliveryError", "Ledger", "LedgerError", "Notifier", "Sink"]
