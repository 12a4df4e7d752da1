"""A click group that imports a command when it is called, and not for `--help`."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any, NamedTuple

import click

from biodata.cli.help import write_examples

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

__all__ = ["Entry", "LazyGroup"]


class Entry(NamedTuple):
    """One command of the overview: where its object is (`module:name`), and its line of help."""

    section: str
    target: str
    summary: str


class LazyGroup(click.Group):
    """Commands by name, each in a module that is imported when the command is first needed."""

    def __init__(self, *args: Any, entries: Mapping[str, Entry], examples: Sequence[str] = (), **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.entries = entries
        self.examples = examples

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        """The names, in the order of the overview."""
        return list(self.entries)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002 - click's signature
        """Import the command of that name, or None."""
        entry = self.entries.get(cmd_name)
        if entry is None:
            return None
        module, _, name = entry.target.partition(":")
        command = getattr(import_module(module), name)
        if not isinstance(command, click.Command):
            raise TypeError(f"{entry.target} is not a command")
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """As click does it; a wrong name is answered with the near one."""
        if args and args[0] not in self.entries and not args[0].startswith("-"):
            raise click.UsageError(self._unknown(args[0]), ctx)
        return super().resolve_command(ctx, args)

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The commands first, because they are what a newcomer looks for; then options and examples."""
        self.format_commands(ctx, formatter)
        click.Command.format_options(self, ctx, formatter)
        write_examples(formatter, self.examples)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002 - click's signature
        """The overview by section, without importing a command."""
        width = max(map(len, self.entries))
        for section in dict.fromkeys(entry.section for entry in self.entries.values()):
            rows = [(name.ljust(width), one.summary) for name, one in self.entries.items() if one.section == section]
            with formatter.section(section):
                formatter.write_dl(rows)

    def _unknown(self, name: str) -> str:
        from biodata.errors import near_match

        near = near_match(name, self.entries)
        return f"There is no command '{name}'." + (f" Did you mean '{near}'?" if near else "")
