"""What a notebook shows of schemas, tables and records."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

from biodata.errors import BiodataError
from biodata.records.files import value_at

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from biodata.adapter import TableInfo
    from biodata.records.types import Field, Record, Schema

__all__ = ["or_note", "records_html", "schema_html", "tables_html"]


def schema_html(schema: Schema) -> str:
    """One row a field: name, type, whether it is the key or required, what it means."""
    rows = [[field.name, str(field.type), _role(schema, field), field.description] for field in schema]
    return _table(["field", "type", "", "description"], rows, caption=f"{schema.table}: {len(schema)} fields")


def tables_html(name: str, platform: str, tables: Sequence[TableInfo]) -> str:
    """One row a table."""
    rows = [[table.name, table.label, table.description] for table in tables]
    return _table(["table", "label", "description"], rows, caption=f"{name} ({platform}): {len(tables)} tables")


def records_html(records: Sequence[Record], names: Sequence[str], *, note: str) -> str:
    """One row a record."""
    rows = [[_cell(record, name) for name in names] for record in records]
    return _table(names, rows, caption=note)


def or_note(show: Callable[[], str]) -> str:
    """What `show` gives, or its error in words: a notebook prints a stack trace otherwise."""
    try:
        return show()
    except BiodataError as error:
        return _table([], [], caption=str(error))


def _role(schema: Schema, field: Field) -> str:
    if field.name in schema.key_fields:
        return "key"
    return "required" if field.required else ""


def _cell(record: Record, name: str) -> str:
    value = value_at(record, name)
    return "" if value is None else str(value)


def _table(head: Sequence[str], rows: Iterable[Sequence[str]], *, caption: str) -> str:
    titles = "".join(f"<th>{escape(title)}</th>" for title in head)
    body = "".join("<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in row) + "</tr>" for row in rows)
    return f"<table><caption>{escape(caption)}</caption><thead><tr>{titles}</tr></thead><tbody>{body}</tbody></table>"
