"""`biodata completion`: tab completion for the shell."""

from __future__ import annotations

import click

from biodata.cli.help import command

__all__ = ["completion"]


@command(
    'bash:  eval "$(biodata completion bash)"         # in ~/.bashrc',
    'zsh:   eval "$(biodata completion zsh)"          # in ~/.zshrc',
    "fish:  biodata completion fish | source          # in ~/.config/fish/config.fish",
)
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
@click.pass_context
def completion(ctx: click.Context, shell: str) -> None:
    """Print the tab completion for a shell.

    It completes commands, options and the names of your profiles.
    """
    from click.shell_completion import get_completion_class

    kind = get_completion_class(shell)
    if kind is None:
        raise click.UsageError(f"click has no completion for {shell}.")
    click.echo(kind(ctx.find_root().command, {}, "biodata", "_BIODATA_COMPLETE").source())
