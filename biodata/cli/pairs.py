"""Two tables on the command line: which they are, and which field of one stands for which of the other."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from biodata.cli.address import TableAddress
from biodata.cli.output import say
from biodata.cli.running import together

if TYPE_CHECKING:
    from collections.abc import Callable

    from biodata.pipelines.pairs.pairing import Pairing

__all__ = ["pair_options", "tell_left_out"]


def _pairs(ctx: click.Context, option: click.Parameter, given: tuple[str, ...]) -> dict[str, str] | None:
    """`--key a=b,c` as {a: b, c: c}; None where the option is not given."""
    parts = [text.strip().partition("=") for whole in given for text in whole.split(",")]
    for name, equals, other in parts:
        if not name or (equals and not other) or (option.name == "moved" and not equals):
            raise click.BadParameter("write FIELD=FIELD, first A's, then B's.", ctx, option)
    return {name: other or name for name, _, other in parts} or None


def _fields(_: click.Context, __: click.Parameter, given: tuple[str, ...]) -> list[str] | None:
    return [name.strip() for text in given for name in text.split(",") if name.strip()] or None


def pair_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """The two tables, and what of them stands side by side."""
    return together(
        click.argument("a", type=TableAddress(), metavar="A"),
        click.argument("b", type=TableAddress(), metavar="B"),
        click.option(
            "--key",
            multiple=True,
            metavar="FIELD=KEY",
            callback=_pairs,
            help="Which field of A is B's key; the one of the same name when not given.",
        ),
        click.option(
            "--map",
            "moved",
            multiple=True,
            metavar="FIELD=FIELD",
            callback=_pairs,
            help="A field of A, and the field of B that it stands for.",
        ),
        click.option(
            "--fields",
            multiple=True,
            metavar="A,B",
            callback=_fields,
            help="Of A; all that B has too when not given.",
        ),
        click.option("--where", metavar="FILTER", help="Which records of A; all when not given."),
        click.option("--scope", metavar="FILTER", help="Which records of B should be in A; all when not given."),
    )(function)


def tell_left_out(pairing: Pairing, a: str, b: str) -> None:
    """The fields that are left out, on stderr."""
    left = {
        f"{a} alone has them": pairing.only_a,
        f"{b} alone has them": pairing.only_b,
        f"the platform of {b} fills them in": pairing.filled,
    }
    for who, names in left.items():
        if names:
            say(f"left out, because {who}: {', '.join(names)}")
