"""`biodata doctor`: what is wrong, before anything is tried."""

from __future__ import annotations

import os
import sys
from itertools import groupby
from typing import TYPE_CHECKING

import click

from biodata.cli.address import ProfileName, profile_names
from biodata.cli.help import command
from biodata.cli.output import json_text
from biodata.cli.state import current

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from biodata.cli.checks import Check
    from biodata.cli.state import State

__all__ = ["doctor"]

MARKS = {"ok": ("ok  ", "green"), "note": ("note", "cyan"), "warn": ("warn", "yellow"), "fail": ("FAIL", "red")}
LISTED = 8


@command("biodata doctor", "biodata doctor umcg", "biodata doctor umcg -o json")
@click.argument("profiles", nargs=-1, type=ProfileName(), metavar="[PROFILE…]")
@click.option("-o", "--format", "form", type=click.Choice(["text", "json"]), default="text")
@click.pass_context
def doctor(ctx: click.Context, /, profiles: tuple[str, ...], form: str) -> None:
    """Check this installation and the profiles' servers.

    For each profile, all of them when none is named: which server and version it is, who you are there, what
    you may do, how long token and key live. The exit status is that of the first check that fails.
    """
    found = _all(ctx, profiles)
    if form == "json":
        checks = list(found)
        sys.stdout.write(json_text(checks) + "\n")
    else:
        checks = _printed(found)
    ctx.exit(next((check.exit_status for check in checks if check.level == "fail"), 0))


def _all(ctx: click.Context, profiles: tuple[str, ...]) -> Iterator[Check]:
    from biodata.cli.checks import configuration, installation, profile

    state: State = current(ctx)
    yield from installation()
    yield configuration(state)
    for name in profiles or profile_names(ctx):
        yield from profile(name, state)


def _printed(checks: Iterable[Check]) -> list[Check]:
    """Print each check when it is done, because a server may take its time."""
    done: list[Check] = []
    for subject, group in groupby(checks, key=lambda check: check.subject):
        click.echo(click.style(subject, bold=True))
        for check in group:
            _print(check)
            done.append(check)
    return done


def _print(check: Check) -> None:
    mark, color = MARKS[check.level]
    code = f" [{check.code}]" if check.code else ""
    plain = False if os.environ.get("NO_COLOR") else None
    click.echo(f"  {click.style(mark, fg=color)}  {check.name:<10}  {check.text}{code}", color=plain)
    for line in check.lines[:LISTED]:
        click.echo(f"                    {line}")
    if len(check.lines) > LISTED:
        click.echo(f"                    … and {len(check.lines) - LISTED} more (-o json lists them)")
