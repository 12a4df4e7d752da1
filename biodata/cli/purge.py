"""`biodata purge`: what is left of old runs is removed."""

from __future__ import annotations

import sys
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import click

from biodata.cli.help import command
from biodata.cli.output import listing_option, print_rows, say

if TYPE_CHECKING:
    from biodata.pipelines.state.journal import Journal
    from biodata.pipelines.state.removal import Removal

__all__ = ["purge"]

COLUMNS = ("run", "pipeline", "state", "ended", "bytes")


class Span(click.ParamType):  # type: ignore[type-arg]  # generic from click 8.4 on
    """A span of time: 36h, 90d, 4w."""

    name = "SPAN"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> timedelta:
        """As a timedelta, or what is expected."""
        from biodata.pipelines.file.values import DURATION, SECONDS

        found = DURATION.fullmatch(str(value))
        if found is None:
            self.fail("expected a span of time such as 36h, 90d or 4w", param, ctx)
        seconds = float(found[1]) * SECONDS[found[2]]
        if seconds >= (datetime.now(UTC).toordinal() - 1) * SECONDS["d"]:
            self.fail("that is before the first of all days: nothing is so old", param, ctx)
        return timedelta(seconds=seconds)


@command(
    "biodata purge --dry-run",
    "biodata purge --older-than 30d --pipeline night --yes",
    "biodata purge --older-than 1w --rejects --yes    # those that are open, too",
    "biodata purge --pipeline night --all             # a pipeline that is no longer wanted",
)
@click.option("--older-than", "age", type=Span(), help="By default as BIODATA_RETENTION says: so many days, or 90.")
@click.option("--pipeline", metavar="NAME", help="Of one pipeline only.")
@click.option("--rejects", is_flag=True, help="Rejects that are still open, too: their records are lost.")
@click.option("--unfinished", is_flag=True, help="Runs that could be taken up again, and saved plans, too.")
@click.option(
    "--all",
    "everything",
    is_flag=True,
    help="All that is kept of --pipeline, whatever its age: its next run will be a first one.",
)
@click.option("--dry-run", is_flag=True, help="Say what would be removed; remove nothing.")
@click.option("--yes", is_flag=True, help="Do not ask. Needed without a terminal.")
@listing_option
@click.pass_context
def purge(ctx: click.Context, /, age: timedelta | None, form: str | None, **options: Any) -> None:
    """Remove what is left of old runs.

    Their reports, what they had read, what the journal knows of them, and rejects that are closed. The audit log
    stays, and so does what the next run needs: the last run of a pipeline that was done, above all.

    With --pipeline and --all everything goes that is kept of the pipeline: all runs and plans, all rejects, what
    incremental steps and guards remember, the hashes of people's records, and the file that biodata sync wrote. What
    it has written to targets stays.
    """
    from biodata.pipelines.state.journal import Journal, state_directory

    dry_run, yes = options.pop("dry_run"), options.pop("yes")
    _check(age, options)
    journal = Journal(state_directory())
    journal.bury_the_dead("")
    found, losses = _found(journal, age, options)
    told = found.preview()
    for loss in losses:
        say(loss)
    if dry_run:
        print_rows([_row(found, run) for run in found.runs], COLUMNS, form)
        for left in found.left():
            say(f"would remove {left.path}")
        say(f"would remove {told}")
        return
    if not yes:
        _confirm(ctx, str(told))
    say(f"removed {found.carry_out()}")


def _check(age: timedelta | None, options: dict[str, Any]) -> None:
    if options["everything"] and options["pipeline"] is None:
        raise click.UsageError("--all goes with --pipeline: say of which.")
    if options["everything"] and age is not None:
        raise click.UsageError("--all is whatever its age; leave out --older-than, or --all.")


def _found(journal: Journal, age: timedelta | None, options: dict[str, Any]) -> tuple[Removal, list[str]]:
    """What is to be removed; and what will be missed, where that is more than what is old."""
    from biodata.pipelines.state.forgetting import Forgetting
    from biodata.pipelines.state.retention import Purge

    if options.pop("everything"):
        forgetting = Forgetting(journal, options["pipeline"])
        return forgetting, list(forgetting.losses())
    return Purge(journal, datetime.now(UTC) - _age(age), **options), []


def _age(given: timedelta | None) -> timedelta:
    from biodata.pipelines.state.retention import retention

    kept = given if given is not None else retention()
    if kept is None:
        raise click.UsageError("BIODATA_RETENTION is never; say --older-than SPAN.")
    return kept


def _confirm(ctx: click.Context, what: str) -> None:
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        raise click.UsageError(f"This removes {what}; without a terminal to ask on, say --yes.")
    if not click.confirm(f"Remove {what}?", err=True):
        say("nothing was removed")
        ctx.exit(1)


def _row(found: Removal, run: Any) -> dict[str, Any]:
    names = ("pipeline", "state", "ended")
    return {"run": run.id, **{name: getattr(run, name) for name in names}, "bytes": found.size(run)}
