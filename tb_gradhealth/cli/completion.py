"""`gradhealth completion`: completion of commands, options and paths in bash, zsh and fish."""

from typing import Final

import click
from click.shell_completion import get_completion_class

from tb_gradhealth.cli.epilog import epilog

VARIABLE: Final = "_GRADHEALTH_COMPLETE"
"""The environment variable by which click's scripts ask the command for completions."""

SHELLS: Final = ("bash", "zsh", "fish")


@click.command(
    epilog=epilog(
        {
            'eval "$(gradhealth completion bash)"': "bash: a line for ~/.bashrc",
            'eval "$(gradhealth completion zsh)"': "zsh: a line for ~/.zshrc, after compinit",
            "gradhealth completion fish > ~/.config/fish/completions/gradhealth.fish": "fish: once",
        },
        {0: "the script is printed", 2: "wrong usage"},
    )
)
@click.argument("shell", type=click.Choice(SHELLS))
def completion(shell: str) -> None:
    """Print the completion script of a shell."""
    cls = get_completion_class(shell)
    if cls is None:
        raise click.UsageError(f"this version of click has no completion for {shell}")
    ctx = click.get_current_context().find_root()
    click.echo(cls(ctx.command, {}, "gradhealth", VARIABLE).source())
