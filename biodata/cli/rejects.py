"""`biodata rejects`: the records that runs have rejected, to be looked at, corrected, replayed or dropped."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from biodata.cli.help import command
from biodata.cli.lazy import Entry, LazyGroup
from biodata.cli.output import listing_option, on_terminal, print_rows, say
from biodata.cli.records import ON_TERMINAL
from biodata.cli.state import current

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from biodata.pipelines.state.reject_file import RejectFile, Which

__all__ = ["list_", "reject_file", "rejects", "show", "which_of", "which_options"]

SECTION = "Commands"
STATES = ("open", "waiting", "replayed", "dropped", "superseded", "all")
COLUMNS = ("id", "state", "pipeline", "step", "stage", "rule", "reason", "row", "attempt", "run", "since")
BY_RULE = ("count", "state", "pipeline", "step", "stage", "rule", "reason", "first")


@click.group(
    cls=LazyGroup,
    entries={
        "list": Entry(SECTION, "biodata.cli.rejects:list_", "List rejects, or count them by rule; without values."),
        "show": Entry(SECTION, "biodata.cli.rejects:show", "Show one reject with its record."),
        "export": Entry(
            SECTION, "biodata.cli.corrections:export", "Write rejected records to a file, to correct them."
        ),
        "replay": Entry(
            SECTION, "biodata.cli.corrections:replay", "Send rejected records through their pipeline again."
        ),
        "drop": Entry(SECTION, "biodata.cli.corrections:drop", "Close rejects that need not be loaded."),
    },
    examples=(
        "biodata rejects list --by-rule",
        "biodata rejects export --step donors --output donors.xlsx",
        "biodata rejects replay night.yml --corrected donors.xlsx",
    ),
)
def rejects() -> None:
    """See to the records that runs have rejected.

    A reject is open until it is replayed or dropped, or until a later run has read its record again. One that
    waits for the record that it refers to is replayed by itself when that one is there.
    """


def which_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """Which rejects: `--pipeline`, `--run`, `--step` and `--state`."""
    for name, word in (("step", "NAME"), ("run", "RUN"), ("pipeline", "NAME")):
        function = click.option(f"--{name}", metavar=word, help=f"Of one {name}.")(function)
    states = click.Choice(STATES)
    told = "In this state; may come often. By default those that are open or waiting (list --run: all)."
    return click.option("--state", "states", type=states, multiple=True, help=told)(function)


@command(
    "biodata rejects list --by-rule",
    "biodata rejects list --pipeline night --step donors",
    "biodata rejects list --state all -o json",
)
@which_options
@click.option("--by-rule", is_flag=True, help="Count them by rule, in place of a line for each.")
@listing_option
@click.pass_context
def list_(_ctx: click.Context, /, form: str | None, *, by_rule: bool, **options: Any) -> None:
    """List rejects, or count them by rule; without values."""
    options["states"] = options["states"] or (("all",) if options["run"] else ())
    store, which = reject_file(looking=True), which_of(options)
    counts = store.counts(which)
    total = sum(one.count for one in counts)
    if by_rule:
        print_rows([_row(one, BY_RULE) for one in counts], BY_RULE, form)
        return
    rows = (_row(one, COLUMNS) for one in store.find(which))
    print_rows(_some(rows) if on_terminal() else rows, COLUMNS, form)
    if on_terminal() and total > ON_TERMINAL:
        say(f"{ON_TERMINAL} of {total:,} rejects; --by-rule counts them, a pipe or a file gets all of them")


@command("biodata rejects show 17", "biodata rejects show 17 --show-values")
@click.argument("number", type=int, metavar="ID")
@click.option(
    "-o", "--format", "form", type=click.Choice(["text", "json"]), default="text", help="For people or programs."
)
@click.pass_context
def show(ctx: click.Context, /, number: int, form: str) -> None:
    """Show one reject with its record.

    The record's values are masked unless --show-values is given.
    """
    from biodata.cli.output import json_text

    facts = _facts(reject_file(looking=True).get(number), show_values=current(ctx).show_values)
    if form == "json":
        click.echo(json_text(facts))
        return
    record = facts.pop("record")
    _lines(facts)
    click.echo("record")
    _lines({f"  {name}": value for name, value in record.items()})


def reject_file(*, looking: bool = False) -> RejectFile:
    """The rejects of the state directory; it need not be writable for `looking`."""
    from biodata.pipelines.state.journal import state_directory
    from biodata.pipelines.state.reject_file import RejectFile

    return RejectFile(state_directory(looking=looking), looking=looking)


def which_of(options: dict[str, Any], ids: tuple[int, ...] | None = None) -> Which:
    """The rejects of these ids, or those that are open, as far as the options name them."""
    from biodata.pipelines.state.reject import CLOSED, OPEN
    from biodata.pipelines.state.reject_file import Which

    given = options.get("states") or (() if ids else OPEN)
    states = OPEN + CLOSED if "all" in given else given
    places = {name: options.get(name) for name in ("pipeline", "run", "step")}
    return Which(ids=ids or None, states=states, **places)


def _row(one: Any, columns: tuple[str, ...]) -> dict[str, Any]:
    return {name: getattr(one, name) for name in columns}


def _some(rows: Iterator[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    from itertools import islice

    return islice(rows, ON_TERMINAL)


def _lines(facts: dict[str, Any]) -> None:
    from biodata.cli.output import CONTROLS
    from biodata.records.files import cell_text

    width = max(map(len, facts), default=0)
    for name, value in facts.items():
        click.echo(f"{name:<{width}}  {cell_text(value)}".translate(CONTROLS).rstrip())


def _facts(reject: Any, *, show_values: bool) -> dict[str, Any]:
    import msgspec

    facts = msgspec.structs.asdict(reject)
    names = ("id", "state", "attempt", "pipeline", "step", "stage", "rule", "reason", "code", "row", "at", "run")
    shown = {name: facts[name] for name in (*names, "since", "changed", "key", "target_key", "record")}
    if show_values:
        return shown
    masked = {name: _masked(shown[name]) for name in ("key", "target_key")}
    return shown | masked | {"record": {name: _masked(one) for name, one in shown["record"].items()}}


def _masked(value: Any) -> Any:
    """What is there, without saying what; an object as a whole, because the names in it may be a person's too."""
    from biodata.http.redaction import VALUE

    if isinstance(value, list | tuple):
        return [_masked(one) for one in value]
    return None if value is None else VALUE
