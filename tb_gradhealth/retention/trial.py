"""Tries to thin a run: what may be dropped so that the run is judged as before."""

from collections import defaultdict
from typing import Final

from tb_gradhealth.retention.judgement import judge
from tb_gradhealth.retention.plan import Thinning
from tb_gradhealth.retention.surveyed import Drops, SurveyedRun
from tb_gradhealth.retention.thinning import AROUND, Mask, kept, steps_of_interest

JUDGED_DIFFERENTLY: Final = "a thinned run would be judged differently"


def try_thinning(run: SurveyedRun, cadences: int, shared_files: bool) -> Thinning:
    """What is dropped of a run if one record is kept for so many cadences.

    The run is judged by the default rules with and without the dropped records. Where the results differ,
    more records are kept around the findings; where they still differ, the thinning is refused.

    Args:
        run: the run.
        cadences: cadences for which one record is kept away from findings.
        shared_files: whether event files with other events may be rewritten.
    """
    files = [file.event_file for file in run.files]
    before = judge(files)
    steps = steps_of_interest(before.findings)
    for around in AROUND:
        drops = _drops(run, kept(run.records, steps, cadences, around), shared_files)
        if not any(drops):
            break
        if judge(files, drops) == before:
            sizes = (file.ours[at] for file, offsets in zip(run.files, drops, strict=True) for at in offsets)
            records = sum(record.offset in drops[record.file] for record in run.records)
            return Thinning(drops, sum(sizes), records)
    refused = around != AROUND[0] or any(drops)
    return Thinning(refusal=JUDGED_DIFFERENTLY if refused else "")


def _drops(run: SurveyedRun, keep: Mask, shared_files: bool) -> Drops:
    """The events to drop: those that hold only records of which none is kept, in files that may change."""
    wanted: dict[int, set[int]] = defaultdict(set)
    for record, is_kept in zip(run.records, keep.tolist(), strict=True):
        if is_kept:
            wanted[record.file].add(record.offset)
    read: dict[int, set[int]] = defaultdict(set)
    for record in run.records:
        read[record.file].add(record.offset)
    changeable = run.changeable(shared_files)
    return tuple(
        frozenset(read[index] & file.records - wanted[index]) if changeable[index] else frozenset()
        for index, file in enumerate(run.files)
    )
