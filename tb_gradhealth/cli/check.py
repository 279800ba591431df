"""`gradhealth check`: judges the runs of a log directory, for users and pipelines."""

import re
import sys
from contextlib import closing
from io import StringIO
from pathlib import Path
from typing import Final, cast

import click

from tb_gradhealth.cli.epilog import epilog
from tb_gradhealth.cli.options import rules_option
from tb_gradhealth.cli.output import write_output
from tb_gradhealth.cli.progress import tracked
from tb_gradhealth.events import Root
from tb_gradhealth.fleet import FleetError, NoSuchRunError, Settings, Survey
from tb_gradhealth.health import Severity
from tb_gradhealth.report import FORMATS, Baseline, BaselineError, Report, print_report
from tb_gradhealth.rules import RulesError, RulesInForce, load

HEALTHY, FINDINGS, UNREADABLE = 0, 1, 2
"""The exit codes."""

EXAMPLES: Final = {
    "gradhealth check logs": "every run below logs; exit code 1 for a critical finding",
    "gradhealth check logs --run '^trial_' --fail-on warning": "some runs, and warnings count too",
    "gradhealth check logs --format html --output report.html": "a page to send",
    "gradhealth check logs --baseline report.json": "only what is new since that JSON report",
    "gradhealth check logs --workers 8 --format json --output report.json": "thousands of runs",
    "gradhealth check logs --explain | less": "why there is, or is not, a finding",
}

EXIT_CODES: Final = {
    HEALTHY: "nothing at or above --fail-on, or too early to say",
    FINDINGS: "findings at or above it; with --baseline, new or worse ones",
    UNREADABLE: "wrong usage, nothing to judge, or data that could not be read",
}


@click.command(epilog=epilog(EXAMPLES, EXIT_CODES))
@click.argument("logdir", type=click.Path())
@click.option(
    "--fail-on",
    type=click.Choice(["critical", "warning", "info"]),
    default="critical",
    show_default=True,
    help="The least severity of a finding that makes the exit code 1.",
)
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", *FORMATS]),
    default="text",
    show_default=True,
    help="A table for people, the report gradhealth.report/1, or a file for what reads the others.",
)
@rules_option
@click.option(
    "--explain", is_flag=True, help="Say of every symptom and tensor why it is, or is not, flagged."
)
@click.option(
    "--audit",
    is_flag=True,
    help="Add the rule set, the software versions and the SHA-256 of the event files (json, html).",
)
@click.option(
    "--run",
    "pattern",
    metavar="REGEX",
    help="Judge only the runs in whose name this regular expression is found.",
)
@click.option(
    "--baseline",
    "baseline_file",
    metavar="REPORT.json",
    type=click.Path(),
    help="A report of an earlier `check --format json`: fail only on findings that are new or worse.",
)
@click.option(
    "--workers",
    type=click.IntRange(1),
    metavar="N",
    help="Processes that judge; by default one per core where there are hundreds of runs, else 1.",
)
@click.option(
    "--dask",
    "cluster",
    metavar="ADDRESS",
    help="The scheduler of a Dask cluster that judges instead, such as tcp://host:8786. Its workers need "
    "this version of tb_gradhealth, and LOGDIR at the same path or on object storage.",
)
@click.option(
    "--output",
    metavar="FILE",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Write the report to this file, all of it or nothing, instead of printing it.",
)
def check(
    logdir: str,
    fail_on: str,
    form: str,
    source: str,
    explain: bool,
    audit: bool,
    pattern: str | None,
    baseline_file: str | None,
    workers: int | None,
    cluster: str | None,
    output: Path | None,
) -> None:
    """Judge every run below LOGDIR with the rules of the tab."""
    if workers is not None and cluster is not None:
        raise click.UsageError(
            "--workers is the number of processes here, --dask judges elsewhere: choose one"
        )
    try:
        rules = load(source)
        chosen = re.compile(pattern or "")
        baseline = Baseline.load(baseline_file) if baseline_file else None
    except (RulesError, BaselineError) as error:
        raise click.UsageError(str(error)) from None
    except re.error as error:
        raise click.UsageError(f"--run: {pattern!r} is no regular expression: {error}") from None
    shown = FORMATS.get(form)
    settings = Settings(
        rules,
        explain,
        audit,
        charts=shown is not None and shown.has_charts,
        hparams=shown is not None and shown.has_hparams,
    )
    try:
        survey = Survey([Root(logdir)], chosen)
        with closing(survey.judged(settings, workers, cluster)) as judged:
            outcomes = list(tracked("Judging runs", judged, len(survey.runs)))
    except NoSuchRunError as error:
        raise click.UsageError(f"--run: {error}") from None
    except FleetError as error:
        click.echo(f"Error: {error}", err=True)
        sys.exit(UNREADABLE)
    except KeyboardInterrupt:
        click.echo("Interrupted: no run is reported.", err=True)
        raise
    report = survey.report(outcomes, RulesInForce(rules, source) if audit else None)
    if baseline is not None:
        report = baseline.compared(report)
    if form != "text":
        _write(FORMATS[form].render(report, cast(Severity, fail_on)), output)
    elif output is None:
        print_report(report)
    else:
        with StringIO() as file:
            print_report(report, file)
            _write(file.getvalue(), output)
    sys.exit(exit_code(report, cast(Severity, fail_on)))


def _write(text: str, output: Path | None) -> None:
    if output is None:
        click.echo(text, nl=False)
    else:
        write_output(output, text)


def exit_code(report: Report, fail_on: Severity) -> int:
    """The exit code of a report: findings take precedence over unreadable data."""
    if any(run.failing(fail_on) for run in report.runs):
        return FINDINGS
    unread = report.problems or any(run.problems or run.verdict == "unknown" for run in report.runs)
    return UNREADABLE if unread or not report.runs else HEALTHY
