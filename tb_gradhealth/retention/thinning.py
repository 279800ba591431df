"""Selects the records that a thinned run keeps."""

from collections.abc import Collection, Iterable, Sequence
from typing import Final

import numpy as np
import numpy.typing as npt

from tb_gradhealth.health import Finding
from tb_gradhealth.retention.surveyed import RecordPlace

Mask = npt.NDArray[np.bool_]

ENDS: Final = 32
"""Records that are kept at the start and at the end of each recorder's history: rules compare with the first
records, and the newest ones decide what is open."""

AROUND: Final = (16, 64, 256)
"""Records that are kept on either side of a step of interest: greater numbers are tried where the run would
be judged differently with smaller ones."""


def steps_of_interest(findings: Iterable[Finding]) -> frozenset[int]:
    """The steps at which findings opened, were worst, had their last breach, and were resolved."""
    return frozenset(
        step
        for finding in findings
        for step in (finding.opened_step, finding.peak_step, finding.last_step, finding.resolved_step)
        if step is not None
    )


def kept(records: Sequence[RecordPlace], steps: Collection[int], thin: int, around: int) -> Mask:
    """Whether each record of a run is kept, bool [records].

    Kept are the first record of each ``thin`` cadences, `ENDS` records at the start and at the end of each
    recorder's history, and ``around`` records on either side of each step of interest and of each place where
    the training went back in steps. Records are counted by their steps, not one by one: a thinned run has one
    record for each ``thin`` cadences already, so it is not thinned again.

    Args:
        records: in the order of reading.
        steps: steps of interest.
        thin: cadences for which one record is kept.
        around: records on either side of a step of interest.
    """
    chosen = np.zeros(len(records), bool)
    for stream in {record.stream for record in records}:
        places = [place for place, record in enumerate(records) if record.stream == stream]
        numbers = np.array([records[place].step for place in places], np.int64)
        cadences = _cadences([records[place].every for place in places], numbers)
        chosen[places] = _kept_of_stream(numbers, cadences * thin, steps, around)
    return chosen


def _cadences(announced: Sequence[int | None], steps: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """The steps between two records at each record; where none are announced, the smallest distance."""
    distances = np.diff(steps)
    smallest = int(distances[distances > 0].min(initial=np.iinfo(np.int64).max)) if steps.size > 1 else 1
    return np.array([min(every or smallest, 2**31) for every in announced], np.int64)


def _kept_of_stream(
    steps: npt.NDArray[np.int64], spans: npt.NDArray[np.int64], interest: Collection[int], around: int
) -> Mask:
    chosen = np.zeros(steps.size, bool)
    chosen[:ENDS] = chosen[-ENDS:] = True
    span_of = steps // spans
    chosen[1:] |= (span_of[1:] != span_of[:-1]) | (spans[1:] != spans[:-1])
    centres = set((np.flatnonzero(steps[1:] <= steps[:-1]) + 1).tolist())
    for step in interest:
        centres.update(np.flatnonzero((steps[:-1] <= step) & (step <= steps[1:])).tolist())
    for centre in centres:
        chosen[max(centre - around, 0) : centre + around + 1] = True
    return chosen
