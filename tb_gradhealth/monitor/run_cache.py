"""Caches values that are computed from runs."""

from collections.abc import Callable
from datetime import date
from typing import Final, Generic, TypeVar
from weakref import WeakKeyDictionary

from tb_gradhealth.monitor.monitored_run import MonitoredRun

Value = TypeVar("Value")


class RunCache(Generic[Value]):
    """A value of each run, computed once per revision: of a thousand runs only a few change at once."""

    def __init__(self, compute: Callable[[MonitoredRun], Value]) -> None:
        """Create an empty cache.

        Args:
            compute: computes the value of a run; called with the monitor's lock held.
        """
        self._compute: Final = compute
        self._values: WeakKeyDictionary[MonitoredRun, tuple[str, Value]] = WeakKeyDictionary()

    def get(self, run: MonitoredRun) -> Value:
        """The value of the run's current revision."""
        # Mutes expire at the end of a day.
        revision = f"{date.today()} {run.revision}"
        entry = self._values.get(run)
        if entry is None or entry[0] != revision:
            entry = self._values[run] = (revision, self._compute(run))
        return entry[1]
