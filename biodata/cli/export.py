"""`biodata export`: the platform's own bulk export, to files."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from biodata.cli.address import ProfileName
from biodata.cli.help import command
from biodata.cli.output import require_directory, say
from biodata.cli.state import current

__all__ = ["export"]


class ProfileOrTable(ProfileName):
    """`PROFILE/TABLE`, or `PROFILE` where the ids say which tables."""

    name = "PROFILE[/TABLE]"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """The address as it is, its profile checked."""
        super().convert(str(value).partition("/")[0], param, ctx)
        return str(value)


@command(
    "biodata export commons/sample --to sample.tsv",
    "biodata export commons/sample -o json > sample.json",
    "biodata export commons --id 3fa6… --id 77e0… --to records/     # a file for each table",
)
@click.argument("address", type=ProfileOrTable(), metavar="PROFILE[/TABLE]")
@click.option("--id", "ids", multiple=True, metavar="ID", help="The platform's own id of a record; may come often.")
@click.option(
    "-o",
    "--format",
    "form",
    type=click.Choice(["tsv", "json"]),
    default="tsv",
    show_default=True,
    help="Of the files.",
)
@click.option(
    "--to",
    type=click.Path(path_type=Path),
    metavar="PATH",
    help="A file, or a directory where each table has its file; standard output when not given.",
)
@click.pass_context
def export(ctx: click.Context, /, address: str, ids: tuple[str, ...], form: str, to: Path | None) -> None:
    """Export a whole table as the platform itself writes it.

    With --id, records of one or several tables. What comes is streamed and counted. Gen3 has such an export;
    elsewhere use query.
    """
    profile, _, table = address.partition("/")
    if bool(table) == bool(ids):
        raise click.UsageError("Say what to export: PROFILE/TABLE, or PROFILE with --id, one of them.")
    if table and to is not None:
        require_directory(to, "--to")
    asked = {"ids": list(ids)} if ids else {"node": table}
    with current(ctx).connect(profile) as connection:
        written = connection.export(**asked, format=form, to=sys.stdout.buffer if to is None else to)
    say(", ".join(f"{number:,} of {name}" for name, number in written.items()))
