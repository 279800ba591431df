"""A finding: one symptom of one tensor in one run, from its first step to its last."""

import hashlib
import math
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, replace
from itertools import count
from typing import Final, Literal

from tb_gradhealth.health.results.frameworks import Framework
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
        id: of this symptom of this tensor; a reopened finding keeps it, and so does a run that is read again.
        symptom: an id of the symptom table, e.g. ``"vanishing-gradient"``.
        kind: what of the tensor was judged.
        opened_step: the step at which it began, exact where the record contains it.
        last_step: the last step with a breach.
        peak_step: the step of the worst value.
        resolved_step: the step at which it was resolved, or None while it is open.
        count: number of records with a breach.
        value: the worst measured value, in the unit of the threshold.
        threshold: the limit it crossed.
        origin: whether it is the likely origin of its incident.
        message: one sentence for users, with the layer, the numbers and the step.
        incident: id of the incident, which findings that began together share.
        muted: why the rule set mutes it, ``""`` where it does not. A muted finding does not count.
        unit: the unit of ``value`` and ``threshold``.
        follows: id of the finding of the same incident that causes this one; None for the origin, and for a
            finding that only began at the same time.
        framework: what the recorder of the tensor was made for; its advice is in the words of this framework.
        order: sort key: the most urgent incident first, each with its origin first.
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
    framework: Framework = ""
    order: tuple[int, int, int] = (0, 0, 0)


def finding_id(stream: str, symptom: str, kind: Kind, tensor: str) -> str:
    """Ten hexadecimal digits that name a symptom of a tensor within its run."""
    return short_id(stream, symptom, kind, tensor)


def short_id(*parts: str) -> str:
    """Ten hexadecimal digits of a hash of some texts."""
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:10]


def finding_as_json(finding: Finding) -> dict[str, object]:
    """The finding's fields as plain JSON values; numbers that are not finite become null."""
    values = {**asdict(finding), "order": list(finding.order)}
    return {
        name: None if isinstance(value, float) and not math.isfinite(value) else value
        for name, value in values.items()
    }


def verdict_of(findings: Iterable[Finding], records: int, enough: bool = True) -> Verdict:
    """The run in one word: its worst finding, open or resolved; information and muted findings do not count.

    Args:
        findings: the findings of the run.
        records: number of judged records.
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
    """Sort key of incidents: the worst severity first, then the earliest; muted incidents are last.

    Args:
        findings: the members of one incident.
    """
    counted = [finding for finding in findings if not finding.muted]
    worst = max((SEVERITIES.index(finding.severity) for finding in counted), default=-1)
    of_worst = [finding for finding in counted if SEVERITIES.index(finding.severity) == worst] or findings
    return len(SEVERITIES) - 1 - worst, min(finding.opened_step for finding in of_worst)


def ordered_findings(incidents: Iterable[Sequence[Finding]]) -> tuple[Finding, ...]:
    """The findings of some incidents with their ``order``, sorted by it."""
    ranked = sorted(incidents, key=urgency)
    numbered = count()
    return tuple(
        replace(finding, order=(*urgency(incident), next(numbered)))
        for incident in ranked
        for finding in incident
    )
