"""`biodata rejects export | replay | drop`: what is done about rejected records."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import click

from biodata.cli.help import command
from biodata.cli.output import on_terminal, require_directory, say
from biodata.cli.rejects import reject_file, which_of, which_options
from biodata.cli.running import STRICT, report_options
from biodata.cli.state import current

__all__ = ["drop", "export", "replay"]

FORMATS = ("csv", "tsv", "xlsx", "json", "ndjson")


@command(
    "biodata rejects export --step donors --output donors.xlsx",
    "biodata rejects export 17 18 --output two.csv",
    "biodata rejects export --pipeline night > night.ndjson",
)
@click.argument("ids", nargs=-1, type=int, metavar="[ID…]")
@which_options
@click.option("-o", "--format", "form", type=click.Choice(FORMATS), help="By default the file's ending, or ndjson.")
@click.option("--output", type=click.Path(dir_okay=False, path_type=Path), metavar="FILE", help="Write to a file.")
@click.pass_context
def export(
    ctx: click.Context, /, ids: tuple[int, ...], form: str | None, output: Path | None, **options: Any
) -> None:
    """Write rejected records to a file, to correct them.

    The file holds people's values, and is for you alone. The column _reject says which reject a record is: leave
    it as it is, correct the record's own columns, and give the file to replay --corrected.
    """
    from biodata.pipelines.state.exported import RejectTable
    from biodata.records.files import write_result, write_text

    table = RejectTable(reject_file(looking=True), which_of(options, ids))
    if output is not None:
        require_directory(output, "--output")
        say(f"{write_result(table, output, form, private=True):,} rejects written to {output}, with people's values")
        return
    if form == "xlsx" or (on_terminal() and not current(ctx).show_values):
        raise click.UsageError("This prints people's values; add --output FILE, or --show-values on a terminal.")
    write_text(table, list(table.names), sys.stdout, form or "ndjson")


@command("biodata rejects drop 17 18", "biodata rejects drop --all --pipeline night --step donors --yes")
@click.argument("ids", nargs=-1, type=int, metavar="[ID…]")
@click.option("--all", "everything", is_flag=True, help="All that the other options name.")
@which_options
@click.option("--yes", is_flag=True, help="Do not ask. Needed for --all without a terminal.")
@click.pass_context
def drop(ctx: click.Context, /, ids: tuple[int, ...], *, everything: bool, yes: bool, **options: Any) -> None:
    """Close rejects that need not be loaded.

    They are kept until biodata purge removes them, and no longer listed.
    """
    store, which = reject_file(), which_of(options, _one_of(ids, everything=everything))
    for number in ids:
        store.get(number)
    if everything and not yes:
        _confirm(ctx, sum(one.count for one in store.counts(which)))
    dropped = store.close(which, "dropped")
    say(f"{dropped:,} dropped" + (f"; {len(ids) - dropped:,} were closed already" if len(ids) > dropped else ""))


@command(
    "biodata rejects replay night.yml 17 18",
    "biodata rejects replay night.yml --corrected donors.xlsx",
    "biodata rejects replay night.yml --all --step donors",
)
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@click.argument("ids", nargs=-1, type=int, metavar="[ID…]")
@click.option("--step", metavar="NAME", help="Those of one step.")
@click.option("--all", "everything", is_flag=True, help="All that are open or waiting.")
@click.option(
    "--corrected",
    type=click.Path(path_type=Path, dir_okay=False, exists=True),
    metavar="FILE",
    help="What rejects export wrote, corrected; these rejects where no others are named.",
)
@click.option(
    "--param", "parameters", multiple=True, metavar="NAME=VALUE", help="A parameter that the file declares."
)
@report_options("rejected again")
@click.pass_context
def replay(ctx: click.Context, /, file: Path, ids: tuple[int, ...], **options: Any) -> None:
    """Send rejected records through their pipeline again.

    Each enters where it was rejected, so that nothing is made twice. One that is rejected again keeps its id and
    has an attempt more.
    """
    from biodata.cli.run import parameters_of, tell, told_when_it_ends
    from biodata.pipelines import Journal, progress_for
    from biodata.pipelines.runs.options import Options
    from biodata.pipelines.runs.replay import replay as replay_rejects
    from biodata.pipelines.state.journal import state_directory

    named, corrected = bool(ids or options["step"] or options["everything"]), options["corrected"]
    if not named and corrected is None:
        raise click.UsageError("Say which rejects: ID…, --step NAME, --all or --corrected FILE.")
    state, form = current(ctx), options["form"]
    asked = Options(report_dir=options["report"], events=options["events"], show_values=state.show_values)
    with told_when_it_ends(form):
        done = replay_rejects(
            file,
            which=which_of(options, ids) if named else None,
            corrected=corrected,
            connect=state.connect,
            journal=Journal(state_directory()),
            progress=progress_for(),
            parameters=parameters_of(options["parameters"]),
            options=asked,
        )
    tell(done, form)
    if options["strict"] and done.rejected:
        ctx.exit(STRICT)


def _one_of(ids: tuple[int, ...], *, everything: bool) -> tuple[int, ...]:
    if bool(ids) == everything:
        raise click.UsageError("Say which rejects: ID… or --all, one of them.")
    return ids


def _confirm(ctx: click.Context, number: int) -> None:
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        raise click.UsageError("This drops all of them; without a terminal to ask on, say --yes.")
    if not click.confirm(f"Drop {number:,} rejects?", err=True):
        say("nothing was dropped")
        ctx.exit(1)
