"""The `gradhealth` command and its options."""

from pathlib import Path

import click

from tb_gradhealth.cli.commands import COMMANDS
from tb_gradhealth.cli.lazy_group import LazyGroup
from tb_gradhealth.version import __version__

EPILOG = """\b
Examples:
  gradhealth demo                        # see it
  gradhealth check logs                  # judge all runs below logs
  gradhealth check -h                    # options, examples and exit codes of a command

Each option can also be set by an environment variable, as --fail-on of check by
GRADHEALTH_CHECK_FAIL_ON, or in a file, as fail-on below [check]. Flags come first, then the environment,
then the file.
"""


@click.group(
    cls=LazyGroup,
    lazy=COMMANDS,
    epilog=EPILOG,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.version_option(__version__, prog_name="gradhealth")
@click.option(
    "--config",
    type=click.Path(path_type=Path, dir_okay=False),
    envvar="GRADHEALTH_CONFIG",
    help="The settings file.  [default: gradhealth.toml, or [tool.gradhealth] of pyproject.toml]",
)
def main(config: Path | None) -> None:
    """Which layer of the network went wrong first, when, and what to try."""
