"""Options of the commands that run a pipeline: a file's, or one made of two tables."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from collections.abc import Callable

    Decorator = Callable[[Callable[..., Any]], Callable[..., Any]]

__all__ = ["FILE", "STRICT", "plan_options", "report_options", "together"]

STRICT = 7
"""The exit status of `--strict`."""

FILE = click.Path(path_type=Path, dir_okay=False)


def plan_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """What was approved, and what to do about a run that died."""
    return together(
        click.option(
            "--save-plan", type=FILE, metavar="PLAN", help="Keep in this file what would be done; write nothing."
        ),
        click.option("--apply", type=FILE, metavar="PLAN", help="Do what the file of --save-plan says, and no more."),
        click.option("--restart", is_flag=True, help="Start anew where an earlier run stopped while it wrote."),
    )(function)


def report_options(refused: str) -> Decorator:
    """How it is told what happened; `refused` is what befalls a record that is not loaded."""
    return together(
        click.option(
            "--report",
            type=click.Path(path_type=Path, file_okay=False),
            metavar="DIR",
            help="Where reports go; else the state directory.",
        ),
        click.option(
            "--events", metavar="FILE", help="A line of JSON for each thing that happens; - is standard error."
        ),
        click.option("--strict", is_flag=True, help=f"End with {STRICT} when a record was {refused}."),
        click.option(
            "-o",
            "--format",
            "form",
            type=click.Choice(["text", "json"]),
            default="text",
            help="A line, or the report.",
        ),
    )


def together(*options: Decorator) -> Decorator:
    """The options as one decorator; the help has them in this order."""

    def add(function: Callable[..., Any]) -> Callable[..., Any]:
        for option in reversed(options):
            function = option(function)
        return function

    return add
