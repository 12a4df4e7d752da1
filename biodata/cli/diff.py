"""`biodata diff`: how two tables differ."""

from __future__ import annotations

import sys
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

import click

from biodata.cli.help import command
from biodata.cli.output import json_text, on_terminal, say
from biodata.cli.pairs import pair_options, tell_left_out
from biodata.cli.state import current

if TYPE_CHECKING:
    from collections.abc import Iterator

    from biodata.cli.address import Address
    from biodata.pipelines.pairs.difference import Difference, Differing

__all__ = ["diff"]

DIFFERENT = 9


@command(
    "biodata diff umcg/ASE local/ase",
    "biodata diff umcg/Donors commons/case --key donor_id=submitter_id --map sex=gender --fields sex,age",
    "biodata diff umcg/ASE local/ase --where \"Chr = '19'\" --scope \"Chr = '19'\" --exit-code || echo they differ",
    "biodata diff umcg/ASE local/ase --show-values --limit 20      # the records too, field by field",
)
@pair_options
@click.option("--exit-code", is_flag=True, help=f"End with {DIFFERENT} where they differ.")
@click.option(
    "--limit",
    type=click.IntRange(min=0),
    default=100,
    show_default=True,
    help="With --show-values: how many records to show.",
)
@click.option(
    "-o", "--format", "form", type=click.Choice(["text", "json"]), help="Text on a terminal, json when piped."
)
@click.pass_context
def diff(ctx: click.Context, /, a: Address, b: Address, **options: Any) -> None:
    """Compare two tables, of any platforms.

    Says how many records only A has, only B has, differ and in which fields, or are the same; B's platform judges
    what is the same. A's keys are sent to B, to look its records up; nothing is written. Keys and values are shown
    with --show-values only.
    """
    from biodata.pipelines import progress_for
    from biodata.pipelines.pairs.difference import difference
    from biodata.pipelines.pairs.pairing import pair

    state = current(ctx)
    with ExitStack() as stack:
        one, other = (stack.enter_context(state.repository(address)) for address in (a, b))
        asked = {name: options[name] for name in ("key", "moved", "fields")}
        pairing = pair(one.schema, other.schema, **asked)
        tell_left_out(pairing, str(a), str(b))
        found = difference(
            one,
            other,
            pairing,
            where=options["where"],
            scope=options["scope"],
            shown=options["limit"] if state.show_values else 0,
            progress=progress_for(),
        )
    text = options["form"] == "text" or (options["form"] is None and on_terminal())
    sys.stdout.write(("\n".join(_lines(found)) if text else json_text(found)) + "\n")
    _tell_more(found, shown=state.show_values)
    if options["exit_code"] and not found.equal:
        ctx.exit(DIFFERENT)


def _lines(found: Difference) -> Iterator[str]:
    by_field = ", ".join(f"{name} {number:,}" for name, number in found.by_field.items())
    counts = (
        (f"only in {found.a}", found.only_a, ""),
        (f"only in {found.b}", found.only_b, ""),
        ("different", found.different, by_field),
        ("the same", found.same, ""),
    )
    wide, digits = max(len(word) for word, *_ in counts), max(len(f"{number:,}") for _, number, _ in counts)
    for word, number, more in counts:
        yield f"{word:<{wide}}  {number:>{digits},}" + (f"  ({more})" if more else "")
    for one in found.records:
        yield _record(found, one)


def _record(found: Difference, one: Differing) -> str:
    if one.where != "both":
        return f"only in {found.a if one.where == 'a' else found.b}: {_shown(one.key)}"
    changes = "; ".join(f"{name}: {_shown(x)} | {_shown(y)}" for name, (x, y) in one.fields.items())
    return f"different: {_shown(one.key)}: {changes}"


def _shown(value: Any) -> str:
    return json_text(value, indent=0)


def _tell_more(found: Difference, *, shown: bool) -> None:
    """What a person should know about the numbers, on stderr."""
    if found.keyless:
        say(f"{found.keyless:,} records of {found.a} have no key that {found.b} can hold")
    if found.doubled:
        say(f"{found.doubled:,} records of {found.a} have the key of another one")
    if found.unfit:
        told = ", ".join(f"{name} {number:,}" for name, number in found.unfit.items())
        say(f"values that fields of {found.b} cannot hold: {told}")
    number = found.only_a + found.only_b + found.different
    if shown and len(found.records) < number:
        say(f"{len(found.records):,} of {number:,} records that are not the same; --limit shows more")
