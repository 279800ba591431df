"""A report as a whole in sentences: the verdict of all runs, and what the report contains."""

from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from tb_gradhealth.health import Verdict
from tb_gradhealth.health.results import counted, listed

if TYPE_CHECKING:
    from tb_gradhealth.report.model import Report, RunReport

NAMED: Final = 6
"""Sick runs that the verdict names; further ones are counted."""

SICK: Final[tuple[Verdict, ...]] = ("critical", "warning")

OTHERS: Final[dict[Verdict, tuple[str, str]]] = {
    "unknown": ("has no readable record", "have no readable record"),
    "too early": ("is too early to judge", "are too early to judge"),
    "healthy": ("is healthy", "are healthy"),
}


def verdict_of_all(runs: Sequence["RunReport"]) -> str:
    """The verdict of all runs, as in ``5 of 6 runs are sick: a, b, c, d and e. 1 is healthy``."""
    if not runs:
        return "No run was judged."
    if len(runs) == 1:
        (run,) = runs
        if run.verdict in SICK:
            return f"The run {run.run} is sick ({run.verdict})."
        return f"The run {run.run} {OTHERS[run.verdict][0]}."
    sick = [run.run for run in runs if run.verdict in SICK]
    counts = Counter(run.verdict for run in runs)
    others = [
        f"{counts[verdict]:,} {one if counts[verdict] == 1 else more}"
        for verdict, (one, more) in OTHERS.items()
        if counts[verdict]
    ]
    if not sick:
        return f"None of {len(runs):,} runs is sick: {listed(others, len(others))}."
    are = "is" if len(sick) == 1 else "are"
    first = f"{len(sick):,} of {len(runs):,} runs {are} sick: {listed(sick, NAMED)}."
    return f"{first} {listed(others, len(others))}." if others else first


def contents_of(report: "Report", *, audited: bool) -> str:
    """What the report is about and what it contains, in sentences.

    Args:
        report: the report.
        audited: whether the format shows the audit.
    """
    runs = report.runs
    incidents = sum(len(run.incidents) for run in runs)
    findings = [finding for run in runs for finding in run.findings]
    muted = sum(bool(finding.muted) for finding in findings)
    unread = len(report.problems) + sum(len(run.problems) for run in runs)
    sentences = [
        f"The report covers {counted(len(runs), 'run')}, {counted(incidents, 'incident')} and "
        f"{counted(len(findings), 'finding')}.",
        f"{counted(muted, 'finding')} {'is' if muted == 1 else 'are'} muted." if muted else "",
        f"{counted(unread, 'problem')} of reading {'is' if unread == 1 else 'are'} listed."
        if unread
        else "There was no problem of reading.",
        "The rule set, the software versions and the SHA-256 of what was read are "
        + ("included." if audited else "not included."),
    ]
    return " ".join(filter(None, sentences))
