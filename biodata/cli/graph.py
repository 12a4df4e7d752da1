"""`biodata graph`: the tables of a profile, with their records and links."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from biodata.cli.address import TablesName
from biodata.cli.help import command
from biodata.cli.output import CONTROLS, json_text, require_directory, say
from biodata.cli.state import current

if TYPE_CHECKING:
    from biodata.graph import Graph

__all__ = ["graph"]

_BY_ENDING = {".svg": "svg", ".json": "json", ".txt": "text"}


@command(
    "biodata graph commons",
    "biodata graph commons --all",
    "biodata graph commons --output commons.svg",
)
@click.argument("profile", type=TablesName())
@click.option("--all", "whole", is_flag=True, help="Show the tables that are empty, too.")
@click.option(
    "-o",
    "--format",
    "form",
    type=click.Choice(["text", "svg", "json"]),
    help="By default text, and by the file's ending with --output.",
)
@click.option("--output", type=click.Path(dir_okay=False, path_type=Path), metavar="FILE", help="Write to a file.")
@click.pass_context
def graph(ctx: click.Context, profile: str, form: str | None, output: Path | None, *, whole: bool) -> None:
    """Show the tables of a profile with their records and links.

    In text each table stands below the one that it refers to: `*` marks several, `?` what may be left out.
    """
    if output is not None:
        require_directory(output, "--output")
    with current(ctx).opened(profile) as connection:
        found = connection.graph()
    found = found if whole else found.filled()
    shown = _shown(found, form or (_BY_ENDING.get(output.suffix.lower(), "text") if output is not None else "text"))
    if output is None:
        sys.stdout.write(shown)
        return
    output.write_text(shown, encoding="utf-8")
    say(f"{len(found.nodes)} tables written to {output}")


def _shown(found: Graph, form: str) -> str:
    if form == "svg":
        return found.to_svg()
    return json_text(found.to_dict()) + "\n" if form == "json" else found.to_text().translate(CONTROLS) + "\n"
