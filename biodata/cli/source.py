"""Where the records of a write come from: a file, a pipe, or `--set`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from biodata.errors import near_match
from biodata.records.types import File

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from biodata.records.types import Field, Record, Schema
    from biodata.repository import Repository

__all__ = ["read_source"]

TEXT_CELLS = {"csv", "tsv", "xlsx"}
BINARY = {"parquet", "arrow", "xlsx"}


def read_source(
    table: Repository, file: Path | None, form: str | None, assignments: Sequence[str]
) -> Iterator[Record]:
    """The records, one by one; text cells get the types of the table's fields, by the platform's own columns too.

    Raises:
        SchemaError: `BD-FILE`, a file that is not of its format; `BD-QUERY-FIELD`, an unknown field of `--set`.
    """
    from biodata.records.files import format_of
    from biodata.records.readers import from_text, read_records

    schema, given = table.schema, table.adapter.given
    if file is None:
        return iter([from_text(_record(schema, assignments), schema)])
    piped = str(file) == "-"
    if not piped and not file.is_file():
        raise click.BadParameter(f"there is no file '{file}'.{_look_alike(file)}", param_hint="FILE")
    form = form or ("ndjson" if piped else format_of(file))
    if piped and form in BINARY:
        raise click.UsageError(f"{form} cannot be read from a pipe; name a file.")
    records = read_records(file, form)
    return (from_text(given(schema, record), schema) for record in records) if form in TEXT_CELLS else records


def _record(schema: Schema, assignments: Sequence[str]) -> Record:
    pairs = [text.partition("=") for text in assignments]
    for name, equals, _ in pairs:
        if not equals:
            raise click.BadParameter("write FIELD=VALUE, and FIELD= for no value.", param_hint="--set")
        schema[name]
    names = [name for name, _, _ in pairs]
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice:
        raise click.BadParameter(f"the field '{twice}' is set twice.", param_hint="--set")
    return {name: _assigned(schema[name], value) for name, _, value in pairs}


def _assigned(field: Field, text: str) -> str | Path | None:
    """What stands after the equals sign; `@PATH` is a file to store, in a field of files."""
    if not (isinstance(field.type, File) and text.startswith("@")):
        return text or None
    path = Path(text[1:]).expanduser()
    if not path.is_file():
        raise click.BadParameter(f"there is no file '{path}'.{_look_alike(path)}", param_hint="--set")
    return path


def _look_alike(file: Path) -> str:
    if not file.parent.is_dir():
        return ""
    near = near_match(file.name, (one.name for one in file.parent.iterdir()))
    return f" Did you mean '{file.with_name(near)}'?" if near else ""
