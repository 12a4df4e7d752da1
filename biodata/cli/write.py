"""`biodata add`, `update`, `upsert` and `delete`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from biodata.cli.address import Address, TableAddress
from biodata.cli.failures import REFUSED
from biodata.cli.help import command
from biodata.cli.output import FORMATS, say
from biodata.cli.receipts import print_receipt, told_when_broken
from biodata.cli.state import current

if TYPE_CHECKING:
    from collections.abc import Callable

    from biodata.receipts import Receipt
    from biodata.repository import Repository

__all__ = ["add", "delete", "update", "upsert"]

FILE_FORMATS = [form for form in FORMATS if form != "table"]

receipt_option = click.option(
    "-o",
    "--format",
    "form",
    type=click.Choice(["text", "json"]),
    help="The receipt: a line on a terminal, json when piped.",
)
refused_option = click.option(
    "--on-refused",
    type=click.Choice(["stop", "isolate"]),
    default="stop",
    show_default=True,
    help="Hold back what comes after a refused record, or write all the others.",
)


def source_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """Where the records come from, and what is done with a refused one."""
    for option in (
        click.argument("address", type=TableAddress(), metavar="PROFILE/TABLE"),
        click.argument("file", type=click.Path(dir_okay=False, allow_dash=True, path_type=Path), required=False),
        click.option(
            "--set",
            "assignments",
            multiple=True,
            metavar="FIELD=VALUE",
            help="One record, by hand; a file to store is FIELD=@PATH.",
        ),
        click.option(
            "--from",
            "source_form",
            type=click.Choice(FILE_FORMATS),
            help="The file's format; by its ending when not given, and ndjson from a pipe.",
        ),
        click.option("--dry-run", is_flag=True, help="Check the records and send nothing."),
        refused_option,
        receipt_option,
    )[::-1]:
        function = option(function)
    return function


@command(
    "biodata add umcg/ASE new.csv",
    "biodata query local/ase | biodata add umcg/ASE -",
    "biodata add umcg/ASE --set SNP_ID=rs1 --set Chr=1 --set Pos=5 --dry-run",
)
@source_options
@click.pass_context
def add(ctx: click.Context, /, **options: Any) -> None:
    """Add new records.

    Records come from FILE (ndjson, json, csv, tsv, parquet, arrow, xlsx), from a pipe (-) or from --set.
    The exit status is 9 when a record was refused.
    """
    _write(ctx, "add", **options)


@command(
    "biodata update umcg/ASE --set SNP_ID=rs1 --set Pos=5",
    "biodata update umcg/ASE --set SNP_ID=rs1 --set Pos=      # nothing after the = clears the field",
    "biodata update umcg/ASE positions.csv --on-refused isolate",
)
@source_options
@click.option(
    "--lists",
    type=click.Choice(["replace", "add", "remove"]),
    default="replace",
    show_default=True,
    help="What happens to a list's elements.",
)
@click.pass_context
def update(ctx: click.Context, /, **options: Any) -> None:
    """Change the given fields of records that are there.

    Each record has its key and the fields to change, and each of them is replaced whole. A field that is not
    given stays as it is; one without a value is cleared.
    """
    _write(ctx, "update", **options)


@command(
    "biodata upsert umcg/ASE ase.ndjson",
    "biodata query other/ASE | biodata upsert umcg/ASE -",
)
@source_options
@click.pass_context
def upsert(ctx: click.Context, /, **options: Any) -> None:
    """Add the records that are new, update the others.

    They are told apart by the table's key. A record that is so already is not sent.
    """
    _write(ctx, "upsert", **options)


@command(
    "biodata delete umcg/ASE rs1",
    "biodata delete umcg/ASE --where \"Chr = 'X'\" --yes",
    "biodata delete umcg/ASE --all",
)
@click.argument("address", type=TableAddress(), metavar="PROFILE/TABLE")
@click.argument("keys", nargs=-1, metavar="[KEY…]")
@click.option("--where", metavar="FILTER", help="The records that a filter is true of.")
@click.option("--all", "everything", is_flag=True, help="Every record of the table.")
@click.option(
    "--with-dependants",
    "dependants",
    is_flag=True,
    help="All that links to the records too, children first; where the platform can (Gen3).",
)
@click.option("--yes", is_flag=True, help="Do not ask. Needed without a terminal, for more than one record.")
@refused_option
@receipt_option
@click.pass_context
def delete(ctx: click.Context, /, address: Address, keys: tuple[str, ...], **options: Any) -> None:
    """Delete records by key or filter.

    Exactly one of KEY…, --where and --all says which.
    """
    from biodata.cli.keys import parse_keys

    if options.pop("dependants"):
        from biodata.cli.dependants import delete_with_dependants

        delete_with_dependants(ctx, address, keys, options)
        return
    where, everything = options["where"], options["everything"]
    if (bool(keys) + (where is not None) + everything) != 1:
        raise click.UsageError("Say which records: KEY…, --where FILTER or --all, exactly one of them.")
    with current(ctx).repository(address) as table:
        table.allow("delete")
        wanted = parse_keys(keys, table.schema) if keys else None
        if not options["yes"] and (wanted is None or len(wanted) > 1):
            _confirm(ctx, table, len(wanted) if wanted else None, where)
        with told_when_broken(options["form"], show_values=current(ctx).show_values):
            receipt = table.delete(wanted, where=where, all=everything, on_refused=options["on_refused"])
    _finish(ctx, receipt, options["form"])


def _confirm(ctx: click.Context, table: Repository, number: int | None, where: str | None) -> None:
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        raise click.UsageError("This deletes more than one record; without a terminal to ask on, say --yes.")
    number = table.count(where) if number is None else number
    if not click.confirm(f"Delete {number:,} of the records of {table.address}?", err=True):
        say("nothing was deleted")
        ctx.exit(1)


def _write(ctx: click.Context, operation: str, *, address: Address, **options: Any) -> None:
    from biodata.cli.progress import counter
    from biodata.cli.source import read_source

    form, source_form = options.pop("form"), options.pop("source_form")
    file, assignments = options.pop("file"), options.pop("assignments")
    if (file is None) == (not assignments):
        raise click.UsageError("Give the records once: FILE, - for a pipe, or --set FIELD=VALUE.")
    with current(ctx).repository(address) as table, counter(f"{operation} {address}") as progress:
        table.allow("write")
        records = read_source(table, file, source_form, assignments)
        with told_when_broken(form, show_values=current(ctx).show_values):
            receipt = getattr(table, operation)(records, progress=progress, **options)
    if options["dry_run"]:
        say("dry run: nothing was sent")
    _finish(ctx, receipt, form, dry_run=options["dry_run"])


def _finish(ctx: click.Context, receipt: Receipt, form: str | None, *, dry_run: bool = False) -> None:
    print_receipt(receipt, form, show_values=current(ctx).show_values)
    if receipt.refused or not (receipt.ok or dry_run):
        ctx.exit(REFUSED)
