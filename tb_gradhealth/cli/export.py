"""`gradhealth export`: the state of a log directory for monitoring systems."""

import time
from importlib.util import find_spec
from typing import Final

import click

from tb_gradhealth.cli.epilog import epilog
from tb_gradhealth.cli.options import rules_option
from tb_gradhealth.events import Root
from tb_gradhealth.monitor import Monitor
from tb_gradhealth.rules import RulesError, load

EXAMPLES: Final = {
    "gradhealth export logs --prometheus > gradhealth.prom": "once, for the textfile collector",
    "gradhealth export logs --prometheus --port 9109": "served until Ctrl-C, for a scrape",
}


@click.command(
    epilog=epilog(
        EXAMPLES,
        {0: "the metrics are printed, or Ctrl-C while serving", 2: "wrong usage"},
        runs_until_interrupted=True,
    )
)
@click.argument("logdir", type=click.Path())
@click.option("--prometheus", is_flag=True, required=True, help="In the OpenMetrics format of Prometheus.")
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    help="Serve the metrics at this port until Ctrl-C, instead of printing them once.",
)
@click.option("--host", default="localhost", show_default=True, help="The address to serve at.")
@click.option(
    "--max-runs",
    type=click.IntRange(1),
    default=100,
    show_default=True,
    help="Runs with series of their own, the most urgent first; the others are counted.",
)
@rules_option
def export(logdir: str, prometheus: bool, port: int | None, host: str, max_runs: int, source: str) -> None:
    """Open findings, last step and age of the runs below LOGDIR, as metrics.

    Printed once, for the textfile collector, or served at a port, where each scrape reads what is new.
    """
    if find_spec("prometheus_client") is None:
        raise click.UsageError("prometheus_client is not installed: pip install 'tb_gradhealth[prometheus]'")
    from prometheus_client import CollectorRegistry, start_http_server
    from prometheus_client.openmetrics.exposition import generate_latest

    from tb_gradhealth.report.openmetrics import RunsCollector

    try:
        monitor = Monitor([Root(logdir)], load(source))
    except RulesError as error:
        raise click.UsageError(str(error)) from None
    registry = CollectorRegistry()
    registry.register(RunsCollector(monitor, max_runs))
    if port is None:
        click.echo(generate_latest(registry).decode(), nl=False)  # type: ignore[no-untyped-call]
        return
    try:
        server, _ = start_http_server(port, host, registry)
    except OSError as error:
        raise click.UsageError(f"{host}:{port} cannot be served: {error}") from None
    click.echo(f"Metrics of {logdir} at http://{host}:{server.server_port}/metrics until Ctrl-C.")
    try:
        while True:
            time.sleep(3600)
    except KeyboardInterrupt:
        server.shutdown()
