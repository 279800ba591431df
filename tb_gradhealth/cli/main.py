"""The `gradhealth` command and its options."""

import click

from tb_gradhealth.cli.check import check
from tb_gradhealth.cli.demo import demo
from tb_gradhealth.cli.export import export
from tb_gradhealth.cli.prune import prune
from tb_gradhealth.cli.rules import rules
from tb_gradhealth.cli.score import score
from tb_gradhealth.version import __version__


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, prog_name="gradhealth")
def main() -> None:
    """Which layer of the network went wrong first, when, and what to try."""


main.add_command(check)
main.add_command(demo)
main.add_command(export)
main.add_command(prune)
main.add_command(score)
main.add_command(rules)
