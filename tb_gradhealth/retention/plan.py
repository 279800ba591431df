"""Decides what happens to each run, given what the runs cost and what the user asks for. Reads no files."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Final, Literal

from tb_gradhealth.retention.surveyed import Drops, SurveyedRun

THIN_TO_FIT: Final = 10
"""Cadences for which one record is kept where only `Policy.max_bytes` asks for thinning."""

DAY: Final = 86_400

Action = Literal["keep", "thin", "remove", "leave"]

_SHARED: Final = "its data lies in event files with other events or damaged records: see --shared-files"
ONLY_SHARED: Final = f"all {_SHARED}"
PARTLY_SHARED: Final = f"a part of {_SHARED}"


@dataclass(frozen=True)
class Policy:
    """What the user asks for.

    Attributes:
        keep_days: runs whose newest record is older are removed.
        max_bytes: bytes that all data of the plugin may take together.
        thin: cadences for which one record is kept away from findings.
        shared_files: whether event files that also hold other events may be rewritten.
    """

    keep_days: float | None = None
    max_bytes: int | None = None
    thin: int | None = None
    shared_files: bool = False


@dataclass(frozen=True)
class Thinning:
    """The result of thinning one run.

    Attributes:
        drops: the events to drop.
        frees: bytes that this frees.
        records: number of dropped records.
        refusal: why the run cannot be thinned; empty where it can.
    """

    drops: Drops = ()
    frees: int = 0
    records: int = 0
    refusal: str = ""


@dataclass(frozen=True)
class Step:
    """What happens to one run.

    Attributes:
        run: the run.
        action: "leave" where the policy asks for a change that is not made.
        reason: why; for "keep" empty, or what the user should know.
        drops: for each file, the offsets of the events to drop.
        deletes: for each file, whether it is deleted as a whole.
        frees: bytes that this frees.
        records_after: number of records that remain.
        incomplete: whether a part of what the policy asks for needs a decision of the user.
    """

    run: SurveyedRun
    action: Action
    reason: str
    drops: Drops = ()
    deletes: tuple[bool, ...] = ()
    frees: int = 0
    records_after: int = 0
    incomplete: bool = False


@dataclass(frozen=True)
class Plan:
    """What happens to every run, in the order of their names.

    Attributes:
        steps: one for each run.
        bytes_before: bytes of the plugin's data.
        bytes_after: bytes of the plugin's data once the plan is carried out.
        max_bytes: the limit of the policy.
    """

    steps: tuple[Step, ...]
    bytes_before: int
    bytes_after: int
    max_bytes: int | None

    @property
    def excess(self) -> int:
        """Bytes above the limit that remain."""
        return 0 if self.max_bytes is None else max(0, self.bytes_after - self.max_bytes)


Thin = Callable[[SurveyedRun, int], Thinning]
"""Thins a run: computes what would be dropped if one record were kept for so many cadences."""


def plan(runs: Sequence[SurveyedRun], policy: Policy, now: float, thin: Thin) -> Plan:
    """Decide what happens to each run.

    Old runs are removed; the others are thinned. While their data exceeds ``max_bytes``, the runs that are
    not thinned yet are thinned, and then runs are removed, each time the oldest by their newest record first.

    Args:
        runs: the runs with data of the plugin.
        policy: what is asked for.
        now: seconds since the epoch.
        thin: computes a thinning; called only for runs that are to be thinned.
    """
    steps = {run.name: _first_step(run, policy, now, thin) for run in runs}
    before = sum(run.bytes_ours for run in runs)
    if policy.max_bytes is not None:
        oldest_first = sorted(runs, key=lambda run: (run.newest, run.name))
        for change in (_thinned_to_fit, _removed_to_fit):
            for run in oldest_first:
                if before - _freed(steps.values()) > policy.max_bytes:
                    steps[run.name] = change(steps[run.name], policy, thin)
    return Plan(tuple(steps.values()), before, before - _freed(steps.values()), policy.max_bytes)


def _first_step(run: SurveyedRun, policy: Policy, now: float, thin: Thin) -> Step:
    """What ``keep_days`` and ``thin`` ask for."""
    kept = Step(run, "keep", "", records_after=len(run.records))
    if not run.files:
        return replace(kept, action="leave", reason=run.blocked)
    if policy.keep_days is not None and now - run.newest > policy.keep_days * DAY:
        return _removed(kept, policy, f"its newest record is older than {policy.keep_days:g} days")
    if policy.thin is not None:
        return _thinned(kept, policy, thin, policy.thin)
    return kept


def _thinned_to_fit(step: Step, policy: Policy, thin: Thin) -> Step:
    if step.action != "keep" or policy.thin is not None:
        return step
    thinned = _thinned(step, policy, thin, THIN_TO_FIT)
    return replace(thinned, reason=thinned.reason or "to fit --max-bytes") if thinned.frees else step


def _removed_to_fit(step: Step, policy: Policy, thin: Thin) -> Step:
    if step.action == "remove" or step.run.blocked:
        return step
    removed = _removed(step, policy, "to fit --max-bytes")
    return removed if removed.frees > step.frees else step


def _removed(step: Step, policy: Policy, why: str) -> Step:
    run = step.run
    refused = _refused(step, policy)
    if refused:
        return refused
    changeable = run.changeable(policy.shared_files)
    partly = run.partly_shared and not policy.shared_files
    deletes = tuple(file.exclusive for file in run.files)
    drops = tuple(
        frozenset(file.ours) if may and not file.exclusive else frozenset()
        for file, may in zip(run.files, changeable, strict=True)
    )
    left = sum(not deletes[record.file] and record.offset not in drops[record.file] for record in run.records)
    return Step(
        run,
        "remove",
        f"{why}; {PARTLY_SHARED}" if partly else why,
        drops=drops,
        deletes=deletes,
        frees=sum(file.bytes_ours for file, may in zip(run.files, changeable, strict=True) if may),
        records_after=left,
        incomplete=partly,
    )


def _thinned(step: Step, policy: Policy, thin: Thin, cadences: int) -> Step:
    run = step.run
    refused = _refused(step, policy)
    if refused:
        return refused
    thinning = thin(run, cadences)
    partly = run.partly_shared and not policy.shared_files
    if thinning.refusal or (partly and not thinning.frees):
        return replace(step, action="leave", reason=thinning.refusal or PARTLY_SHARED, incomplete=True)
    if not thinning.frees:
        return step
    return Step(
        run,
        "thin",
        PARTLY_SHARED if partly else "",
        drops=thinning.drops,
        deletes=(False,) * len(run.files),
        frees=thinning.frees,
        records_after=len(run.records) - thinning.records,
        incomplete=partly,
    )


def _refused(step: Step, policy: Policy) -> Step | None:
    """The step of a run that cannot be changed; None where it can."""
    run = step.run
    if run.blocked:  # not incomplete: a run in use is pruned when it has ended
        return replace(step, action="leave", reason=run.blocked)
    if any(run.changeable(policy.shared_files)):
        return None
    if not run.bytes_ours:
        return step
    return replace(step, action="leave", reason=ONLY_SHARED, incomplete=True)


def _freed(steps: Iterable[Step]) -> int:
    return sum(step.frees for step in steps)
