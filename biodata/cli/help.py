"""Commands that show examples in their help and take the global options in any place."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

import click

from biodata.cli.state import common_options

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

__all__ = ["Command", "command", "write_examples"]


class Command(click.Command):
    """A command with examples, printed as they stand."""

    def __init__(self, *args: Any, examples: Sequence[str] = (), **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.examples = examples

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The options, then the examples."""
        super().format_options(ctx, formatter)
        write_examples(formatter, self.examples)


def command(*examples: str, **settings: Any) -> Callable[[Callable[..., Any]], Command]:
    """Make a command of a function: `@command("biodata ls umcg")`; the examples stand in its help."""

    def decorate(function: Callable[..., Any]) -> Command:
        make = cast("Any", click.command)(examples=examples, **{"cls": Command, **settings})
        return cast("Command", make(common_options(function)))

    return decorate


def write_examples(formatter: click.HelpFormatter, examples: Sequence[str]) -> None:
    """A section of lines that are neither wrapped nor filled."""
    if not examples:
        return
    with formatter.section("Examples"):
        for example in examples:
            formatter.write(f"  {example}\n")
