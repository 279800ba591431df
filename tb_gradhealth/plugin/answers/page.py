"""The first page of `findings`: what the tab shows of tens of thousands before anybody scrolls.

Its rows are incidents, each by its lead, in the order of `Finding.order` and of their runs' ranks; muted
findings are only counted. That is what `frontend/src/lib/incidents.ts` makes of all findings, as long as
nothing is filtered.
"""

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from heapq import merge
from itertools import islice
from operator import attrgetter, itemgetter
from typing import Final

from tb_gradhealth.health import SEVERITIES, Assessment, Finding, urgency_ranks
from tb_gradhealth.plugin.answers.common import Json, finding_json

MOST: Final = 1_000
"""Incidents on a page."""

FACETS: Final = ("severity", "state", "symptom", "kind")
"""By what the tab counts and filters."""


@dataclass(frozen=True)
class Incident:
    """One row of the table.

    Attributes:
        run: whose it is.
        lead: the finding that is shown: the likely origin, which its run lists first.
        worst: the gravest one.
        size: how many findings it has.
    """

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
        assessment: the run at a glance.
        total: all its findings.
        incidents: how many there are of those that are not muted.
        first: at most `MOST` of these, in order.
        counts: findings that are not muted, by each facet's values.
        muted: those that are.
    """

    run: str
    assessment: Assessment
    total: int
    incidents: int
    first: Sequence[Incident]
    counts: dict[str, Counter[str]]
    muted: int

    @classmethod
    def of(cls, run: str, assessment: Assessment, findings: Collection[Finding]) -> "RunPage":
        """Of a run's findings, in the order in which it has them."""
        counted = [finding for finding in findings if not finding.muted]
        groups: dict[str, list[Finding]] = {}
        for finding in counted:
            groups.setdefault(finding.incident or finding.id, []).append(finding)
        return cls(
            run=run,
            assessment=assessment,
            total=len(findings),
            incidents=len(groups),
            first=[_incident(run, members) for members in islice(groups.values(), MOST)],
            counts={facet: Counter(map(attrgetter(facet), counted)) for facet in FACETS},
            muted=len(findings) - len(counted),
        )


def page_answer(runs: Sequence[RunPage], limit: int) -> Json:
    """The first incidents of some runs, and what the tab says of all their findings.

    Args:
        runs: in the order in which `runs` lists them.
        limit: how many incidents.
    """
    ranked = urgency_ranks([run.assessment for run in runs])
    placed = [
        [(_place(each, rank), each) for each in run.first] for run, rank in zip(runs, ranked, strict=True)
    ]
    rows = [each for _, each in islice(merge(*placed, key=itemgetter(0)), limit)]
    named = next((row for row in rows if row.worst.severity != "info"), None)
    return {
        "schema": "gradhealth.findings/1",
        "findings": [finding_json(row.run, finding) for row in rows for finding in row.shown],
        "page": {
            "total": sum(run.total for run in runs),
            "muted": sum(run.muted for run in runs),
            "counts": {facet: sum((run.counts[facet] for run in runs), Counter()) for facet in FACETS},
            "incidents": sum(run.incidents for run in runs),
            "rows": [{"run": row.run, "lead": row.lead.id, "findings": row.size} for row in rows],
            "named": None if named is None else finding_json(named.run, named.lead),
        },
    }


def _incident(run: str, members: Sequence[Finding]) -> Incident:
    worst = max(members, key=lambda each: SEVERITIES.index(each.severity))
    return Incident(run, members[0], worst, len(members))


def _place(incident: Incident, rank: int) -> tuple[int, int, int, int]:
    """Sorts the incidents of several runs: the gravest, of these the earliest, of these by their runs."""
    gravity, onset, index = incident.lead.order
    return gravity, onset, rank, index
