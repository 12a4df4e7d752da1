"""What goes to stdout: rows in the format asked for, and nothing else."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from pathlib import Path

__all__ = [
    "FORMATS",
    "LISTING",
    "json_text",
    "listing_option",
    "on_terminal",
    "print_rows",
    "require_directory",
    "say",
]

LISTING = ("table", "json", "ndjson", "csv", "tsv")
NO_EDGE = 100_000
"""Columns; a file or a pipe has no edge at which a table would have to be folded."""
CONTROLS = {code: f"\\x{code:02x}" for code in (*range(32), *range(127, 160)) if chr(code) not in "\n\t"}
"""A record's text must not steer a terminal: its control characters are shown, not obeyed."""
FORMATS = (*LISTING, "parquet", "arrow", "xlsx")


def on_terminal() -> bool:
    """Whether stdout is a terminal."""
    return sys.stdout.isatty()


def say(text: str) -> None:
    """A line for the person, on stderr."""
    click.echo(text, err=True)


def require_directory(path: Path, option: str) -> None:
    """Refuse a file that is to be written where no directory is.

    Raises:
        click.BadParameter: naming the option and the directory.
    """
    if not path.parent.is_dir():
        raise click.BadParameter(f"there is no directory {path.parent}.", param_hint=option)


def listing_option(function: Callable[..., Any]) -> Callable[..., Any]:
    """`-o`, for commands that print a list."""
    return click.option(
        "-o",
        "--format",
        "form",
        type=click.Choice(LISTING),
        help="By default a table on a terminal, and ndjson when piped.",
    )(function)


def print_rows(rows: Iterable[Mapping[str, Any]], columns: Sequence[str], form: str | None) -> None:
    """Print rows of plain values; without any: `[]` in json, nothing in ndjson, the header in the others."""
    writer = {"table": _table, "json": _json, "ndjson": _ndjson, "csv": _csv, "tsv": _tsv}
    writer[form or ("table" if on_terminal() else "ndjson")](rows, columns)


def json_text(value: Any, *, indent: int = 2) -> str:
    """A value as JSON text; decimals are text, instants end in Z."""
    import msgspec

    encoded = msgspec.json.encode(value, enc_hook=str)
    return (msgspec.json.format(encoded, indent=indent) if indent else encoded).decode()


def _json(rows: Iterable[Mapping[str, Any]], _columns: Sequence[str]) -> None:
    separator = "["
    for row in rows:
        sys.stdout.write(f"{separator}\n  {json_text(dict(row), indent=0)}")
        separator = ","
    sys.stdout.write("[]\n" if separator == "[" else "\n]\n")


def _ndjson(rows: Iterable[Mapping[str, Any]], _columns: Sequence[str]) -> None:
    for row in rows:
        sys.stdout.write(json_text(dict(row), indent=0) + "\n")


def _csv(rows: Iterable[Mapping[str, Any]], columns: Sequence[str]) -> None:
    _separated(rows, columns, ",")


def _tsv(rows: Iterable[Mapping[str, Any]], columns: Sequence[str]) -> None:
    _separated(rows, columns, "\t")


def _separated(rows: Iterable[Mapping[str, Any]], columns: Sequence[str], delimiter: str) -> None:
    import csv

    writer = csv.writer(sys.stdout, delimiter=delimiter, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows([cell(row.get(name)) for name in columns] for row in rows)


def _table(rows: Iterable[Mapping[str, Any]], columns: Sequence[str]) -> None:
    from rich.box import SIMPLE_HEAD
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table, rows = Table(box=SIMPLE_HEAD, show_edge=False, pad_edge=False, header_style="bold"), list(rows)
    for place, name in enumerate(columns):
        right = _numeric(row.get(name) for row in rows)
        table.add_column(
            Text(name), overflow="fold", no_wrap=right or place == 0, justify="right" if right else "left"
        )
    for row in rows:
        table.add_row(*(Text(cell(row.get(name)).translate(CONTROLS)) for name in columns))
    console = Console(file=sys.stdout, highlight=False, width=None if on_terminal() else NO_EDGE)
    if not on_terminal():
        console.width = console.measure(table).maximum
    console.print(table)


def _numeric(values: Iterable[Any]) -> bool:
    """Whether a column holds numbers, which stand right and are not folded."""
    there = [value for value in values if value is not None]
    return bool(there) and all(isinstance(value, int | float) and not isinstance(value, bool) for value in there)


def cell(value: Any) -> str:
    """A value as the text of one cell for people: lists by comma, objects as JSON, null empty, six digits."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return f"{value:.6g}"
    if isinstance(value, list | tuple) and not any(isinstance(one, list | tuple | dict) for one in value):
        return ", ".join(map(cell, value))
    if isinstance(value, list | tuple | dict):
        return json_text(value, indent=0)
    return str(value)
