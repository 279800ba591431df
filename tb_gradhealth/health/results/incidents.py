"""Findings that began together, or follow from such, are one incident; one of them is its likely origin."""

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
"""Within one step: the data, the forward pass, the loss, the backward pass, what the optimizer wrote."""

EVERYWHERE: Final = frozenset({"non-finite"})
"""Symptoms that spread through the whole network: their cause may lie in any layer."""


@dataclass(frozen=True)
class Located:
    """A finding with what its place in the network says about causes.

    Attributes:
        finding: the finding.
        row: what was judged.
        from_output: whether, among gradients, the one nearest to the output comes first.
        leads_to: symptoms that this one brings about.
        propagates: whether it passes on from tensor to tensor within a step, as NaN does.
    """

    finding: Finding
    row: Row
    from_output: bool
    leads_to: frozenset[str]
    propagates: bool = False


def grouped(located: Sequence[Located], tolerance: int, stream: str) -> list[list[Finding]]:
    """Findings that share an onset, grouped, with one likely origin in each group.

    What began later joins a group whose faults last in the same layers, in half of them at least, and are
    known to bring it about: a layer whose gradient vanishes is dead sooner or later, which is not news. For
    the loss, which every layer feeds, and for NaN, which spreads, the cause may lie in any layer.

    The origin is sought among the group's worst findings: something merely worth knowing that was there a
    record earlier did not cause the NaN beside it. A weaker finding comes into question only where its
    symptom is known to bring the worst one about, as an exploding gradient does NaN. Muted findings are
    counted as the weakest. Of those that come into question, what another one that began within the same
    tolerance is known to bring about is out: dead units make dead layers, which are told by the step where
    these take 20 steps to be sure. Of the others the earliest in causal order is the one.

    Args:
        located: any order.
        tolerance: steps after a group's first finding within which others belong to it.
        stream: the recorder's name, a part of the incidents' ids.

    Returns:
        The incidents in order of their onset; in each the origin first, then the others in causal order.
    """
    groups: list[list[Located]] = []
    for entry in sorted(located, key=_cause):
        first = groups[-1][0].finding.opened_step if groups else None
        if first is None or entry.finding.opened_step - first > tolerance:
            groups.append([])
        groups[-1].append(entry)
    return [_incident(group, tolerance, stream) for group in _joined(groups)]


def _joined(groups: list[list[Located]]) -> list[list[Located]]:
    incidents: list[list[Located]] = []
    causes: dict[tuple[str, str], list[tuple[Located, int]]] = {}  # by what they lead to, and where
    for group in groups:
        explained = Counter(
            incident
            for entry in group
            for incident in {
                incident for cause, incident in causes.get(_wanted_cause(entry), ()) if _lasts(cause, entry)
            }
        )
        place, share = explained.most_common(1)[0] if explained else (0, 0)
        if 2 * share < len(group) or not share:
            place = len(incidents)
            incidents.append([])
        incidents[place] += group
        for entry in group:
            if _weight(entry) > 0:
                for symptom in entry.leads_to:
                    for layer in (entry.row.layer, ""):
                        causes.setdefault((symptom, layer), []).append((entry, place))
    return incidents


def _wanted_cause(entry: Located) -> tuple[str, str]:
    """The symptom that a cause must lead to, and the layer it must lie in; ``""`` for any."""
    anywhere = entry.row.kind == "loss" or entry.finding.symptom in EVERYWHERE
    return entry.finding.symptom, "" if anywhere else entry.row.layer


def _lasts(cause: Located, later: Located) -> bool:
    """Whether a finding was not over yet when a later one began."""
    resolved = cause.finding.resolved_step
    return resolved is None or resolved >= later.finding.opened_step


def _incident(group: list[Located], tolerance: int, stream: str) -> list[Finding]:
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


def _following(origin: Located, others: list[Located]) -> list[Located]:
    """The members of an incident that its origin is known to bring about, directly or through other members.

    What only began at the same time is not among them.
    """
    reached: set[str] = set()
    pending = [*origin.leads_to, *([origin.finding.symptom] if origin.propagates else [])]
    while pending:
        symptom = pending.pop()
        if symptom not in reached:
            reached.add(symptom)
            pending += [s for entry in others if entry.finding.symptom == symptom for s in entry.leads_to]
    return [entry for entry in others if entry.finding.symptom in reached]


def _origin(group: list[Located], tolerance: int) -> Located:
    worst = max(map(_weight, group))
    gravest = {entry.finding.symptom for entry in group if _weight(entry) == worst}
    eligible = [entry for entry in group if _weight(entry) == worst or _brings_about(entry, gravest)]
    onset = group[0].finding.opened_step + tolerance
    explained = {
        symptom
        for entry in eligible
        if entry.finding.opened_step <= onset
        for symptom in entry.leads_to - {entry.finding.symptom}
    }
    return next((entry for entry in eligible if entry.finding.symptom not in explained), eligible[0])


def _brings_about(entry: Located, gravest: set[str]) -> bool:
    """Whether a finding that is more than information can have caused one of the gravest symptoms."""
    return _weight(entry) > 0 and not entry.leads_to.isdisjoint(gravest)


def _weight(entry: Located) -> int:
    return -1 if entry.finding.muted else SEVERITIES.index(entry.finding.severity)


def _cause(entry: Located) -> tuple[int, int, int, str]:
    """Sort key: the step, then the causal order within it."""
    row = entry.row
    backward = row.kind != "activation" and entry.from_output
    return (
        entry.finding.opened_step,
        CAUSAL_ORDER[row.kind],
        -row.depth if backward else row.depth,
        row.tensor,
    )
