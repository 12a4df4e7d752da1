"""`biodata get`, `query` and `explain`."""

from __future__ import annotations

import sys
from itertools import islice
from typing import TYPE_CHECKING, Any

import click

from biodata.cli.address import Address, TableAddress
from biodata.cli.help import command
from biodata.cli.output import json_text, listing_option, on_terminal, say
from biodata.cli.records import (
    ON_TERMINAL,
    destination_options,
    print_records,
    print_result,
    refuse_terminal,
    write_file,
)
from biodata.cli.state import current

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from biodata.repository import Repository
    from biodata.results import Result

__all__ = ["by_option", "explain", "get", "query", "strict_option"]


def _list(ctx: click.Context, option: click.Parameter, given: tuple[str, ...]) -> list[str]:
    """`--fields a,b --fields c` as one list; what a script's empty variable gives is refused."""
    names = [name.strip() for text in given for name in text.split(",") if name.strip()]
    if given and not names:
        raise click.BadParameter("it names no field", ctx, option)
    return names


def _names(ctx: click.Context, option: click.Parameter, given: tuple[str, ...]) -> list[str] | None:
    """The list; None where the option is not given."""
    return _list(ctx, option, given) or None


fields_option = click.option(
    "--fields",
    multiple=True,
    metavar="A,B.C",
    callback=_names,
    help="The fields wanted, dots step into objects.",
)


expand_option = click.option(
    "--expand", multiple=True, metavar="A,B.C", callback=_list, help="References to follow: records for keys."
)


strict_option = click.option(
    "--strict", is_flag=True, help="Refuse what the platform does not do all by itself; explain says what."
)


by_option = click.option(
    "--by", multiple=True, metavar="A,B.C", callback=_names, help="Count for each value of these fields."
)


def query_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """The filter and what else makes a query."""
    for option in (
        click.argument("where", metavar="[FILTER]", required=False),
        fields_option,
        expand_option,
        click.option("--order-by", multiple=True, metavar="A,-B", callback=_names, help="-B is descending."),
        click.option("--limit", type=click.IntRange(min=0), help="A number of records."),
        click.option("--offset", type=click.IntRange(min=0), default=0, help="Leave out so many first."),
        click.option("--native", metavar="TEXT", help="The platform's own query text, joined by AND."),
    )[::-1]:
        function = option(function)
    return function


@command(
    "biodata get umcg/ASE rs3216",
    "biodata get umcg/ASE rs3216 rs9901673 --fields SNP_ID,Pos -o csv",
    "biodata get local/counts '[\"s1\", 4]'      # a composite key is a JSON list",
)
@click.argument("address", type=TableAddress(), metavar="PROFILE/TABLE")
@click.argument("keys", nargs=-1, required=True, metavar="KEY…")
@fields_option
@expand_option
@listing_option
@click.pass_context
def get(ctx: click.Context, /, address: Address, keys: tuple[str, ...], **options: Any) -> None:
    """Get records by key.

    They come in the order asked. A key that is not there is told on stderr, and the exit status is 5.
    """
    from biodata.cli.keys import parse_keys

    with current(ctx).repository(address) as table:
        wanted = parse_keys(keys, table.schema)
        found = table.get(wanted, fields=options["fields"], expand=options["expand"])
        print_records(found, options["fields"] or table.schema.names, options["form"])
        if found.missing:
            raise _missing(found.missing, wanted, address)


def _missing(missing: tuple[Any, ...], wanted: list[Any], address: Address) -> Exception:
    from biodata.errors import NotFound

    places = ", ".join(str(wanted.index(key) + 1) for key in missing)
    text = f"{len(missing)} of {len(wanted)} keys are not there: number {places}"
    if len(wanted) == 1:
        text = "There is no record with that key"
    hint = f"Is it the table's key? (biodata schema {address})"
    return NotFound(text, missing=missing, profile=address.profile, table=address.table, hint=hint)


@command(
    "biodata query umcg/ASE \"Chr = '19' and Pos > 1000000\" --fields SNP_ID,Pos --order-by -Pos --limit 10",
    "biodata query umcg/ASE --output ase.parquet",
    "biodata query umcg/ASE \"SNP_ID in ('rs1', 'rs2')\" -o csv > some.csv",
)
@click.argument("address", type=TableAddress(), metavar="PROFILE/TABLE")
@query_options
@strict_option
@destination_options
@click.pass_context
def query(ctx: click.Context, /, address: Address, form: str | None, output: Path | None, **asked: Any) -> None:
    """Read the records that match a filter.

    Without a limit a terminal gets 100 records, and a pipe or a file gets all of them. A table is for people:
    it shows six digits of a fraction. The other formats hold all of them.
    """
    with current(ctx).repository(address) as table:
        result = table.query(**asked)
        if output is not None:
            say(f"{write_file(result, output, form):,} records written to {output}")
        elif asked["limit"] is None and on_terminal():
            _print_some(table, asked, form)
        else:
            print_result(result, form)


def _print_some(table: Repository, asked: dict[str, Any], form: str | None) -> None:
    """The first records, and how many there are in all; counts only when there are more."""
    refuse_terminal(form)
    result = table.query(**{**asked, "limit": ON_TERMINAL + 1})
    found = list(result)
    print_records(islice(found, ON_TERMINAL), [".".join(path) for path in result.fields], form)
    if len(found) > ON_TERMINAL:
        total: Result = table.query(asked["where"], native=asked["native"], offset=asked["offset"])
        say(f"{ON_TERMINAL} of {total.count():,} records; --limit N or --output FILE gives more")


@command("biodata explain umcg/ASE \"Chr = '19' and Pos > 5\" --order-by -Pos")
@click.argument("address", type=TableAddress(), metavar="PROFILE/TABLE")
@query_options
@by_option
@click.option("-o", "--format", "form", type=click.Choice(["text", "json"]), default="text")
@click.pass_context
def explain(ctx: click.Context, /, address: Address, form: str, by: list[str] | None, **asked: Any) -> None:
    """Show how a query would be done, and by whom.

    It says which parts of the filter the platform does, exactly or not, what is done here, and which requests
    would be sent. No record is read.
    """
    with current(ctx).repository(address) as table:
        result = table.query(**asked)
        explanation = result.group_by(*by).count().explain() if by else result.explain()
    sys.stdout.write((json_text(explanation.to_dict()) if form == "json" else str(explanation)) + "\n")
