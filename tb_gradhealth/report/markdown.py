"""A report as Markdown, for pull requests and job summaries: short enough for a comment."""

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from tb_gradhealth.health import Finding, Severity
from tb_gradhealth.health.results import counted, listed, value_and_limit
from tb_gradhealth.report.incidents import Incident
from tb_gradhealth.report.model import Report, RunReport
from tb_gradhealth.report.relations import relations
from tb_gradhealth.report.sanitizing import visible

MOST_BYTES: Final = 65_000
"""UTF-8 bytes of a report: GitHub takes comments of 65,536 characters, and a character has a byte or more."""

RESERVED: Final = 1_000
"""Of these for the last lines."""

UNFOLDED: Final = 3
"""Incidents of a report that are not folded."""

_PUNCTUATION = re.compile(r"""[!"#$%&'()*+,\-./:;<=>?\[\\\]^_`{|}~]""")

HEADS = ("severity", "symptom", "layer", "of its", "opened", "last seen", "value / limit", "state")


def as_markdown(report: Report, fail_on: Severity) -> str:
    """The report as CommonMark with tables; no name or message is read as Markdown, HTML, link or mention.

    What does not fit is left out: tables first, then the least urgent incidents and runs. The last line names
    it.
    """
    budget = _Budget(MOST_BYTES - RESERVED)
    verdict = escaped(report.verdict)
    top = budget.taken("lines", [f"# Grad Health\n\n**{verdict}**"])
    loose = [f"- {escaped(each.path)} {escaped(each.message)}" for each in report.problems]
    problems = budget.taken("problems", loose)
    heads = budget.taken("runs", [_head(run) for run in report.runs])
    runs = [(run, _Parts(head)) for run, head in zip(report.runs, heads, strict=False)]
    for run, parts in runs:
        parts.notes = budget.taken("lines", list(_notes(run)))
    for run, parts in runs:
        parts.incidents = budget.taken("incidents", [_paragraph(each) for each in run.incidents])
    for run, parts in runs:
        parts.table = budget.taken("tables of findings", [_table(run)] if run.findings else [])
    budget.omit("incidents", sum(len(run.incidents) for run in report.runs[len(heads) :]))
    unfolded = UNFOLDED
    sections: list[str] = []
    for _, parts in runs:
        sections += parts.sections(unfolded)
        unfolded = max(unfolded - len(parts.incidents), 0)
    last = ["\n".join(problems), f"*{escaped(report.contents(audited=False))}*", budget.closing_line]
    return "\n\n".join(filter(None, [*top, *sections, *last])) + "\n"


def escaped(text: str) -> str:
    """The text with all Markdown punctuation escaped, and without mentions."""
    return _PUNCTUATION.sub(lambda sign: "\\" + sign[0], visible(text)).replace("@", "@<!-- -->")


class _Budget:
    """The bytes that are left, and what was left out for want of them."""

    def __init__(self, size: int) -> None:
        self._left = size
        self._omitted: Counter[str] = Counter()

    def taken(self, kind: str, texts: list[str]) -> list[str]:
        """The first of some texts, as many as fit; none once one of their kind was left out."""
        found = []
        for text in texts:
            size = len(text.encode()) + 2
            if self._omitted[kind] or size > self._left:
                self.omit(kind, 1)
            else:
                self._left -= size
                found.append(text)
        return found

    def omit(self, kind: str, count: int) -> None:
        """Note that something is left out."""
        self._omitted[kind] += count

    @property
    def closing_line(self) -> str:
        """What was left out; empty where nothing was."""
        kinds = [
            f"{count:,} {kind if count != 1 else _singular(kind)}"
            for kind, count in self._omitted.items()
            if count
        ]
        return f"**Left out, as the report would be too long: {listed(kinds, len(kinds))}.**" if kinds else ""


def _singular(kind: str) -> str:
    return "table of findings" if kind.startswith("tables") else kind.removesuffix("s")


@dataclass
class _Parts:
    """What is shown of one run."""

    head: str
    notes: list[str] | tuple[()] = ()
    incidents: list[str] | tuple[()] = ()
    table: list[str] | tuple[()] = ()

    def sections(self, unfolded: int) -> Iterator[str]:
        """The parts in order, with the first incidents open and all else folded."""
        yield self.head
        yield from self.incidents[:unfolded]
        folded = self.incidents[unfolded:]
        if folded:
            more = " more" if unfolded and len(self.incidents) > len(folded) else ""
            yield _folded(
                f"{len(folded):,}{more} incident{'' if len(folded) == 1 else 's'}", "\n\n".join(folded)
            )
        for table in self.table:
            yield _folded("Table of findings", table)
        yield "\n".join(self.notes)


def _folded(summary: str, content: str) -> str:
    return f"<details><summary>{summary}</summary>\n\n{content}\n\n</details>"


def _head(run: RunReport) -> str:
    seen = "" if run.last_step is None else f", step {run.last_step:,}, {counted(run.tensors, 'tensor')}"
    head = f"## {escaped(run.run)}: {escaped(run.verdict_text)}{seen}"
    return head if run.incidents else f"{head}\n\n{escaped(run.headline)}"


def _paragraph(incident: Incident) -> str:
    text = " ".join(map(escaped, incident.sentences))
    return f"**{incident.severity}: {escaped(incident.title)}** – {text}"


def _notes(run: RunReport) -> Iterator[str]:
    for message in run.gone:
        yield f"- no longer found: {escaped(message)}"
    for problem in (*run.problems, *run.notes):
        where = problem.path + ("" if problem.offset is None else f" at byte {problem.offset:,}")
        yield f"- {escaped(where)}: {escaped(problem.message)}"


def _table(run: RunReport) -> str:
    related = relations(run.findings)
    lines = [_line(finding, related[finding.id], run.changes.get(finding.id, "")) for finding in run.findings]
    return "\n".join(["| " + " | ".join(HEADS) + " |", "|" + " --- |" * len(HEADS), *lines])


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
