"""The incidents of one run as text: the likely origin first, with measured values, limits and advice."""

from collections.abc import Iterator
from typing import Final

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from tb_gradhealth.health import SYMPTOMS, Finding
from tb_gradhealth.health.results import value_and_limit
from tb_gradhealth.report.relations import relations
from tb_gradhealth.report.sanitizing import visible
from tb_gradhealth.report.text import STYLES
from tb_gradhealth.watch.overview import RunState

MAX_FINDINGS: Final = 100
"""Findings that are listed; a run may have thousands."""

INDENT: Final = 2
"""Characters by which what belongs to a line is indented."""


def run_details(run: RunState) -> Group:
    """The verdict, incidents and problems of a run."""
    report = run.report
    parts: list[RenderableType] = [_head(run)]
    if not report.findings:
        parts.append(Text(visible(report.headline)))
    shown = report.findings[:MAX_FINDINGS]
    related = relations(report.findings)
    incident = None
    for finding in shown:
        if finding.incident != incident:
            incident = finding.incident
            parts.append(Text())
        parts += _finding(finding, visible(related[finding.id]))
    if len(report.findings) > len(shown):
        more = len(report.findings) - len(shown)
        parts.append(Text(f"\nAnd {more:,} more, which `gradhealth check` lists.", "dim"))
    for problem in (*report.problems, *report.notes):
        parts.append(Text("\n" + visible(f"{problem.path}: {problem.message}".lstrip(": ")), "yellow"))
    return Group(*parts)


def _head(run: RunState) -> Text:
    report = run.report
    words, separator, reservation = report.verdict_text.partition("; ")
    return Text.assemble(
        (visible(report.run), "bold"),
        "  ",
        (words, STYLES[report.verdict]),
        (separator + reservation, "dim"),
    )


def _finding(finding: Finding, relation: str) -> Iterator[RenderableType]:
    """One finding; the likely origin of an incident has its message and advice, the others are indented."""
    indent = 0 if finding.origin else INDENT
    yield _indented(
        Text.assemble(
            (finding.severity, STYLES[finding.severity]),
            f"  {finding.symptom}  ",
            (visible(finding.tensor), "bold"),
            f" ({finding.kind})",
            (f"  {relation}" if relation else "", "magenta" if finding.origin else "dim"),
        ),
        indent,
    )
    resolved = "" if finding.resolved_step is None else f", resolved at step {finding.resolved_step:,}"
    measured = value_and_limit(finding.value, finding.threshold, finding.unit)
    when = (
        f"since step {finding.opened_step:,}"
        if not resolved
        else f"from step {finding.opened_step:,}{resolved}"
    )
    yield _indented(Text(f"value / limit: {measured}, {when}"), indent + INDENT)
    if finding.muted:
        yield _indented(Text(f"muted: {visible(finding.muted)}", "dim"), indent + INDENT)
    if finding.origin:
        yield _indented(Text(visible(finding.message)), INDENT)
        for advice in SYMPTOMS[finding.symptom].advice_for(finding.framework):
            yield Padding(_advice(advice), (0, 0, 0, INDENT))


def _advice(advice: str) -> Table:
    """An advice with a mark, its lines aligned."""
    table = Table.grid(padding=(0, 1))
    table.add_row("→", Text(advice))
    return table


def _indented(text: Text, indent: int) -> Padding:
    return Padding(text, (0, 0, 0, indent))
