"""The command `biodata`: its overview, its global options, and the way out of every error."""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from biodata.cli.failures import BROKEN_PIPE, INTERRUPTED, show_failure, show_usage, silence_stdout
from biodata.cli.lazy import Entry, LazyGroup
from biodata.cli.signals import stopped_by, told_to_stop
from biodata.cli.state import State

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["ENTRIES", "cli", "main"]

TRY, LOOK, READ, WRITE = "Try it", "Look around", "Read", "Write"
PIPELINES, SETUP = "Pipelines", "Set up"

ENTRIES = {
    "demo": Entry(TRY, "biodata.cli.demo:demo", "Run whole pipelines against servers on this computer."),
    "sandbox": Entry(TRY, "biodata.cli.sandbox:sandbox", "Start servers on this computer to try things on."),
    "ls": Entry(LOOK, "biodata.cli.look:ls", "List the tables of a profile."),
    "schema": Entry(LOOK, "biodata.cli.look:schema", "Show the fields of a table."),
    "graph": Entry(LOOK, "biodata.cli.graph:graph", "Show the tables of a profile with their records and links."),
    "get": Entry(READ, "biodata.cli.read:get", "Get records by key."),
    "query": Entry(READ, "biodata.cli.read:query", "Read the records that match a filter."),
    "count": Entry(READ, "biodata.cli.count:count", "Count the records that match a filter, in all or by value."),
    "distinct": Entry(READ, "biodata.cli.count:distinct", "List the different values of a field."),
    "diff": Entry(READ, "biodata.cli.diff:diff", "Compare two tables, of any platforms."),
    "export": Entry(READ, "biodata.cli.export:export", "Export a whole table as the platform itself writes it."),
    "explain": Entry(READ, "biodata.cli.read:explain", "Show how a query would be done, and by whom."),
    "add": Entry(WRITE, "biodata.cli.write:add", "Add new records."),
    "update": Entry(WRITE, "biodata.cli.write:update", "Change the given fields of records that are there."),
    "upsert": Entry(WRITE, "biodata.cli.write:upsert", "Add the records that are new, update the others."),
    "delete": Entry(WRITE, "biodata.cli.write:delete", "Delete records by key or filter."),
    "run": Entry(PIPELINES, "biodata.cli.run:run", "Run a pipeline file."),
    "sync": Entry(PIPELINES, "biodata.cli.sync:sync", "Make one table like another, without a file."),
    "runs": Entry(PIPELINES, "biodata.cli.runs:runs", "List and show runs, and verify the audit log."),
    "rejects": Entry(PIPELINES, "biodata.cli.rejects:rejects", "See to the records that runs have rejected."),
    "purge": Entry(PIPELINES, "biodata.cli.purge:purge", "Remove what is left of old runs."),
    "profiles": Entry(SETUP, "biodata.cli.profiles:profiles", "List, show and add named connections."),
    "doctor": Entry(SETUP, "biodata.cli.doctor:doctor", "Check this installation and the profiles' servers."),
    "adapters": Entry(SETUP, "biodata.cli.adapters:adapters", "List the platforms that can be reached."),
    "completion": Entry(SETUP, "biodata.cli.completion:completion", "Print the tab completion for a shell."),
}

EXAMPLES = (
    "biodata demo",
    "biodata profiles add umcg --platform molgenis --url https://molgenis.example.org",
    "biodata ls umcg",
    "biodata query umcg/ASE \"Chr = '19'\" --limit 5",
)


SIGNALLED = 128
"""What a shell adds to the number of the signal that ended a program."""
EXIT_STATUS = (
    "Exit status: 0 done, 2 a wrong command or query, 3 configuration, 4 login or rights, 5 not found, 6 the server, "
    "7 rejects (run --strict), 8 too many rejects, 9 refused records, a failed check or withheld deletes, "
    "130 interrupted, 143 told to end (SIGTERM)."
)


class Root(LazyGroup):
    """The group of all commands, which every error passes on its way out."""

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command; an error becomes one clear block on stderr and an exit status."""
        try:
            result = super().invoke(ctx)
            sys.stdout.flush()
        except (click.ClickException, click.Abort, click.exceptions.Exit):
            raise
        except BrokenPipeError:
            silence_stdout()
            ctx.exit(BROKEN_PIPE)
        except Exception as error:  # noqa: BLE001 - whatever it is, a person gets one clear block
            if stopped_by() is not None:  # DuckDB makes an error of its own of Ctrl-C
                raise KeyboardInterrupt from None
            ctx.exit(show_failure(error, ctx.obj))
        return result


def print_version(ctx: click.Context, _option: click.Parameter, asked: bool) -> None:  # noqa: FBT001 - click's signature
    if not asked or ctx.resilient_parsing:
        return
    from importlib.metadata import version

    click.echo(f"biodata {version('biodata-access')}")
    ctx.exit()


@click.group(
    cls=Root,
    entries=ENTRIES,
    examples=EXAMPLES,
    epilog=EXIT_STATUS,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    invoke_without_command=True,
    subcommand_metavar="COMMAND …",
)
@click.option(
    "--config",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="The file of profiles, in place of the usual ones (biodata profiles list names them).",
)
@click.option(
    "-v", "--verbose", count=True, help="Say what is done on stderr; -vv says more. Errors get a traceback."
)
@click.option("--show-values", is_flag=True, help="Let messages and reports show people's values (keys, contents).")
@click.option(
    "--version",
    is_flag=True,
    is_eager=True,
    expose_value=False,
    callback=print_version,
    help="Show the version and exit.",
)
@click.pass_context
def cli(ctx: click.Context, config: Path | None, verbose: int, show_values: bool) -> None:  # noqa: FBT001 - a flag
    """Read and write MOLGENIS, OpenCGA and Gen3 through one interface.

    A profile names a connection in your configuration; an address is PROFILE/TABLE, or PROFILE.search/INDEX of
    a platform with search indices. Each command has its own help: biodata query --help.
    """
    ctx.obj = State(config=config, verbose=verbose, show_values=show_values)
    if os.environ.get("NO_COLOR"):
        ctx.color = False
    ctx.obj.start_logging()
    if ctx.invoked_subcommand is None:
        click.echo(ctx.get_help())


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command and leave the process with its exit status (see `biodata.errors`).

    Ctrl-C ends it with 130, and SIGTERM, which ends it in as good an order, with 143.
    """
    try:
        with told_to_stop():
            status = status_of(arguments)
    except KeyboardInterrupt:  # right before the command began, or right behind its end
        click.echo("interrupted", err=True)
        status = INTERRUPTED
    sys.exit(SIGNALLED + (stopped_by() or signal.SIGINT) if status == INTERRUPTED else status)


def status_of(arguments: Sequence[str] | None = None) -> int:
    """Run the command; errors are told on stderr. Gives the exit status."""
    try:
        status = cli.main(arguments, prog_name="biodata", standalone_mode=False)
    except click.Abort as error:
        if not getattr(error.__cause__, "report", None):  # a run has told it, and how to go on
            click.echo("interrupted", err=True)
        return INTERRUPTED
    except click.ClickException as error:
        return show_usage(error)
    return status if isinstance(status, int) else 0
