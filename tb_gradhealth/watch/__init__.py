"""Follows the runs of a log directory outside the browser: a terminal screen, lines of text, notifications.

* ``overview``: the state of all runs as values, from a monitor's snapshot; ``following`` makes one after the
  other while files grow.
* ``changes``: findings that are new, worse or resolved since they were last seen; ``lines`` prints them.
* ``screen``: the terminal screen; the only part that needs textual.
* ``notify``: delivers findings to a command or a webhook, at least once.

Judging is done by ``monitor`` alone.
"""

from tb_gradhealth.watch.changes import Change, Seen
from tb_gradhealth.watch.following import follow
from tb_gradhealth.watch.lines import line_of
from tb_gradhealth.watch.overview import Overview, RunState, overview_of

__all__ = ["Change", "Overview", "RunState", "Seen", "follow", "line_of", "overview_of"]
