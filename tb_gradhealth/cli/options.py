"""Options that several commands take."""

from typing import Final

import click

from tb_gradhealth.rules import DEFAULT, PRESETS

rules_option: Final = click.option(
    "--rules",
    "source",
    default=DEFAULT,
    show_default=True,
    metavar="PRESET|FILE",
    help=f"How to judge: {', '.join(PRESETS)}, or a TOML file (see `gradhealth rules`).",
)
