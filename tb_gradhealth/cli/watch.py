"""`gradhealth watch`: follows a log directory in a terminal, and sends its new findings elsewhere."""

import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from tb_gradhealth.cli.check import FINDINGS, HEALTHY, UNREADABLE, exit_code
from tb_gradhealth.cli.epilog import epilog
from tb_gradhealth.cli.options import rules_option
from tb_gradhealth.cli.receivers import ledger_of, require, sinks_of
from tb_gradhealth.events import Root
from tb_gradhealth.health import Severity
from tb_gradhealth.monitor import Monitor
from tb_gradhealth.report.sanitizing import visible
from tb_gradhealth.rules import RulesError, load
from tb_gradhealth.watch import Overview, Seen, follow, line_of, overview_of

if TYPE_CHECKING:
    from tb_gradhealth.watch.notify import Ledger, Notifier
    from tb_gradhealth.watch.notify.notification import Notification

ONCE_SECONDS: Final = 30.0
"""Time for deliveries with --once, which includes some repetitions."""

EXIT_SECONDS: Final = 3.0
"""Time for deliveries when a user ends the command."""

TERMINATED: Final = 143
"""Exit code after SIGTERM: 128 plus its number."""

EXAMPLES: Final = {
    "gradhealth watch logs": "the runs, live; ? lists the keys",
    "gradhealth watch logs --plain": "one line per new, worse or resolved finding",
    "gradhealth watch logs --exec 'notify-send \"Training is sick\"'": "a command per critical finding",
    "gradhealth watch logs --once --webhook-format slack": "from cron, with GRADHEALTH_WEBHOOK_URL set",
}

EXIT_CODES: Final = {
    HEALTHY: "ended by q; with --once: nothing at or above --notify-on",
    FINDINGS: "with --once: findings at or above it",
    UNREADABLE: "wrong usage; with --once: unreadable data, or a notification that was not delivered",
    TERMINATED: "ended by SIGTERM",
}


@click.command(epilog=epilog(EXAMPLES, EXIT_CODES))
@click.argument("logdir", type=click.Path())
@click.option("--plain", is_flag=True, help="Print lines instead of a screen, as without a terminal.")
@click.option("--once", is_flag=True, help="Read once; print and send what is new since the last time.")
@click.option(
    "--interval",
    type=click.FloatRange(0.1, 3600),
    default=2.0,
    show_default=True,
    help="Seconds between two readings.",
)
@rules_option
@click.option(
    "--notify-on",
    type=click.Choice(["critical", "warning", "info"]),
    default="critical",
    show_default=True,
    help="The least severity of a finding that is sent.",
)
@click.option(
    "--exec",
    "command",
    metavar="COMMAND",
    help="Run this for each new finding, with JSON on its standard input and variables GRADHEALTH_RUN, "
    "GRADHEALTH_MESSAGE and others. It is split into words, but no shell runs it; use sh -c '...' for one.",
)
@click.option(
    "--webhook",
    metavar="URL",
    envvar="GRADHEALTH_WEBHOOK_URL",
    help="Post each new finding to this address. Others can see a command line: prefer the variable "
    "GRADHEALTH_WEBHOOK_URL. GRADHEALTH_WEBHOOK_TOKEN is sent as bearer token.",
)
@click.option(
    "--webhook-format",
    type=click.Choice(["json", "slack"]),
    default="json",
    show_default=True,
    help="All of the finding, or a message for Slack.",
)
@click.option(
    "--state",
    "state_file",
    metavar="FILE",
    type=click.Path(path_type=Path, dir_okay=False),
    help="What was sent, so that a restart repeats nothing.  [default: a file per LOGDIR in the user's state "
    "directory]",
)
@click.option(
    "--skip-present", is_flag=True, help="At the very first start, do not send what is there already."
)
def watch(
    logdir: str,
    plain: bool,
    once: bool,
    interval: float,
    source: str,
    notify_on: Severity,
    command: str | None,
    webhook: str | None,
    webhook_format: str,
    state_file: Path | None,
    skip_present: bool,
) -> None:
    """Follow the runs below LOGDIR, with the rules of the tab, while they train.

    A command or webhook gets each finding at least once: a failed delivery is repeated, with growing pauses,
    until the command ends with exit code 0 or the address answers with a status 2xx.
    """
    is_screen = not (plain or once) and sys.stdout.isatty() and sys.stdin.isatty()
    if is_screen:
        require("the screen (without it, use --plain)", "textual")
    try:
        monitor = Monitor([Root(logdir)], load(source))
    except RulesError as error:
        raise click.UsageError(str(error)) from None
    sinks = sinks_of(command, webhook, webhook_format, quiet=is_screen)
    ledger = ledger_of(logdir, state_file) if sinks or once else None

    def notifier(say: Callable[[str], None]) -> "Notifier | None":
        if ledger is None:
            return None
        from tb_gradhealth.watch.notify import Notifier

        return Notifier(ledger, sinks, notify_on, say, skip_present=skip_present)

    signal.signal(signal.SIGTERM, _terminate)
    if ledger is not None and once:
        sys.exit(_once(monitor, logdir, notify_on, ledger, notifier(_say)))
    if is_screen:
        sys.exit(_screen(monitor, logdir, interval, notifier))
    _lines(monitor, logdir, interval, notifier(_say))


