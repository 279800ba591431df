"""Formats the first page of `findings`: the first rows of the tab's table, and counts of all findings.

A row is an incident, shown by its first finding. Rows are sorted by the `sort_key` of that finding. Muted
findings are only counted.
"""

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from heapq import merge
from itertools import islice
from operator import attrgetter
from typing import Final

from tb_gradhealth.health import SEVERITIES, Assessment, Finding, sort_key
from tb_gradhealth.plugin.answers.json_values import Json, listed_finding_json

MAX_INCIDENTS: Final = 1_000
"""Incidents on a page."""

FACETS: Final = ("severity", "state", "symptom", "kind")
"""Fields of a finding that the tab counts and filters by."""


@dataclass(frozen=True)
class Row:
    """One row of the table: the unmuted findings of one incident.

    Attributes:
        run: name of the run.
        assessment: assessment of the run.
        lead: the finding that is shown: the likely origin, which is the first of its incident.
        worst: the first finding of the worst severity.
        size: number of findings.
    """

    run: str
    assessment: Assessment
    lead: Finding
    worst: Finding
    size: int

    @property
    def sort_key(self) -> tuple[int, ...]:
        """Sort key of the row."""
        return sort_key(self.lead, self.assessment)

    def findings_json(self) -> list[Json]:
        """The findings that a page contains: enough to show the row."""
        findings = [self.lead] if self.worst is self.lead else [self.lead, self.worst]
        return [listed_finding_json(self.run, finding, self.assessment) for finding in findings]


@dataclass(frozen=True)
class RunPage:
    """The part of one run in a first page.

    Attributes:
        total: number of findings.
        muted: number of muted ones.
        counts: number of the others by the values of each facet.
        incidents: number of incidents with findings that are not muted.
        rows: at most `MAX_INCIDENTS` of these, in order.
    """

    total: int
    muted: int
    counts: dict[str, Counter[str]]
    incidents: int
    rows: Sequence[Row]

    @classmethod
    def of(cls, run: str, assessment: Assessment, findings: Collection[Finding]) -> "RunPage":
        """Summarize the findings of a run, given in their order."""
        unmuted = [finding for finding in findings if not finding.muted]
        incidents: dict[str, list[Finding]] = {}
        for finding in unmuted:
            incidents.setdefault(finding.incident or finding.id, []).append(finding)
        return cls(
            total=len(findings),
            muted=len(findings) - len(unmuted),
            counts={facet: Counter(map(attrgetter(facet), unmuted)) for facet in FACETS},
            incidents=len(incidents),
            rows=[
                Row(run, assessment, members[0], max(members, key=_severity), len(members))
                for members in islice(incidents.values(), MAX_INCIDENTS)
            ],
        )


def page_answer(runs: Sequence[RunPage], limit: int) -> Json:
    """The first rows of some runs, and counts of all their findings.

    Args:
        runs: in the order in which the route `runs` lists them.
        limit: number of rows.
    """
    # A stable merge: equal keys keep the order of the runs.
    rows = list(islice(merge(*(run.rows for run in runs), key=attrgetter("sort_key")), limit))
    named = next((row for row in rows if row.worst.severity != "info"), None)
    return {
        "schema": "gradhealth.findings/1",
        "findings": [finding for row in rows for finding in row.findings_json()],
        "page": {
            "total": sum(run.total for run in runs),
            "muted": sum(run.muted for run in runs),
            "counts": {facet: sum((run.counts[facet] for run in runs), Counter()) for facet in FACETS},
            "incidents": sum(run.incidents for run in runs),
            "rows": [{"run": row.run, "lead": row.lead.id, "findings": row.size} for row in rows],
            "named": None if named is None else named.findings_json()[0],
        },
    }


def _severity(finding: Finding) -> int:
    return SEVERITIES.index(finding.severity)
