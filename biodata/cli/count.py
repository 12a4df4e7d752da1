"""`biodata count` and `distinct`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from biodata.cli.address import Address, TableAddress
from biodata.cli.help import command
from biodata.cli.output import listing_option, on_terminal, say
from biodata.cli.read import by_option, strict_option
from biodata.cli.records import destination_options, print_result, print_some, refuse_terminal, write_file
from biodata.cli.state import current

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["count", "distinct"]

native_option = click.option("--native", metavar="TEXT", help="The platform's own query text, joined by AND.")


@command(
    "biodata count umcg/SampleAse",
    "biodata count umcg/ASE \"Chr = '19'\"",
    "biodata count umcg/ASE --by Chr -o csv",
)
@click.argument("address", type=TableAddress(), metavar="PROFILE/TABLE")
@click.argument("where", metavar="[FILTER]", required=False)
@by_option
@native_option
@strict_option
@destination_options
@click.pass_context
def count(
    ctx: click.Context,
    /,
    address: Address,
    where: str | None,
    by: list[str] | None,
    form: str | None,
    output: Path | None,
    **asked: Any,
) -> None:
    """Count the records that match a filter, in all or by value.

    With --by there is a record for each value, null last; of a list, for each of its elements. A terminal is shown
    the first 100.
    """
    if by is None and (form or output):
        raise click.UsageError("A number alone has no format; -o and --output go with --by.")
    with current(ctx).repository(address) as table:
        result = table.query(where, **asked)
        if by is None:
            click.echo(result.count())
            return
        counts = result.group_by(*by).count("records" if "count" in by else "count")
        if output is not None:
            say(f"{write_file(counts, output, form):,} groups written to {output}")
        elif on_terminal():
            refuse_terminal(form)
            print_some(counts.to_records(), [".".join(path) for path in counts.fields], form, "groups")
        else:
            print_result(counts, form)


@command(
    "biodata distinct umcg/ASE Chr",
    'biodata distinct umcg/SampleAse SNP_ID.Chr "SNP_ID.Pos > 800000" -o csv',
)
@click.argument("address", type=TableAddress(), metavar="PROFILE/TABLE")
@click.argument("field", metavar="FIELD")
@click.argument("where", metavar="[FILTER]", required=False)
@native_option
@strict_option
@listing_option
@click.pass_context
def distinct(
    ctx: click.Context, /, address: Address, field: str, where: str | None, form: str | None, **asked: Any
) -> None:
    """List the different values of a field.

    Null is left out; of a list there are its elements.
    """
    with current(ctx).repository(address) as table:
        values = table.query(where, **asked).distinct(field)
        print_some([{field: value} for value in values], [field], form, "values")
