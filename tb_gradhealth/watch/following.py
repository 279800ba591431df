"""Reads a growing log directory again and again, and gives its state after each reading."""

import threading
import time
from collections.abc import Iterator
from typing import Final

from tb_gradhealth.monitor import Monitor
from tb_gradhealth.watch.overview import Overview, overview_of

PROGRESS_SECONDS: Final = 0.5
"""Time between two states while a long reading goes on."""


def follow(monitor: Monitor, interval: float, stopped: threading.Event) -> Iterator[Overview]:
    """States of a monitor until it is stopped: one after each reading, and some during a long one.

    Args:
        monitor: of the log directory.
        interval: seconds between two readings.
        stopped: ends the iteration when it is set; the pause between readings ends at once.
    """
    while not stopped.is_set():
        shown = time.monotonic()
        for _ in monitor.refresh_in_slices():
            if stopped.is_set():
                return
            if time.monotonic() - shown > PROGRESS_SECONDS:
                yield _overview(monitor)
                shown = time.monotonic()
        yield _overview(monitor)
        stopped.wait(interval)


def _overview(monitor: Monitor) -> Overview:
    with monitor.snapshot() as snapshot:
        return overview_of(snapshot)
