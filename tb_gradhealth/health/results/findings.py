"""A finding: one symptom of one tensor in one run, from its first step to its last."""

import hashlib
import math
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, replace
from itertools import count
from typing import Final, Literal

from tb_gradhealth.health.results.severity import SEVERITIES, Severity
from tb_gradhealth.record import Kind

State = Literal["open", "resolved"]
Unit = Literal["", "share", "z", "elements", "steps", "times", "ratio", "variables"]
"""The unit of a measured value and its limit: a share of a whole, a robust z, a count of elements, steps or
variables, a factor ("times"), a quotient of two sizes ("ratio"); empty for a plain number."""

Verdict = Literal["healthy", "too early", "warning", "critical", "unknown"]
"""A run in one word. "too early": no finding, and too little recorded to call it healthy. "unknown": no
readable record."""


@dataclass(frozen=True)
class Finding:
    """One symptom of one tensor.

    Attributes:
        id: stable across readings: the same symptom of the same tensor keeps it, reopened or not.
        symptom: an id of the symptom table, e.g. ``"vanishing-gradient"``.
        kind: what of the tensor was judged.
        opened_step: the step at which it began (exact where the record knows it).
        last_step: the last step at which it was seen.
        peak_step: the step at which it was worst.
        resolved_step: the step at which it was over, or None while it is open.
        count: records in which it was seen.
        value: the measured value at its worst, in the unit of the threshold.
        threshold: the limit it crossed.
        origin: whether it is the likely origin of those that began with it.
        message: one sentence for a person, with the layer, the numbers and the step.
        incident: names the findings that began together; they share it.
        muted: why the rule set mutes it, ``""`` where it does not. A muted finding does not count.
        unit: the unit of ``value`` and ``threshold``.
        follows: the id of the finding of the same incident that this one follows from; None for the origin,
        and
            for one that only began at the same time.
        order: sorts findings, the most urgent incident first; members of an incident stay together, its
        origin
            first.
    """

    id: str
    symptom: str
    severity: Severity
    kind: Kind
    tensor: str
    layer: str
    state: State
    opened_step: int
    last_step: int
    peak_step: int
    resolved_step: int | None
    count: int
    value: float
    threshold: float
    origin: bool
    message: str
    incident: str = ""
    muted: str = ""
    unit: Unit = ""
    follows: str | None = None
    order: tuple[int, int, int] = (0, 0, 0)


def finding_id(stream: str, symptom: str, kind: Kind, tensor: str) -> str:
    """Ten hexadecimal digits that name a symptom of a tensor within its run."""
    return short_id(stream, symptom, kind, tensor)


def short_id(*parts: str) -> str:
    """Ten hexadecimal digits that stand for some texts."""
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:10]


def finding_as_json(finding: Finding) -> dict[str, object]:
    """The finding's fields as plain JSON values; numbers that are not finite become null."""
    values = {**asdict(finding), "order": list(finding.order)}
    return {
        name: None if isinstance(value, float) and not math.isfinite(value) else value
        for name, value in values.items()
    }


def verdict_of(findings: Iterable[Finding], records: int, enough: bool = True) -> Verdict:
    """The run in one word: its worst finding, open or resolved; informative and muted ones do not count.

    Args:
        findings: the run's.
        records: how many were judged.
        enough: whether they are enough to call a run without findings healthy.
    """
    if records == 0:
        return "unknown"
    counted = (SEVERITIES.index(finding.severity) for finding in findings if not finding.muted)
    worst = max(counted, default=0)
    if worst == 0:
        return "healthy" if enough else "too early"
    return "warning" if worst == 1 else "critical"


VERDICTS: Final[tuple[Verdict, ...]] = ("critical", "warning", "unknown", "too early", "healthy")
"""The worst first: the order in which runs are listed."""


def urgency(findings: Sequence[Finding]) -> tuple[int, int]:
    """Sorts incidents: the gravest first, of these the one that began first; muted ones are last.

    Args:
        findings: the members of one incident.
    """
    counted = [finding for finding in findings if not finding.muted]
    worst = max((SEVERITIES.index(finding.severity) for finding in counted), default=-1)
    grave = [finding for finding in counted if SEVERITIES.index(finding.severity) == worst] or findings
    return len(SEVERITIES) - 1 - worst, min(finding.opened_step for finding in grave)


def in_order(incidents: Iterable[Sequence[Finding]]) -> tuple[Finding, ...]:
    """The findings of some incidents with their ``order``, sorted by it."""
    ranked = sorted(incidents, key=urgency)
    numbered = count()
    return tuple(
        replace(finding, order=(*urgency(incident), next(numbered)))
        for incident in ranked
        for finding in incident
    )
