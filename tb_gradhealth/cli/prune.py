"""`gradhealth prune`: removes the data of old runs and thins dense records; others' data stays."""

import os
import re
import sys
import time
from importlib.util import find_spec
from typing import Any, Final

import click
from rich.console import Console

from tb_gradhealth.cli.epilog import epilog
from tb_gradhealth.cli.prune_output import as_json, print_outcome, print_plan, print_problems
from tb_gradhealth.events import is_remote
from tb_gradhealth.retention import Outcome, Plan, Policy, Survey, execute, plan, survey, try_thinning

DONE, INCOMPLETE, FAILED = 0, 1, 2
"""The exit codes."""

EXAMPLES: Final = {
    "gradhealth prune logs --keep-days 90": "what would be removed; nothing is changed",
    "gradhealth prune logs --keep-days 90 --archive old.tar.zst --apply": "archive it, then remove it",
    "gradhealth prune logs --max-bytes 20GB --thin 10 --apply": "thin all, remove old ones until all fit",
}

EXIT_CODES: Final = {
    DONE: "everything asked for is done, or would be",
    INCOMPLETE: "something needs a decision: the data does not fit into --max-bytes,\n"
    "       a thinned run would be judged differently, data lies in shared files, or\n"
    "       a file changed meanwhile",
    FAILED: "wrong usage, or something could not be read or written",
}

UNITS: Final = {
    "": 1, "B": 1,
    "KB": 10**3, "MB": 10**6, "GB": 10**9, "TB": 10**12,
    "KIB": 2**10, "MIB": 2**20, "GIB": 2**30, "TIB": 2**40,
}  # fmt: skip


class Size(click.ParamType[int]):
    """A number of bytes, such as ``500MB``, ``2GiB`` or ``1000000``."""

    name = "SIZE"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        """The number of bytes."""
        found = re.fullmatch(r"(\d+(?:\.\d+)?)\s*([A-Za-z]*)", str(value))
        if found is None or found[2].upper() not in UNITS:
            self.fail(f"{value!r} is no size: write a number with a unit, such as 500MB or 2GiB", param, ctx)
        return int(float(found[1]) * UNITS[found[2].upper()])


@click.command(epilog=epilog(EXAMPLES, EXIT_CODES))
@click.argument("logdir", type=click.Path())
@click.option(
    "--keep-days",
    type=click.FloatRange(0),
    metavar="N",
    help="Remove the data of runs whose newest record is older than N days.",
)
@click.option(
    "--max-bytes",
    type=Size(),
    help="All data must fit into SIZE (500MB, 2GiB): the oldest runs are thinned first, to one record in "
    "ten, and then removed.",
)
@click.option(
    "--thin",
    type=click.IntRange(2),
    metavar="N",
    help="Keep one record in N, and all of them around findings.",
)
@click.option(
    "--archive",
    metavar="FILE.tar.zst",
    type=click.Path(),
    help="Archive every event file before it is changed or deleted.",
)
@click.option(
    "--shared-files",
    is_flag=True,
    help="Also rewrite event files that hold data of other plugins, as gradhealth.summary() writes them.",
)
@click.option(
    "--idle-minutes",
    type=click.FloatRange(0),
    default=15,
    show_default=True,
    metavar="N",
    help="Leave alone the runs that were written within the last N minutes.",
)
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "json"]),
    default="text",
    show_default=True,
    help="A table for people, or gradhealth.prune/1.",
)
@click.option("--apply", "applied", is_flag=True, help="Do it. Without it, the plan is only printed.")
def prune(
    logdir: str,
    keep_days: float | None,
    max_bytes: int | None,
    thin: int | None,
    archive: str | None,
    shared_files: bool,
    idle_minutes: float,
    form: str,
    applied: bool,
) -> None:
    """Free the disk of the data that Grad Health recorded in old or long runs below LOGDIR.

    At least one of --keep-days, --max-bytes and --thin is needed. Nothing is changed without --apply. Data of
    other plugins is never dropped. A thinned run keeps its verdict, and each finding its severity, state and
    opening step by the default rules, or it is left alone. Flight recorder and epochs are not thinned. Runs
    that are being written and files behind symbolic links are left alone.
    """
    policy = Policy(keep_days, max_bytes, thin, shared_files)
    _check_usage(logdir, policy, archive)
    outcomes: list[Outcome] = []
    try:
        with Console(stderr=True).status(f"Reading {logdir}"):
            now = time.time()
            found = survey(logdir, 60 * idle_minutes, now)
            planned = plan(
                found.runs, policy, now, lambda run, cadences: try_thinning(run, cadences, shared_files)
            )
        if form == "text":
            print_plan(planned, now, applied)
            print_problems(found)
        if applied:
            for outcome in execute(planned, logdir, archive):
                outcomes.append(outcome)
                if form == "text":
                    print_outcome(outcome)
    except KeyboardInterrupt:
        click.echo(
            f"Interrupted: {len(outcomes)} runs were finished, each file is the old or the new one.", err=True
        )
        raise
    except OSError as error:
        where = error.filename or (archive if applied else None) or logdir
        raise _Failure(f"{where}: {error.strerror or error}; nothing was changed") from None
    if form == "json":
        click.echo(as_json(planned, found, outcomes, now, applied))
    sys.exit(exit_code(planned, found, outcomes))


def exit_code(planned: Plan, found: Survey, outcomes: list[Outcome]) -> int:
    """The exit code; failures take precedence."""
    if found.problems or any(outcome.state == "failed" for outcome in outcomes):
        return FAILED
    left = any(step.incomplete for step in planned.steps) or any(out.state == "left" for out in outcomes)
    return INCOMPLETE if left or planned.excess else DONE


def _check_usage(logdir: str, policy: Policy, archive: str | None) -> None:
    if policy.keep_days is None and policy.max_bytes is None and policy.thin is None:
        raise click.UsageError("nothing to do: give --keep-days, --max-bytes or --thin")
    if is_remote(logdir):
        raise click.UsageError(f"{logdir} is remote storage: only local directories can be pruned")
    if not os.path.isdir(logdir):
        raise click.UsageError(
            f"{logdir} is not a directory" if os.path.exists(logdir) else f"{logdir} does not exist"
        )
    if archive is None:
        return
    if not archive.endswith(".tar.zst") or "tfevents" in os.path.basename(archive):
        raise click.UsageError(f"--archive: name {archive!r} FILE.tar.zst, without 'tfevents' in it")
    if not os.path.isdir(os.path.dirname(archive) or "."):
        raise click.UsageError(f"--archive: the folder of {archive} does not exist")
    if find_spec("zstandard") is None:
        raise click.UsageError("zstandard is not installed: pip install 'tb_gradhealth[archive]'")


class _Failure(click.ClickException):
    exit_code = FAILED
