"""Looking for runs again and again: where no folder has changed, none is listed anew.

What grows in a folder does not change it; what appears in it, is renamed or vanishes does.
"""

import time
from collections.abc import Sequence
from typing import Final

from tb_gradhealth.events.discovery import Discovery, Root, discover
from tb_gradhealth.events.storage import mark_of

PATIENCE: Final = 10.0
"""Seconds after which folders are listed in any case: some storages keep no time of a folder, and a link may
lead elsewhere by now."""

SETTLED: Final = 2.0
"""Seconds for which a folder must have been as it is: within the grain of a clock it can change once more and
look the same."""


class Lookout:
    """Some log directories, looked at again and again."""

    def __init__(self, roots: Sequence[Root]) -> None:
        """A lookout that has not looked yet."""
        self._roots = tuple(roots)
        self._found: Discovery | None = None
        self._walked = 0.0
        self._settled = False

    def look(self) -> Discovery:
        """What lies below the directories now; the very same object as before where no folder changed."""
        now = time.monotonic()
        if self._found is None or now - self._walked > PATIENCE or not self._unchanged(self._found):
            began = time.time()
            self._found, self._walked = discover(self._roots), now
            marks = self._found.folders
            self._settled = marks is not None and all(
                mark is not None and mark.changed < began - SETTLED for mark in marks.values()
            )
        return self._found

    def _unchanged(self, found: Discovery) -> bool:
        return (
            self._settled
            and found.folders is not None
            and all(mark_of(path) == mark for path, mark in found.folders.items())
        )
