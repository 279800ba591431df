"""Makes what `gradhealth watch` sends findings to from its options, and finds the file of its state."""

import hashlib
import os
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from tb_gradhealth.watch.notify import Ledger, Sink


def sinks_of(command: str | None, webhook: str | None, form: str, *, quiet: bool) -> "list[Sink]":
    """The receivers of the options.

    Raises:
        click.UsageError: one of them cannot be used, or a package is missing.
    """
    sinks: list[Sink] = []
    if command is None and not webhook:
        return sinks
    require("--exec and --webhook", "filelock", "platformdirs", *(["urllib3"] if webhook else []))
    from tb_gradhealth.watch.notify import Command, CommandError

    if command is not None:
        try:
            sinks.append(Command(command, quiet=quiet))
        except CommandError as error:
            raise click.UsageError(f"--exec: {error}") from None
    if webhook:
        from tb_gradhealth.watch.notify.webhook import Webhook, WebhookError

        token = os.environ.get("GRADHEALTH_WEBHOOK_TOKEN", "").strip()
        try:
            sinks.append(Webhook(webhook.strip(), token, form))
        except WebhookError as error:
            raise click.UsageError(str(error)) from None
    return sinks


def ledger_of(logdir: str, path: Path | None) -> "Ledger":
    """The file of a log directory, which is never within it: a log directory holds what the training wrote.

    Raises:
        click.UsageError: it cannot be used, or a package is missing.
    """
    require("--once", "filelock", "platformdirs")
    from platformdirs import user_state_path

    from tb_gradhealth.watch.notify import Ledger, LedgerError

    where = logdir if "://" in logdir else os.path.realpath(logdir)
    if path is None:
        name = hashlib.sha256(where.encode(errors="surrogateescape")).hexdigest()[:16]
        path = user_state_path("gradhealth") / f"watch-{name}.json"
    if path.resolve().is_relative_to(where):
        raise click.UsageError(f"the state file {path} is in the log directory: name another one by --state")
    try:
        return Ledger(path, where)
    except LedgerError as error:
        raise click.UsageError(str(error)) from None


def require(what: str, *modules: str) -> None:
    """Check that packages of the extra `watch` are installed.

    Raises:
        click.UsageError: one is missing; the message names what to install.
    """
    missing = [name for name in modules if find_spec(name) is None]
    if missing:
        names = f"{' and '.join(missing)} {'are' if len(missing) > 1 else 'is'}"
        raise click.UsageError(f"{names} not installed, for {what}: pip install 'tb_gradhealth[watch]'")
