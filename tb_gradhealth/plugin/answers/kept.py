"""What answers say of each run, kept until it changes."""

from collections.abc import Callable
from datetime import date
from typing import Final, Generic, TypeVar
from weakref import WeakKeyDictionary

from tb_gradhealth.monitor import MonitoredRun
from tb_gradhealth.plugin.revision import revision_of

Made = TypeVar("Made")


class Kept(Generic[Made]):
    """Something made of each run, once a revision: of a thousand runs only a few are being written."""

    def __init__(self, make: Callable[[MonitoredRun], Made]) -> None:
        """With nothing kept.

        Args:
            make: makes it of a run that is held still.
        """
        self._make: Final = make
        self._kept: WeakKeyDictionary[MonitoredRun, tuple[str, Made]] = WeakKeyDictionary()

    def of(self, run: MonitoredRun) -> Made:
        """What was made of the run as it is now."""
        # Mutes expire with the day.
        revision = f"{date.today()} {revision_of(run)}"
        known = self._kept.get(run)
        if known is None or known[0] != revision:
            known = self._kept[run] = (revision, self._make(run))
        return known[1]
