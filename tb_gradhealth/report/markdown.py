"""A report as Markdown, for pull requests and job summaries."""

import re

from tb_gradhealth.health import Finding, Severity
from tb_gradhealth.health.results import value_and_limit
from tb_gradhealth.report.model import Report, RunReport
from tb_gradhealth.report.relations import relations
from tb_gradhealth.report.sanitizing import visible

_PUNCTUATION = re.compile(r"""[!"#$%&'()*+,\-./:;<=>?\[\\\]^_`{|}~]""")

HEADS = ("severity", "symptom", "layer", "of its", "opened", "last seen", "value / limit", "state")


def as_markdown(report: Report, fail_on: Severity) -> str:
    """The report as CommonMark with tables; no name or message is read as Markdown, HTML, link or mention."""
    lines = ["# Grad Health", ""]
    for run in report.runs:
        lines += _run(run)
    for problem in report.problems:
        lines.append(f"- {escaped(problem.path)} {escaped(problem.message)}")
    return "\n".join(lines).rstrip() + "\n"


def escaped(text: str) -> str:
    """The text with all Markdown punctuation escaped, and without mentions."""
    return _PUNCTUATION.sub(lambda sign: "\\" + sign[0], visible(text)).replace("@", "@<!-- -->")


def _run(run: RunReport) -> list[str]:
    seen = "" if run.last_step is None else f", step {run.last_step:,}, {run.tensors} tensors"
    lines = [f"## {escaped(run.run)}: {escaped(run.verdict_text)}{seen}", ""]
    if run.findings:
        lines += ["| " + " | ".join(HEADS) + " |", "|" + " --- |" * len(HEADS)]
        related = relations(run.findings)
        lines += [
            _line(finding, related[finding.id], run.changes.get(finding.id, "")) for finding in run.findings
        ] + [""]
    lines += [f"- {escaped(finding.message)}" for finding in run.findings if finding.origin]
    lines += [f"- no longer found: {escaped(message)}" for message in run.gone]
    for problem in (*run.problems, *run.notes):
        where = problem.path + ("" if problem.offset is None else f" at byte {problem.offset:,}")
        lines.append(f"- {escaped(where)}: {escaped(problem.message)}")
    return [*lines, ""]


def _line(finding: Finding, relation: str, change: str) -> str:
    layer = escaped(finding.tensor)
    if relation:
        layer += f" **{relation}**" if finding.origin else f" {escaped(relation)}"
    if change:
        layer += f" ({change})"
    if finding.muted:
        layer += f" (muted: {escaped(finding.muted)})"
    cells = (
        finding.severity,
        finding.symptom,
        layer,
        finding.kind,
        f"{finding.opened_step:,}",
        f"{finding.last_step:,}",
        value_and_limit(finding.value, finding.threshold, finding.unit),
        finding.state,
    )
    return "| " + " | ".join(cells) + " |"
