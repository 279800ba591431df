"""The number of worker processes that pay for themselves, and the runs that each is handed at a time."""

import os
from collections.abc import Iterator, Sequence
from typing import Final

from tb_gradhealth.events import EventFile
from tb_gradhealth.fleet.judging import RunFiles

RUN_SECONDS: Final = 0.01
BYTES_PER_SECOND: Final = 200e6
"""The time to judge a run, as measured on one core: a part for each run, and one for its size."""

ENOUGH_SECONDS: Final = 2.0
"""Work that pays for further processes: each takes half a second to import NumPy and the rules."""

BATCH: Final = 16
"""Runs handed to a worker at a time: some tenths of a second for small runs, beside a millisecond to hand
them over, and soon enough for a progress bar."""


def cores() -> int:
    """Cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def default_workers(runs: Sequence[RunFiles]) -> int:
    """One per core where there is enough to judge, else 1: this process."""
    seconds = RUN_SECONDS * len(runs)
    for run in runs:
        if seconds >= ENOUGH_SECONDS:
            return cores()
        seconds += sum(map(_size, run.files)) / BYTES_PER_SECOND
    return cores() if seconds >= ENOUGH_SECONDS else 1


def batches(runs: Sequence[RunFiles], workers: int) -> Iterator[Sequence[RunFiles]]:
    """The runs in batches; smaller ones where there are few runs, so that all workers end together."""
    size = max(1, min(BATCH, len(runs) // (8 * workers)))
    for start in range(0, len(runs), size):
        yield runs[start : start + size]


def _size(file: EventFile) -> int:
    try:
        return file.current_status().size
    except OSError:
        return 0  # reported where it is read
