"""The list of keys."""

from typing import Final

from textual.app import ComposeResult
from textual.events import Key
from textual.screen import ModalScreen
from textual.widgets import Static

TEXT: Final = """\
Keys

  ↑ ↓  j k     choose a run
  Enter        only the chosen run; ↑ ↓ scroll
  Esc          back; without filter
  /            filter the runs by name
  ?            these keys
  q            quit

The most urgent run is first. Age is the time
since the last record was written. A loss that
is not finite is drawn as ×.

Any key closes this page."""


class HelpScreen(ModalScreen[None]):
    """The keys, above the runs; any key closes it."""

    def compose(self) -> ComposeResult:
        """The text."""
        yield Static(TEXT, id="help", markup=False)

    def on_key(self, event: Key) -> None:
        """Close the page; the key has no other meaning."""
        event.stop()
        event.prevent_default()
        self.dismiss()
