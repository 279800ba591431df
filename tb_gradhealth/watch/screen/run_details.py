"""The incidents of one run as text: the likely origin first, with measured values, limits and advice."""

from collections.abc import Iterable
from itertools import groupby
from typing import Final

from rich.text import Text

from tb_gradhealth.health import SYMPTOMS, Finding
from tb_gradhealth.health.results import value_and_limit
from tb_gradhealth.report.relations import relations
from tb_gradhealth.report.sanitizing import visible
from tb_gradhealth.report.text import STYLES
from tb_gradhealth.watch.overview import RunState

MAX_FINDINGS: Final = 100
"""Findings that are listed; a run may have thousands."""


def run_details(run: RunState) -> Text:
    """The headline, incidents and problems of a run."""
    report = run.report
    text = Text.assemble((visible(report.run), "bold"), "  ", (report.verdict_text, STYLES[report.verdict]))
    text.append(f"\n{visible(report.headline)}\n")
    shown = report.findings[:MAX_FINDINGS]
    related = relations(report.findings)
    for _, incident in groupby(shown, key=lambda finding: finding.incident):
        text.append("\n")
        text.append_text(_incident(list(incident), related))
    if len(report.findings) > len(shown):
        text.append(f"\n{len(report.findings) - len(shown):,} more findings: gradhealth check lists them.\n")
    for problem in (*report.problems, *report.notes):
        where = visible(problem.path)
        text.append(
            f"\n{where}: {visible(problem.message)}\n" if where else f"\n{visible(problem.message)}\n",
            "yellow",
        )
    return text


def _incident(findings: Iterable[Finding], related: dict[str, str]) -> Text:
    text = Text()
    for finding in findings:
        indent = "" if finding.origin else "  "
        measured = value_and_limit(finding.value, finding.threshold, finding.unit)
        resolved = "" if finding.resolved_step is None else f", resolved at {finding.resolved_step:,}"
        text.append(indent)
        text.append(finding.severity, STYLES[finding.severity])
        text.append(f"  {finding.symptom}  ")
        text.append(visible(finding.tensor), "bold")
        text.append(f" ({finding.kind})")
        relation = visible(related.get(finding.id, ""))
        if relation:
            text.append(f"  {relation}", "magenta" if finding.origin else "dim")
        text.append(f"\n{indent}  {measured}, from step {finding.opened_step:,}{resolved}\n")
        if finding.muted:
            text.append(f"{indent}  muted: {visible(finding.muted)}\n", "dim")
        if finding.origin:
            text.append(f"  {visible(finding.message)}\n")
            for advice in SYMPTOMS[finding.symptom].advice:
                text.append(f"  → {advice}\n")
    return text
