"""How a finding relates to the others of its incident, in words."""

from collections.abc import Iterable

from tb_gradhealth.health import Finding


def relations(findings: Iterable[Finding]) -> dict[str, str]:
    """Relation by finding id: ``likely origin``, ``follows from non-finite of loss``, or ``""``."""
    known = {finding.id: finding for finding in findings}
    return {identity: _relation(finding, known) for identity, finding in known.items()}


def _relation(finding: Finding, known: dict[str, Finding]) -> str:
    if finding.origin:
        return "likely origin"
    cause = known.get(finding.follows or "")
    return "" if cause is None else f"follows from {cause.symptom} of {cause.tensor}"
