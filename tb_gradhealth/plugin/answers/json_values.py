"""JSON values that several answers contain."""

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict

from tb_gradhealth.events import Problem
from tb_gradhealth.health import SEVERITIES, Assessment, Finding, sort_key

Json = dict[str, object]


def finding_json(run: str, finding: Finding) -> Json:
    """A finding with its run. Equals `finding_as_json`, which is slower because it copies each field."""
    return {
        "run": run,
        **vars(finding),
        "value": number(finding.value),
        "threshold": number(finding.threshold),
    }


def listed_finding_json(run: str, finding: Finding, assessment: Assessment) -> Json:
    """A finding with its run and the key that sorts it among the findings of all runs."""
    return {**finding_json(run, finding), "sort_key": sort_key(finding, assessment)}


def problems_json(problems: Sequence[Problem]) -> list[Json]:
    """Problems as plain values."""
    return [asdict(problem) for problem in problems]


def counts(findings: Collection[Finding]) -> Mapping[str, int]:
    """Number of findings that are not muted by severity, the worst severity first."""
    severities = [finding.severity for finding in findings if not finding.muted]
    return {severity: severities.count(severity) for severity in reversed(SEVERITIES)}


def number(value: float | None) -> float | None:
    """The number, or None where it is not finite, which JSON cannot represent."""
    return value if value is not None and math.isfinite(value) else None
