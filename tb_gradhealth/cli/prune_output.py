"""The plan and the results of `gradhealth prune` as a table and as JSON."""

import json
from collections.abc import Sequence

import click
from rich.console import Console
from rich.table import Table
from rich.text import Text

from tb_gradhealth.report.sanitizing import visible
from tb_gradhealth.retention import Outcome, Plan, Step, Survey

STYLES = {"keep": "dim", "thin": "yellow", "remove": "red", "leave": "magenta"}


def print_plan(plan: Plan, now: float, applied: bool) -> None:
    """Print a line per run, the reasons below, and the sum."""
    console = Console(highlight=False)
    if plan.steps:
        console.print(_table(plan.steps, now))
    for step in plan.steps:
        if step.reason:
            console.print(f"{visible(step.run.name)}: {step.reason}", soft_wrap=True, markup=False)
    freed = plan.bytes_before - plan.bytes_after
    if not plan.steps:
        text = "No run has data of Grad Health."
    else:
        text = f"{size(plan.bytes_before)} of Grad Health's data, {size(freed)} can be freed."
    if plan.excess:
        text += f" That is still {size(plan.excess)} more than --max-bytes."
    if freed and not applied:
        text += " Nothing was changed: add --apply."
    console.print(text, soft_wrap=True)


def print_problems(survey: Survey) -> None:
    """Print what could not be read, one line each, to standard error."""
    for problem in survey.problems:
        click.echo(visible(problem), err=True)


def print_outcome(outcome: Outcome) -> None:
    """Print what became of a run: what was not done goes to standard error."""
    step = outcome.step
    name = visible(step.run.name)
    if outcome.state == "done":
        click.echo(f"{name}: {'thinned' if step.action == 'thin' else 'removed'}, {size(step.frees)} freed")
    else:
        click.echo(f"{name}: {outcome.state}: {visible(outcome.reason)}", err=True)


def as_json(plan: Plan, survey: Survey, outcomes: Sequence[Outcome], now: float, applied: bool) -> str:
    """The plan and the outcomes as ``gradhealth.prune/1``."""
    by_run = {outcome.step.run.name: outcome for outcome in outcomes}
    content = {
        "schema": "gradhealth.prune/1",
        "applied": applied,
        "bytes_before": plan.bytes_before,
        "bytes_after": plan.bytes_after,
        "max_bytes": plan.max_bytes,
        "runs": [_run_as_json(step, by_run.get(step.run.name), now) for step in plan.steps],
        "problems": [visible(problem) for problem in survey.problems],
    }
    return json.dumps(content, indent=1)


def size(count: int) -> str:
    """A number of bytes for people: in units of 1,000, as ``--max-bytes`` reads them."""
    number, unit = float(count), "B"
    for larger in ("kB", "MB", "GB", "TB"):
        if number < 999.95:
            break
        number, unit = number / 1000, larger
    return f"{number:.0f} {unit}" if unit == "B" else f"{number:.1f} {unit}"


def _table(steps: Sequence[Step], now: float) -> Table:
    table = Table(box=None, header_style="bold", pad_edge=False)
    table.add_column("run", overflow="fold")
    for name in ("age", "records", "kept", "ours", "others"):
        table.add_column(name, justify="right", no_wrap=True)
    table.add_column("plan", no_wrap=True)
    table.add_column("frees", justify="right", no_wrap=True)
    for step in steps:
        run = step.run
        changes = step.action in ("thin", "remove")
        table.add_row(
            Text(visible(run.name)),
            _age(now - run.newest) if run.files else "",
            f"{len(run.records):,}",
            f"{step.records_after:,}",
            size(run.bytes_ours),
            size(run.bytes_others),
            Text(step.action, STYLES[step.action]),
            size(step.frees) if changes else "",
        )
    return table


def _age(seconds: float) -> str:
    hours = max(seconds, 0) / 3600
    return f"{hours:.0f} h" if hours < 48 else f"{hours / 24:,.0f} d"


def _run_as_json(step: Step, outcome: Outcome | None, now: float) -> dict[str, object]:
    run = step.run
    return {
        "run": visible(run.name),
        "age_days": (now - run.newest) / 86_400 if run.files else None,
        "records": len(run.records),
        "bytes": run.bytes_ours,
        "bytes_others": run.bytes_others,
        "action": step.action,
        "reason": step.reason,
        "frees": step.frees,
        "records_after": step.records_after,
        "outcome": outcome.state if outcome else None,
        "error": visible(outcome.reason) if outcome else "",
    }
