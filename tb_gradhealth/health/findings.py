"""A finding: one symptom of one tensor in one run, from its first step to its last."""

import hashlib
import math
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Final, Literal, get_args

from tb_gradhealth.record import Kind

Severity = Literal["info", "warning", "critical"]
State = Literal["open", "resolved"]
Unit = Literal["", "share", "z"]
"""What a value is told in: as a share of a whole, as a robust z, or as the plain number it is."""

Verdict = Literal["healthy", "warning", "critical", "unknown"]

SEVERITIES: Final[tuple[Severity, ...]] = get_args(Severity)
"""From least to worst."""


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
        unit: what ``value`` and ``threshold`` are told in.
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


def finding_id(stream: str, symptom: str, kind: Kind, tensor: str) -> str:
    """Ten hexadecimal digits that name a symptom of a tensor within its run."""
    return short_id(stream, symptom, kind, tensor)


def short_id(*parts: str) -> str:
    """Ten hexadecimal digits that stand for some texts."""
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:10]


def finding_as_json(finding: Finding) -> dict[str, object]:
    """The finding's fields as plain JSON values; numbers that are not finite become null."""
    return {
        name: None if isinstance(value, float) and not math.isfinite(value) else value
        for name, value in asdict(finding).items()
    }


def at_least(severity: Severity, limit: Severity) -> bool:
    """Whether ``severity`` is as bad as ``limit`` or worse."""
    return SEVERITIES.index(severity) >= SEVERITIES.index(limit)


def verdict_of(findings: Iterable[Finding], records: int) -> Verdict:
    """The run in one word: its worst finding, open or resolved; informative and muted ones do not count."""
    if records == 0:
        return "unknown"
    counted = (SEVERITIES.index(finding.severity) for finding in findings if not finding.muted)
    worst = max(counted, default=0)
    return "healthy" if worst == 0 else ("warning" if worst == 1 else "critical")
