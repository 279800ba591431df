"""What several answers share."""

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict

from tb_gradhealth.events import Problem
from tb_gradhealth.health import SEVERITIES, Finding
from tb_gradhealth.monitor import MonitoredRun, Snapshot
from tb_gradhealth.plugin.application import NotFoundError

Json = dict[str, object]


def found(snapshot: Snapshot, name: str) -> MonitoredRun:
    """The run of this name.

    Raises:
        NotFoundError: there is none.
    """
    if name not in snapshot.runs:
        raise NotFoundError(f"there is no run {name[:200]!r}")
    return snapshot.runs[name]


def chosen(snapshot: Snapshot, names: Collection[str]) -> list[MonitoredRun]:
    """The runs of these names, or all where none is named.

    Raises:
        NotFoundError: one of them does not exist.
    """
    return [found(snapshot, name) for name in names] if names else list(snapshot.runs.values())


def finding_json(run: str, finding: Finding) -> Json:
    """A finding with its run, the same as `finding_as_json` gives: that copies each field on its own."""
    return {
        "run": run,
        **vars(finding),
        "value": number(finding.value),
        "threshold": number(finding.threshold),
    }


def problems_json(problems: Sequence[Problem]) -> list[Json]:
    """Problems as plain values."""
    return [asdict(problem) for problem in problems]


def counts(findings: Collection[Finding]) -> Mapping[str, int]:
    """How many findings count, by severity, the worst first."""
    severities = [finding.severity for finding in findings if not finding.muted]
    return {severity: severities.count(severity) for severity in reversed(SEVERITIES)}


def number(value: float | None) -> float | None:
    """The number as JSON can say it."""
    return value if value is not None and math.isfinite(value) else None
