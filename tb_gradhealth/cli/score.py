"""`gradhealth score`: trains networks whose health is known, and scores the rules."""

import json
import os
import sys
from collections.abc import Mapping, Sequence
from fnmatch import fnmatchcase
from pathlib import Path
from typing import TYPE_CHECKING, Final, get_args

import click
from rich.console import Console
from rich.markdown import Markdown

from tb_gradhealth.cli.epilog import epilog
from tb_gradhealth.cli.framework import environment, require_training
from tb_gradhealth.cli.output import write_output
from tb_gradhealth.cli.score_random import Part, listing, score_random
from tb_gradhealth.health import SYMPTOMS
from tb_gradhealth.scoring import Case, as_json, markdown, observe, with_section
from tb_gradhealth.scoring import score as compare

if TYPE_CHECKING:
    from tb_gradhealth.demo.zoo.training import Training

DEFAULT_LOGDIR: Final = "gradhealth-zoo"

ZOO: Final = "The zoo"

SEPARATE: Final = {
    "held_out/": "Seeds and networks that were not looked at while the rules were tuned",
    "cases/": "The folder of labelled cases",
}
"""Prefixes of the names of trainings that are scored separately, and the titles of their scores."""

COMPLETE, INCOMPLETE = 0, 1
"""The exit codes."""

EXAMPLES: Final = {
    "gradhealth score": "all trainings of the zoo, some minutes on two cores",
    "gradhealth score --only 'dead_*' --workers 2": "some of them",
    "gradhealth score --random 60 --list-errors": "trainings drawn at random",
}

EXIT_CODES: Final = {
    COMPLETE: "everything was trained and judged",
    INCOMPLETE: "a training failed, or a healthy one did not learn: the score is not the whole one",
    2: "wrong usage",
}


@click.command(epilog=epilog(EXAMPLES, EXIT_CODES))
@click.option(
    "--logdir",
    type=click.Path(path_type=Path, file_okay=False),
    default=DEFAULT_LOGDIR,
    show_default=True,
    help="Where the logs go. Trainings found there that the same code made are not trained again.",
)
@click.option(
    "--only",
    multiple=True,
    metavar="PATTERN",
    help="Only trainings of such a name, e.g. 'dead_*'; repeatable.",
)
@click.option(
    "--cases",
    type=click.Path(path_type=Path, exists=True, file_okay=False, resolve_path=True),
    help="A folder with labelled trainings of your own; see demo/zoo/cases.py for what it must hold.",
)
@click.option(
    "--workers",
    type=click.IntRange(1),
    default=os.cpu_count() or 1,
    show_default="one a core",
    help="Processes that train.",
)
@click.option(
    "--json", "json_path", type=click.Path(path_type=Path, dir_okay=False), help="Write the score there too."
)
@click.option(
    "--markdown",
    "markdown_path",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Write the tables there, for the documentation; those of a draw into the page that is there.",
)
@click.option(
    "--held-out",
    is_flag=True,
    help="Also those that were not looked at while the rules were tuned: other seeds, other networks.",
)
@click.option("--list", "only_list", is_flag=True, help="Only list the trainings and their labels.")
@click.option(
    "--random",
    "count",
    type=click.IntRange(1),
    metavar="N",
    help="Instead of the zoo: so many trainings drawn at random, whose truth is measured beside them.",
)
@click.option("--seed", type=click.IntRange(0), default=1, show_default=True, help="Of the draw.")
@click.option(
    "--part",
    type=click.Choice(get_args(Part)),
    default="all",
    show_default=True,
    help="Of the draw: a third is for tuning the rules, the rest is held out.",
)
@click.option("--list-errors", is_flag=True, help="Of the draw: each training that was judged wrongly.")
def score(
    logdir: Path,
    only: tuple[str, ...],
    cases: Path | None,
    workers: int,
    json_path: Path | None,
    markdown_path: Path | None,
    held_out: bool,
    only_list: bool,
    count: int | None,
    seed: int,
    part: Part,
    list_errors: bool,
) -> None:
    """Train networks whose health is known and say how often the default rules are right.

    With --random they are drawn, and their health is measured by a probe beside the training.
    """
    require_training("the score")
    os.environ.update(environment())  # TensorFlow reads it while it is imported
    if count is not None:
        if only or cases or held_out:
            raise click.UsageError("--random draws its own trainings: no --only, --cases or --held-out")
        if only_list:
            click.echo("\n".join(listing(count, seed, part)))
            return
        sys.exit(_random(count, seed, part, logdir, workers, list_errors, json_path, markdown_path))
    from tb_gradhealth.demo.zoo.catalogue import catalogue
    from tb_gradhealth.demo.zoo.reseeding import HELD_OUT
    from tb_gradhealth.demo.zoo.run import shortcomings, train_all

    trainings = {
        name: entry.training
        for name, entry in catalogue(cases).items()
        if (held_out or not name.startswith(HELD_OUT))
        and (not only or any(fnmatchcase(name, pattern) for pattern in only))
    }
    if not trainings:
        raise click.UsageError("no training has such a name; --list shows them")
    if only_list:
        for name, training in trainings.items():
            click.echo(f"{name:44} {_label(training.case)}")
        return

    console = Console()
    outcomes = train_all(list(trainings), logdir, workers, cases, console)
    trained = [outcome.name for outcome in outcomes if outcome.reached is not None]
    observed = dict(observe(str(logdir), trained))
    boards = {title: compare(cases_of, observed) for title, cases_of in _parts(trainings, trained).items()}
    board = boards.pop(ZOO)
    failures = shortcomings(outcomes, trainings)

    page = markdown(board, SYMPTOMS, boards)
    _show(page, failures, console)
    if markdown_path is not None:
        write_output(markdown_path, page)
    if json_path is not None:
        others = {title: as_json(other) for title, other in boards.items()}
        write_output(json_path, json.dumps({**as_json(board), "others": others}, indent=2) + "\n")
    sys.exit(INCOMPLETE if failures else COMPLETE)


def _random(
    count: int,
    seed: int,
    part: Part,
    logdir: Path,
    workers: int,
    list_errors: bool,
    json_path: Path | None,
    markdown_path: Path | None,
) -> int:
    """The score of a draw; returns the exit code."""
    console = Console()
    scored = score_random(count, seed, part, logdir, workers, console)
    _show(scored.page, scored.failures, console)
    if list_errors:
        click.echo("\n\n".join(("", *scored.errors)))
    if markdown_path is not None:
        page = markdown_path.read_text() if markdown_path.exists() else ""
        write_output(markdown_path, with_section(page, scored.page))
    if json_path is not None:
        write_output(json_path, scored.json() + "\n")
    return INCOMPLETE if scored.failures else COMPLETE


def _parts(trainings: "Mapping[str, Training]", trained: Sequence[str]) -> dict[str, list[Case]]:
    """The cases of the zoo, and of the trainings that are scored separately, by title."""
    parts: dict[str, list[Case]] = {ZOO: []}
    for name in trained:
        title = next((title for prefix, title in SEPARATE.items() if name.startswith(prefix)), ZOO)
        parts.setdefault(title, []).append(trainings[name].case)
    return parts


def _label(case: Case) -> str:
    return ", ".join(f"{fault.symptom} ({fault.dose})" for fault in case.faults) or "healthy"


def _show(page: str, failures: Sequence[str], console: Console) -> None:
    """Print tables on a terminal, and the page itself in a pipe, where it must not be wrapped."""
    if console.is_terminal:
        console.print(Markdown(page))
    else:
        click.echo(page)
    for failure in failures:
        console.print(failure, style="yellow", markup=False)
