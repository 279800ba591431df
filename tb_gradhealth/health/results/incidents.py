"""Groups findings that began together, or that others cause, into incidents, each with a likely origin."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from tb_gradhealth.health.results.findings import Finding, short_id
from tb_gradhealth.health.results.severity import SEVERITIES
from tb_gradhealth.record import Row

CAUSAL_ORDER: Final = {
    "input": -2,
    "target": -1,
    "activation": 0,
    "loss": 1,
    "gradient": 2,
    "clipped": 3,
    "update": 4,
    "weight": 5,
    "training": 6,
}
"""Order within one step: the data, the forward pass, the loss, the backward pass, the optimizer's writes."""

SPREADING: Final = frozenset({"non-finite"})
"""Symptoms that spread through the whole network, so that their cause may be in any layer."""


@dataclass(frozen=True)
class LocatedFinding:
    """A finding with its row and properties of its symptom, see `Symptom`."""

    finding: Finding
    row: Row
    origin_near_output: bool
    leads_to: frozenset[str]
    propagates: bool = False


def group_into_incidents(
    located: Sequence[LocatedFinding], tolerance: int, stream: str
) -> list[list[Finding]]:
    """Group findings by their onset, with one likely origin in each group.

    A later group joins an earlier incident where at least half of its findings are caused by a finding of
    that incident, by ``leads_to``, in the same layer, which is still open then. For the loss, to which every
    layer contributes, and for NaN, which spreads, the cause may be in any layer.

    Candidates for the origin are the findings with the worst severity, and weaker ones above information
    whose symptom leads to one of the worst, as an exploding gradient leads to NaN. Muted findings count as
    the weakest. A candidate is dropped where another candidate that began within the tolerance leads to its
    symptom: dead units cause dead layers, which have an earlier onset because dead units are certain only
    after more records. The origin is the first remaining candidate in causal order.

    Args:
        located: in any order.
        tolerance: steps after the first finding of a group within which others belong to it.
        stream: the recorder's name, a part of the incidents' ids.

    Returns:
        The incidents in order of their onset; each with its origin first, then the others in causal order.
    """
    groups: list[list[LocatedFinding]] = []
    for entry in sorted(located, key=_cause):
        first = groups[-1][0].finding.opened_step if groups else None
        if first is None or entry.finding.opened_step - first > tolerance:
            groups.append([])
        groups[-1].append(entry)
    return [_incident(group, tolerance, stream) for group in _joined(groups)]


def _joined(groups: list[list[LocatedFinding]]) -> list[list[LocatedFinding]]:
    incidents: list[list[LocatedFinding]] = []
    causes: dict[tuple[str, str], list[tuple[LocatedFinding, int]]] = {}  # by symptom led to, and layer
    for group in groups:
        explained = Counter(
            incident
            for entry in group
            for incident in {
                incident for cause, incident in causes.get(_cause_key(entry), ()) if _lasts(cause, entry)
            }
        )
        number, share = explained.most_common(1)[0] if explained else (0, 0)
        if 2 * share < len(group) or not share:
            number = len(incidents)
            incidents.append([])
        incidents[number] += group
        for entry in group:
            if _weight(entry) > 0:
                for symptom in entry.leads_to:
                    for layer in (entry.row.layer, ""):
                        causes.setdefault((symptom, layer), []).append((entry, number))
    return incidents


def _cause_key(entry: LocatedFinding) -> tuple[str, str]:
    """The symptom that a cause must lead to, and the layer it must be in; ``""`` for any layer."""
    anywhere = entry.row.kind == "loss" or entry.finding.symptom in SPREADING
    return entry.finding.symptom, "" if anywhere else entry.row.layer


def _lasts(cause: LocatedFinding, later: LocatedFinding) -> bool:
    """Whether a finding was still open when a later one began."""
    resolved = cause.finding.resolved_step
    return resolved is None or resolved >= later.finding.opened_step


def _incident(group: list[LocatedFinding], tolerance: int, stream: str) -> list[Finding]:
    origin = _origin(group, tolerance)
    identity = short_id("incident", stream, str(group[0].finding.opened_step))
    others = [entry for entry in group if entry is not origin]
    following = _following(origin, others)
    first = replace(origin.finding, origin=True, incident=identity)
    return [
        first,
        *(
            replace(entry.finding, incident=identity, follows=first.id if entry in following else None)
            for entry in others
        ),
    ]


def _following(origin: LocatedFinding, others: list[LocatedFinding]) -> list[LocatedFinding]:
    """The members of an incident that its origin leads to, directly or through other members.

    Findings that only began at the same time are not among them.
    """
    reached: set[str] = set()
    pending = [*origin.leads_to, *([origin.finding.symptom] if origin.propagates else [])]
    while pending:
        symptom = pending.pop()
        if symptom not in reached:
            reached.add(symptom)
            pending += [s for entry in others if entry.finding.symptom == symptom for s in entry.leads_to]
    return [entry for entry in others if entry.finding.symptom in reached]


def _origin(group: list[LocatedFinding], tolerance: int) -> LocatedFinding:
    worst = max(map(_weight, group))
    worst_symptoms = {entry.finding.symptom for entry in group if _weight(entry) == worst}
    eligible = [entry for entry in group if _weight(entry) == worst or _leads_to(entry, worst_symptoms)]
    onset = group[0].finding.opened_step + tolerance
    explained = {
        symptom
        for entry in eligible
        if entry.finding.opened_step <= onset
        for symptom in entry.leads_to - {entry.finding.symptom}
    }
    return next((entry for entry in eligible if entry.finding.symptom not in explained), eligible[0])


def _leads_to(entry: LocatedFinding, symptoms: set[str]) -> bool:
    """Whether a finding is more than information and can have caused one of some symptoms."""
    return _weight(entry) > 0 and not entry.leads_to.isdisjoint(symptoms)


def _weight(entry: LocatedFinding) -> int:
    return -1 if entry.finding.muted else SEVERITIES.index(entry.finding.severity)


def _cause(entry: LocatedFinding) -> tuple[int, int, int, str]:
    """Sort key: the step, then the causal order within it."""
    row = entry.row
    backward = row.kind != "activation" and entry.origin_near_output
    return (
        entry.finding.opened_step,
        CAUSAL_ORDER[row.kind],
        -row.depth if backward else row.depth,
        row.tensor,
    )