def _once(
    monitor: Monitor, logdir: str, notify_on: Severity, ledger: "Ledger", notifier: "Notifier | None"
) -> int:
    """Read once, print and send what is new; return the exit code."""
    with _closed(notifier, ONCE_SECONDS) as left:
        monitor.refresh()
        with monitor.snapshot() as snapshot:
            overview = overview_of(snapshot)
        if notifier is not None:
            notifier.update(overview, logdir)
        ledger.see("print", partial(_print_changes, overview))
    return UNREADABLE if left else exit_code(overview.report, notify_on)


def _lines(monitor: Monitor, logdir: str, interval: float, notifier: "Notifier | None") -> None:
    """Print what changes until Ctrl-C."""
    seen, said = Seen(), ""
    with _closed(notifier, EXIT_SECONDS):
        for overview in _overviews(monitor, logdir, interval, threading.Event(), notifier):
            _print_changes(overview, seen)
            if overview.is_loaded and overview.sentence != said:
                said = overview.sentence
                _say(said)


def _screen(
    monitor: Monitor,
    logdir: str,
    interval: float,
    make_notifier: "Callable[[Callable[[str], None]], Notifier | None]",
) -> int:
    """Show the screen until its end; return the exit code."""
    from tb_gradhealth.watch.screen.app import WatchApp

    def say(line: str) -> None:
        if app.is_running:
            app.say(line)
        else:
            _say(line)

    def overviews(stopped: threading.Event) -> Iterator[Overview]:
        return _overviews(monitor, logdir, interval, stopped, notifier)

    app = WatchApp(overviews, logdir)
    notifier = make_notifier(say)
    with _closed(notifier, EXIT_SECONDS):
        code = app.run()
    return app.return_code or 0 if code is None else code


def _overviews(
    monitor: Monitor, logdir: str, interval: float, stopped: threading.Event, notifier: "Notifier | None"
) -> Iterator[Overview]:
    for overview in follow(monitor, interval, stopped):
        if notifier is not None:
            notifier.update(overview, logdir)
        yield overview


@contextmanager
def _closed(notifier: "Notifier | None", seconds: float) -> Iterator[list[str]]:
    """Deliver the rest when the block ends, however it ends; the list then has what was not delivered."""
    left: list[str] = []
    try:
        yield left
    finally:
        if notifier is not None:
            left += notifier.close(seconds)
        for sentence in left:
            _say(sentence)


def _print_changes(overview: Overview, seen: Seen) -> "list[Notification]":
    for change in seen.update(overview.runs, "info"):
        click.echo(line_of(change))
    return []


def _terminate(number: int, frame: object) -> None:
    sys.exit(TERMINATED)


def _say(line: str) -> None:
    click.echo(visible(line), err=True)
