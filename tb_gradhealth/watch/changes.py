"""Findings that are new, worse or resolved since they were last seen."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

from tb_gradhealth.health import Finding, Severity, at_least
from tb_gradhealth.watch.overview import RunState

Kind = Literal["new", "worse", "resolved", "reopened"]


@dataclass(frozen=True)
class Change:
    """A change of one finding of one run; a worse finding has a higher severity than any before."""

    kind: Kind
    run: str
    finding: Finding


@dataclass(frozen=True)
class Mark:
    """What was last seen of a finding: its highest severity so far, and whether it was resolved."""

    severity: Severity
    is_resolved: bool


class Seen:
    """The findings that were seen, by run and id.

    Muted findings, and those of runs that are still being read for the first time, are not looked at. A
    finding that a run no longer has is forgotten, so that it is new when a restarted training shows it
    again. The findings of a run that is gone are kept, since its storage may be unreachable for a while.
    """

    def __init__(self, marks: Mapping[str, Mapping[str, Mark]] | None = None) -> None:
        """Start from earlier marks, by run and finding id; from none where None."""
        self.marks: dict[str, dict[str, Mark]] = {run: dict(each) for run, each in (marks or {}).items()}

    def update(self, runs: Iterable[RunState], least: Severity) -> list[Change]:
        """See the present findings.

        Args:
            runs: the present runs.
            least: findings of a lower severity are not looked at.

        Returns:
            The changes since the last call, in the order of the findings.
        """
        changes = []
        for run in runs:
            if not run.is_loaded:
                continue
            name, findings = run.report.run, run.report.findings
            present = {finding.id for finding in findings}
            marks = {key: mark for key, mark in self.marks.get(name, {}).items() if key in present}
            for finding in findings:
                if finding.muted or not at_least(finding.severity, least):
                    continue
                kind = _kind(finding, marks.get(finding.id))
                if kind is not None:
                    changes.append(Change(kind, name, finding))
                marks[finding.id] = _marked(finding, marks.get(finding.id))
            if marks:
                self.marks[name] = marks
            else:
                self.marks.pop(name, None)
        return changes


def _kind(finding: Finding, mark: Mark | None) -> Kind | None:
    if mark is None:
        return "new"
    if not at_least(mark.severity, finding.severity):
        return "worse"
    is_resolved = finding.state == "resolved"
    if is_resolved != mark.is_resolved:
        return "resolved" if is_resolved else "reopened"
    return None


def _marked(finding: Finding, mark: Mark | None) -> Mark:
    is_higher = mark is None or not at_least(mark.severity, finding.severity)
    severity = finding.severity if mark is None or is_higher else mark.severity
    return Mark(severity, finding.state == "resolved")
