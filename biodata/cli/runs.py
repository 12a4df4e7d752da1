"""`biodata runs`: what runs did, and whether the log of their writes is as it was written."""

from __future__ import annotations

from collections import Counter
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from biodata.cli.help import command
from biodata.cli.lazy import Entry, LazyGroup
from biodata.cli.output import listing_option, on_terminal, print_rows, say

if TYPE_CHECKING:
    from biodata.pipelines.state.journal import Journal, RunRow

__all__ = ["list_", "runs", "show", "verify"]

SECTION = "Commands"
STATES = ("running", "died", "done", "withheld", "failed", "interrupted", "planned", "over")
COLUMNS = ("run", "pipeline", "kind", "state", "started", "seconds", "read", "rejected", "tally")
STEPS = ("step", "state", "read", "passed", "rejected", "batches", "seconds", "tally")
REJECTS = ("count", "state", "step", "stage", "rule", "reason", "first")


@click.group(
    cls=LazyGroup,
    entries={
        "list": Entry(SECTION, "biodata.cli.runs:list_", "List runs, the latest last."),
        "show": Entry(SECTION, "biodata.cli.runs:show", "Show one run: its steps, rejects and report."),
        "verify": Entry(SECTION, "biodata.cli.runs:verify", "Verify that nobody has changed the audit log."),
    },
    examples=("biodata runs list --pipeline night", "biodata runs show last", "biodata runs verify"),
)
def runs() -> None:
    """List and show runs, and verify the audit log.

    What is told comes from the journal in the state directory (BIODATA_STATE, or your own), which need not be
    writable.
    """


@command(
    "biodata runs list", "biodata runs list --pipeline night --last 7", "biodata runs list --state failed -o json"
)
@click.option("--pipeline", metavar="NAME", help="Of one pipeline.")
@click.option("--state", type=click.Choice(STATES), help="In one state.")
@click.option("--last", type=click.IntRange(min=1), metavar="N", help="The latest so many.")
@listing_option
@click.pass_context
def list_(
    _ctx: click.Context, /, pipeline: str | None, state: str | None, last: int | None, form: str | None
) -> None:
    """List runs, the latest last.

    One whose process is gone has died, until the next run of its pipeline takes it up or calls it interrupted.
    """
    from biodata.pipelines.state.dead import as_they_are

    journal = _journal()
    found = [run for run in as_they_are(journal, pipeline) if state in {None, run.state}][-last if last else 0 :]
    print_rows([_told(_row(journal, run), form) for run in found], COLUMNS, form)


@command("biodata runs show last", "biodata runs show 20260722T101502.123Z-4fa1 -o json")
@click.argument("run")
@click.option(
    "-o", "--format", "form", type=click.Choice(["text", "json"]), default="text", help="For people or programs."
)
@click.pass_context
def show(_ctx: click.Context, /, run: str, form: str) -> None:
    """Show one run: its steps, rejects and report.

    RUN is its id, the beginning of it, or last.
    """
    from biodata.cli.output import cell, json_text

    facts = _facts(_journal(), _find(_journal(), run))
    if form == "json":
        click.echo(json_text(facts))
        return
    steps, rejects, _ = (facts.pop(name) for name in ("steps", "rejects", "batches"))
    for name, value in facts.items():
        if value not in ("", None, {}):
            click.echo(f"{name:<12}{cell(value)}")
    for rows, columns in ((steps, STEPS), (rejects, REJECTS)):
        if rows:
            click.echo()
            print_rows([_told(row, "table") for row in rows], columns, "table")


@command(
    "biodata runs verify", "biodata runs verify --noted 9f3c…    # a hash that verify told earlier, kept elsewhere"
)
@click.option("--noted", default="", metavar="HASH", help="The hash of a line, noted elsewhere: it has to be there.")
@click.option(
    "-o", "--format", "form", type=click.Choice(["text", "json"]), default="text", help="For people or programs."
)
@click.pass_context
def verify(_ctx: click.Context, /, noted: str, form: str) -> None:
    """Verify that nobody has changed the audit log.

    Each line holds the hash of the one before it. The exit status is 9 when a line was changed, removed, added
    or swapped, or when the journal has writes of which no line tells. Who may write your files can write the whole
    log anew: note the hash elsewhere to find that too.
    """
    from biodata.cli.output import json_text
    from biodata.errors import CheckFailed
    from biodata.pipelines.state.audit import Audit
    from biodata.pipelines.state.journal import state_directory

    audit = Audit(state_directory(looking=True))
    told = _told_by_journal()  # before the lines are read, so that a run under way is no riddle
    found = audit.verify(noted, told)
    if found.repaired or found.torn:
        say(f"{found.repaired + bool(found.torn):,} lines were cut off while they were written, as by a crash")
    if not found.ok:
        hint = f"{found.lines:,} lines before it are as they were written"
        message = f"The audit log {audit.chain.path} is broken at line {found.broken:,}: {found.why}"
        raise CheckFailed(message, code="BD-PIPELINE-AUDIT", hint=hint)
    if form == "json":
        click.echo(json_text({"lines": found.lines, "hash": found.hash}))
        return
    click.echo(f"{found.lines:,} lines, as they were written; the last has the hash {found.hash or '(none)'}")


