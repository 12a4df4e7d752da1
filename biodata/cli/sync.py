"""`biodata sync`: one table made like another."""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

import click

from biodata.cli.address import SEARCH
from biodata.cli.help import command
from biodata.cli.output import say
from biodata.cli.pairs import pair_options, tell_left_out
from biodata.cli.run import tell, told_when_it_ends
from biodata.cli.running import STRICT, plan_options, report_options
from biodata.cli.state import current

if TYPE_CHECKING:
    from pathlib import Path

    from biodata.cli.address import Address
    from biodata.connection import Connection
    from biodata.pipelines.pairs.pairing import Pairing
    from biodata.records.types import Schema

__all__ = ["sync"]

OPTIONS = ("dry_run", "save_plan", "apply", "restart", "events")


@command(
    "biodata sync umcg/ASE local/ase --dry-run                 # what it would do; nothing is written",
    "biodata sync umcg/ASE local/ase",
    "biodata sync umcg/Donors commons/case --key donor_id=submitter_id --map sex=gender --fields sex,age",
    "biodata sync umcg/ASE local/ase --where \"Chr = '19'\" --delete --scope \"Chr = '19'\" --max 5%",
)
@pair_options
@click.option("--delete", is_flag=True, help="Delete records of B that A has not: those of --scope, at most --max.")
@click.option(
    "--max", "most", metavar="N|N%", help="How many may be deleted: a number, or a share of those in scope; 2%."
)
@click.option("--budget", default="0", metavar="N|N%", help="How many records may be refused; none when not given.")
@click.option("--dry-run", is_flag=True, help="Read and compare; write nothing.")
@plan_options
@report_options("refused, within the budget too")
@click.pass_context
def sync(ctx: click.Context, /, a: Address, b: Address, **options: Any) -> None:
    """Make one table like another, without a file.

    What A has and B has not is added, and what differs is updated, in the fields that both have. B is made when it
    is not there and its platform can make tables. It runs as a pipeline, whose file is written for you and named:
    with journal, report and rejects, and the same command goes on where a run that died stopped. Exit status as of
    run.
    """
    from biodata.pipelines import load_pipeline, progress_for

    _check(a, b, options)
    state = current(ctx)
    with ExitStack() as stack:
        opened = {name: stack.enter_context(state.connect(name)) for name in dict.fromkeys((a.profile, b.profile))}
        pairing = _paired(a, b, opened, options)
        file = _file(a, b, pairing, options)
        say(f"pipeline file: {file}")
        with told_when_it_ends(options["form"]):
            done = load_pipeline(file).run(
                connect=opened.__getitem__,
                progress=progress_for(),
                report_dir=options["report"],
                show_values=state.show_values,
                **{name: options[name] for name in OPTIONS},
            )
    tell(done, options["form"])
    if options["strict"] and done.rejected:
        ctx.exit(STRICT)


def _check(a: Address, b: Address, options: dict[str, Any]) -> None:
    if any(address.profile.endswith(SEARCH) for address in (a, b)):
        raise click.UsageError("sync goes from table to table; search indices are filled by their platform.")
    for name, word in (("scope", "--scope"), ("most", "--max")):
        if options[name] is not None and not options["delete"]:
            raise click.UsageError(f"{word} says what may be deleted: it goes with --delete.")
    if options["delete"] and options["where"] is not None and options["scope"] is None:
        raise click.UsageError(
            "With --where and --delete, say with --scope which records of B should be in A: all others would go."
        )


def _paired(a: Address, b: Address, opened: dict[str, Connection], options: dict[str, Any]) -> Pairing:
    from biodata.pipelines.pairs.pairing import pair

    asked = {name: options[name] for name in ("key", "moved", "fields")}
    pairing = pair(opened[a.profile].schema(a.table), _schema(opened[b.profile], b.table), **asked)
    tell_left_out(pairing, str(a), str(b))
    return pairing


def _schema(connection: Connection, table: str) -> Schema | None:
    """The table's shape; None where it is to be made."""
    from biodata.errors import NotFound

    try:
        return connection.schema(table)
    except NotFound:
        if not connection.adapter.has("ensure"):
            raise
        return None


def _file(a: Address, b: Address, pairing: Pairing, options: dict[str, Any]) -> Path:
    from biodata.pipelines.pairs.syncing import Sync, sync_file
    from biodata.pipelines.state.journal import state_directory
    from biodata.pipelines.state.kept import sync_directory

    given = {name: options[name] for name in ("where", "delete", "scope", "most", "budget")}
    return sync_file(Sync(a=str(a), b=str(b), pairing=pairing, **given), sync_directory(state_directory()))
