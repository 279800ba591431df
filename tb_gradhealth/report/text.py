"""A report for terminals: one line per run, its findings below, problems last."""

from typing import Final, TextIO

from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from tb_gradhealth.events import Problem
from tb_gradhealth.health import SymptomState
from tb_gradhealth.health.results import value_and_limit
from tb_gradhealth.report.model import Report, RunReport
from tb_gradhealth.report.relations import relations
from tb_gradhealth.report.sanitizing import visible

WIDE: Final = 240

STYLES: Final = {
    "critical": "bold red",
    "warning": "yellow",
    "info": "blue",
    "healthy": "green",
    "too early": "dim",
    "unknown": "dim",
}


def print_report(report: Report, file: TextIO | None = None) -> None:
    """Print the report, findings and problems alike, to a file, or to standard output where it is None."""
    console = _console(file)
    for run in report.runs:
        console.print(_headline(run), soft_wrap=True)
        if run.findings:
            console.print(Padding(_table(run), (0, 0, 0, 2)))
        for finding in run.findings:
            if finding.origin:
                console.print(Text(f"  {visible(finding.message)}"), soft_wrap=True)
        for message in run.gone:
            console.print(Text(f"  no longer found: {visible(message)}", "green"), soft_wrap=True)
        if run.states:
            console.print(Padding(_explained(run.states), (0, 0, 0, 2)))
        for problem in (*run.problems, *run.notes):
            console.print(_line(problem), soft_wrap=True)
    for problem in report.problems:
        console.print(_line(problem), soft_wrap=True)


class _Console(Console):
    """A console that raises `BrokenPipeError` for a closed pipe; rich's own exits with code 1."""

    def on_broken_pipe(self) -> None:
        self.quiet = True  # so that the rest of the buffer is not tried again
        raise BrokenPipeError


def _console(file: TextIO | None) -> Console:
    console = _Console(highlight=False, file=file)
    # A pipe has no width; wrapped lines would be hard to search.
    return console if console.is_terminal else _Console(highlight=False, file=file, width=WIDE)


def _headline(run: RunReport) -> Text:
    seen = "" if run.last_step is None else f"  step {run.last_step:,}, {run.tensors} tensors"
    return Text.assemble(
        (visible(run.run), "bold"), "  ", (run.verdict_text, STYLES[run.verdict]), (seen, "dim")
    )


def _table(run: RunReport) -> Table:
    table = Table(box=None, pad_edge=False, header_style="dim")
    for name in ("severity", "symptom", "layer", "of its", "opened", "last seen", "value / limit", "state"):
        table.add_column(
            name, justify="right" if name in ("opened", "last seen", "value / limit") else "left"
        )
    related = relations(run.findings)
    for finding in run.findings:
        relation = f"  {visible(related[finding.id])}" if related[finding.id] else ""
        muted = f"  muted: {visible(finding.muted)}" if finding.muted else ""
        colour = "magenta" if finding.origin else "dim"
        change = f"  {run.changes[finding.id]}" if finding.id in run.changes else ""
        table.add_row(
            Text(finding.severity, STYLES[finding.severity]),
            finding.symptom,
            # Text, not markup: a layer may be called [bold].
            Text.assemble(
                visible(finding.tensor),
                (relation, colour),
                (change, "dim" if change.endswith("known") else "bold"),
                (muted, "dim"),
            ),
            finding.kind,
            f"{finding.opened_step:,}",
            f"{finding.last_step:,}",
            value_and_limit(finding.value, finding.threshold, finding.unit),
            finding.state,
        )
    return table


def _explained(states: tuple[SymptomState, ...]) -> Table:
    """Every symptom's states; tensors with the same state and reason share a row."""
    table = Table(box=None, pad_edge=False, header_style="dim")
    for name in ("symptom", "state", "why", "tensors", "such as"):
        table.add_column(name, justify="right" if name == "tensors" else "left")
    groups: dict[tuple[str, str, str], list[SymptomState]] = {}
    for state in states:
        groups.setdefault((state.symptom, state.state, state.reason), []).append(state)
    for (symptom, condition, reason), group in groups.items():
        style = STYLES.get(condition, "")
        count, example = f"{len(group):,}", Text(visible(group[0].tensor))
        table.add_row(symptom, Text(condition, style), Text(visible(reason)), count, example)
    return table


def _line(problem: Problem) -> Text:
    where = visible(problem.path) + ("" if problem.offset is None else f" at byte {problem.offset:,}")
    message = visible(problem.message)
    return Text(f"  {where}: {message}" if where else f"  {message}", "yellow")