def _told_by_journal() -> dict[str, int]:
    """What the journal has of the log; the lines hold each other also where the journal is gone, and that is said."""
    from biodata.pipelines.state.audit import audit_chain
    from biodata.pipelines.state.journal import state_directory
    from biodata.pipelines.state.private import usable

    state = state_directory(looking=True)
    log, journal = audit_chain(state).path, state / "journal.sqlite"
    with usable("The audit log", log, "read"):
        alone = log.exists() and not journal.exists()
    if alone:
        say(f"There is no journal {journal}: lines that it would miss are not found")
        return {}
    return _journal().told()


def _journal() -> Journal:
    from biodata.pipelines.state.journal import Journal, state_directory

    return Journal(state_directory(looking=True), looking=True)


def _find(journal: Journal, name: str) -> RunRow:
    """The run that a person means."""
    from biodata.errors import NotFound
    from biodata.pipelines.state.dead import as_they_are

    there = as_they_are(journal)
    found = there[-1:] if name == "last" else [run for run in there if run.id.startswith(name)]
    if len(found) == 1:
        return found[0]
    many = f"{len(found)} runs begin with {name!r}" if found else f"There is no run {name!r}"
    raise NotFound(many, code="BD-PIPELINE-RUN", hint="biodata runs list lists them")


def _row(journal: Journal, run: RunRow) -> dict[str, Any]:
    steps = journal.steps(run.id)
    tally: dict[str, int] = {}
    for step in steps:
        tally = {name: tally.get(name, 0) + step["tally"].get(name, 0) for name in {**tally, **step["tally"]}}
    return {
        "run": run.id,
        "pipeline": run.pipeline,
        "kind": run.kind,
        "state": run.state,
        "started": run.started,
        "seconds": _seconds(run),
        "read": _sum(steps, "rows_read"),
        "rejected": _sum(steps, "rejected"),
        "tally": tally,
    }


def _told(row: dict[str, Any], form: str | None) -> dict[str, Any]:
    """A row for people has its tally in words."""
    if (form or ("table" if on_terminal() else "ndjson")) != "table" or "tally" not in row:
        return row
    from biodata.pipelines.reports.facts import counts

    return row | {"tally": counts(row["tally"]) if row["tally"] else ""}


def _seconds(run: RunRow) -> float | None:
    if run.ended is None:
        return None
    return round((datetime.fromisoformat(run.ended) - datetime.fromisoformat(run.started)).total_seconds(), 3)


def _sum(steps: list[dict[str, Any]], name: str) -> int:
    return sum(step[name] or 0 for step in steps)


def _facts(journal: Journal, run: RunRow) -> dict[str, Any]:
    import msgspec

    from biodata.pipelines.state.reject_file import RejectFile, Which

    batches = journal.batches(run.id)
    sent = Counter(batch["step"] for batch in batches)
    rejects = RejectFile(journal.directory, looking=True).counts(Which(run=run.id))
    return {
        **msgspec.structs.asdict(run),
        "seconds": _seconds(run),
        "report": run.report if run.report and Path(run.report).exists() else None,
        "steps": [_step(step, sent[step["name"]]) for step in journal.steps(run.id)],
        "batches": batches,
        "rejects": [msgspec.structs.asdict(one) for one in rejects],
    }


def _step(step: dict[str, Any], batches: int) -> dict[str, Any]:
    return {
        "step": step["name"],
        "state": step["state"],
        "read": step["rows_read"],
        "passed": step["rows_out"],
        "rejected": step["rejected"],
        "batches": batches,
        "seconds": step["seconds"],
        "tally": step["tally"],
    }
