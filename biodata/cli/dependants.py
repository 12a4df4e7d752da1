"""`biodata delete … --with-dependants`: records with all that depends on them, where a platform's extras can."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import click

from biodata.cli.failures import REFUSED
from biodata.cli.output import say
from biodata.cli.receipts import print_receipt
from biodata.cli.state import current

if TYPE_CHECKING:
    from biodata.cli.address import Address

__all__ = ["delete_with_dependants"]

NEEDED = "delete_with_dependants"


def delete_with_dependants(ctx: click.Context, address: Address, keys: tuple[str, ...], options: Any) -> None:
    """Say what depends on the records, ask, and delete children first; a receipt for each table.

    Raises:
        UsageError: no keys are given, the platform cannot, or nobody can be asked.
    """
    if not keys or options["where"] is not None or options["everything"]:
        raise click.UsageError("--with-dependants takes KEY…, and neither --where nor --all.")
    with current(ctx).opened(address.profile) as connection:
        connection.allow("delete", address.table)
        if NEEDED not in dir(connection.extras):
            raise click.UsageError(f"{connection.platform} does not say what depends on a record.")
        found = connection.extras.dependants(address.table, keys)
        say(
            "with them go " + (", ".join(f"{len(some):,} of {table}" for table, some in found.items()) or "no others")
        )
        if found and not options["yes"]:
            _ask(ctx)
        done = connection.extras.delete_with_dependants(address.table, keys)
    for receipt in done.receipts:
        print_receipt(receipt, options["form"], show_values=current(ctx).show_values)
    if not done.ok:
        ctx.exit(REFUSED)


def _ask(ctx: click.Context) -> None:
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        raise click.UsageError("This deletes more than the records named; without a terminal to ask on, say --yes.")
    if not click.confirm("Delete them all?", err=True):
        say("nothing was deleted")
        ctx.exit(1)
