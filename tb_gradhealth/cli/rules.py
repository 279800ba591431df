"""`gradhealth rules`: prints the presets, and the schema of rule files."""

import json
from typing import Final

import click

from tb_gradhealth.cli.epilog import epilog
from tb_gradhealth.rules import DEFAULT, PRESETS, document, preset_text, schema

EXAMPLES: Final = {
    "gradhealth rules > rules.toml": "every limit with its meaning, to change",
    "gradhealth rules --preset llm": "one of the presets",
    "gradhealth check logs --rules rules.toml": "judge by it",
}


@click.command(epilog=epilog(EXAMPLES, {0: "printed", 2: "wrong usage"}))
@click.option(
    "--preset", type=click.Choice(PRESETS), help="Print this preset as TOML, to be changed and kept."
)
@click.option("--schema", "as_schema", is_flag=True, help="Print the JSON schema of rule files.")
def rules(preset: str | None, as_schema: bool) -> None:
    """Print a rule set or the form of one: what `gradhealth check --rules` takes."""
    if as_schema:
        click.echo(json.dumps(schema(), indent=2))
    elif preset in (None, DEFAULT):
        click.echo(document(), nl=False)
    else:
        click.echo(preset_text(preset), nl=False)
