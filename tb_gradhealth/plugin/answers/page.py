"""The first page of `findings`: what the tab shows of tens of thousands before anybody scrolls.

Its rows are incidents, each by its lead, in the order of the worst finding in each; muted findings are only
counted. That is what `frontend/src/lib/incidents.ts` makes of all findings, as long as nothing is filtered.
"""

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from heapq import merge
from itertools import islice
from operator import attrgetter
from typing import Final

from tb_gradhealth.health import Finding
from tb_gradhealth.health.findings import SEVERITIES, Verdict
from tb_gradhealth.plugin.answers.common import Json, finding_json
from tb_gradhealth.plugin.answers.order import Name, natural, urgency

MOST: Final = 1_000
"""Incidents on a page."""

FACETS: Final = ("severity", "state", "symptom", "kind")
"""By what the tab counts and filters."""

Key = tuple[int, int, bool, Name, Name, str]


@dataclass(frozen=True)
class Incident:
    """One row of the table.

    Attributes:
        key: its place among those of all runs.
        run: whose it is.
        lead: the finding that is shown: the likely origin.
        worst: the one that the incident is sorted by.
        size: how many findings it has.
    """

    key: Key
    run: str
    lead: Finding
    worst: Finding
    size: int

    @property
    def shown(self) -> list[Finding]:
        """What of it a page holds: enough to show it in its place."""
        return [self.lead] if self.worst is self.lead else [self.lead, self.worst]


@dataclass(frozen=True)
class RunPage:
    """What a first page needs of one run.

    Attributes:
        run: its name.
        verdict: the run in one word.
        total: all its findings.
        incidents: how many there are of those that are not muted.
        first: at most `MOST` of these, in order.
        counts: findings that are not muted, by each facet's values.
        muted: those that are.
        onset: the step at which the first began that counts for the verdict; None where none does.
        named: the finding to name of it; None where nothing was found.
    """

    run: str
    verdict: Verdict
    total: int
    incidents: int
    first: Sequence[Incident]
    counts: dict[str, Counter[str]]
    muted: int
    onset: int | None
    named: Finding | None

    @classmethod
    def of(cls, run: str, verdict: Verdict, findings: Collection[Finding]) -> "RunPage":
        """Of a run's findings, in the order in which it has them."""
        counted = [finding for finding in findings if not finding.muted]
        groups: dict[str, list[Finding]] = {}
        for finding in counted:
            groups.setdefault(finding.incident or finding.id, []).append(finding)
        incidents = [_incident(run, members) for members in groups.values()]
        incidents.sort(key=lambda incident: incident.key)
        grave = [finding.opened_step for finding in counted if finding.severity != "info"]
        return cls(
            run=run,
            verdict=verdict,
            total=len(findings),
            incidents=len(incidents),
            first=incidents[:MOST],
            counts={facet: Counter(map(attrgetter(facet), counted)) for facet in FACETS},
            muted=len(findings) - len(counted),
            onset=min(grave, default=None),
            named=min(counted, key=_naming, default=None),
        )


def page_answer(runs: Sequence[RunPage], limit: int) -> Json:
    """The first incidents of some runs, and what the tab says of all their findings.

    Args:
        runs: in the order in which `runs` lists them.
        limit: how many incidents.
    """
    rows = list(islice(merge(*(run.first for run in runs), key=attrgetter("key")), limit))
    named = _named(runs)
    return {
        "schema": "gradhealth.findings/1",
        "findings": [finding_json(row.run, finding) for row in rows for finding in row.shown],
        "page": {
            "total": sum(run.total for run in runs),
            "muted": sum(run.muted for run in runs),
            "counts": {facet: sum((run.counts[facet] for run in runs), Counter()) for facet in FACETS},
            "incidents": sum(run.incidents for run in runs),
            "rows": [{"run": row.run, "lead": row.lead.id, "findings": row.size} for row in rows],
            "named": None if named is None else finding_json(*named),
        },
    }


def _incident(run: str, members: Sequence[Finding]) -> Incident:
    least = min(map(urgency, members))
    # Names are only looked at where they decide: of thousands that began together one is an origin.
    worst = min((each for each in members if urgency(each) == least), key=_by_name)
    lead = next((each for each in members if each.origin), worst)
    return Incident((*least, natural(run), *_by_name(worst)), run, lead, worst, len(members))


def _by_name(finding: Finding) -> tuple[Name, str]:
    return natural(finding.tensor), finding.id


def _named(runs: Sequence[RunPage]) -> tuple[str, Finding] | None:
    """What the verdict's sentence names: of the worst run, among equals of the one that went wrong first."""
    sick = [run for run in runs if run.verdict in ("critical", "warning") and run.onset is not None]
    worst = min(sick, key=lambda run: (run.verdict != "critical", run.onset), default=None)
    return None if worst is None or worst.named is None else (worst.run, worst.named)


def _naming(finding: Finding) -> tuple[int, bool, bool, int]:
    """Sorts first what to name of a run: the worst, an open one, an origin, the earliest."""
    return (
        -SEVERITIES.index(finding.severity),
        finding.state != "open",
        not finding.origin,
        finding.opened_step,
    )
