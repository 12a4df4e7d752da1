"""Records on stdout or in a file."""

from __future__ import annotations

import shutil
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from biodata.cli.output import FORMATS, LISTING, on_terminal, print_rows, require_directory, say

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from biodata.tabular import Tabular

__all__ = [
    "ON_TERMINAL",
    "destination_options",
    "print_records",
    "print_result",
    "print_some",
    "refuse_terminal",
    "write_file",
]

ON_TERMINAL = 100
"""Records that a terminal is given when no limit is named."""


def destination_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """`-o` with every format, and `--output`."""
    form = click.option(
        "-o",
        "--format",
        "form",
        type=click.Choice(FORMATS),
        help="By default a table on a terminal, ndjson when piped, and by the file's ending with --output.",
    )
    output = click.option(
        "--output", type=click.Path(dir_okay=False, path_type=Path), metavar="FILE", help="Write to a file."
    )
    return form(output(function))


def print_records(records: Iterable[dict[str, Any]], names: Sequence[str], form: str | None) -> None:
    """Records as text on stdout; a nested field is a column with a dotted name in table, csv and tsv."""
    form = form or ("table" if on_terminal() else "ndjson")
    if form == "table":
        rows = ({name: _value(record, name.split(".")) for name in names} for record in records)
        print_rows(rows, names, "table")
        return
    from biodata.records.files import write_text

    write_text(records, list(names), sys.stdout, form)


def print_some(records: Sequence[dict[str, Any]], names: Sequence[str], form: str | None, what: str) -> None:
    """The first 100 on a terminal, and how many there are; all of them elsewhere."""
    some = records[:ON_TERMINAL] if on_terminal() else records
    print_records(some, names, form)
    if len(some) < len(records):
        say(f"{len(some)} of {len(records):,} {what}; a pipe or a file gets all of them")


def print_result(result: Tabular, form: str | None) -> None:
    """All records of a result on stdout, in any format."""
    if form is None or form in LISTING:
        print_records(result, [".".join(path) for path in result.fields], form)
        return
    refuse_terminal(form)
    with tempfile.TemporaryDirectory(prefix="biodata-") as directory:
        file = Path(directory) / "records"
        result.write(file, form)
        with file.open("rb") as source:
            shutil.copyfileobj(source, sys.stdout.buffer)


def refuse_terminal(form: str | None) -> None:
    """Refuse to print bytes to a terminal."""
    if form is not None and form not in LISTING and on_terminal():
        raise click.UsageError(f"{form} is not for a terminal; add --output FILE.")


def write_file(result: Tabular, path: Path, form: str | None) -> int:
    """Write all records of a result to a file; their number."""
    if form == "table":
        raise click.UsageError("A table is for people; choose another format for a file.")
    require_directory(path, "--output")
    return result.write(path, form)


def _value(record: Any, path: Sequence[str]) -> Any:
    if not path:
        return record
    if isinstance(record, list):
        return [_value(one, path) for one in record]
    if not isinstance(record, dict):
        return None
    return record[".".join(path)] if ".".join(path) in record else _value(record.get(path[0]), path[1:])
