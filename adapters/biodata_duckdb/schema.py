"""Tables and their schemas, and how they are made.

The catalogue says names, types, key, NOT NULL, UNIQUE and defaults. What it cannot say of a field of ours (a
reference, a file, a maximum length, a label) stands in the column's comment as JSON after `biodata:`; it travels
with the column, and it counts only as long as the column has the type that belongs to it. Any other comment is the
field's description.

The key is the PRIMARY KEY. A table without one can be read and added to; `key` is `()`, pages go by rowid. A view
is read in the order of all of its columns.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from biodata.adapter import TableInfo
from biodata.errors import NotFound, SchemaError, near_match
from biodata.records.types import Field, Schema
from biodata_duckdb.types import COLLATED, NATIVE, canonical, declared, derived, is_text_form, literal, quoted

if TYPE_CHECKING:
    import duckdb

__all__ = ["Table", "check_names", "create_table", "differences", "list_tables", "read_table", "same_shape"]

MARK = "biodata:"

_TABLES = """
SELECT schema_name, table_name, comment, FALSE, sql FROM duckdb_tables()
WHERE database_name = current_database() AND NOT internal AND NOT temporary
UNION ALL
SELECT schema_name, view_name, comment, TRUE, sql FROM duckdb_views()
WHERE database_name = current_database() AND NOT internal AND NOT temporary
"""
_COLUMNS = """
SELECT column_name, data_type, comment, is_nullable, column_default, is_generated FROM duckdb_columns()
WHERE database_name = current_database() AND schema_name = ? AND table_name = ? ORDER BY column_index
"""
_CONSTRAINTS = """
SELECT constraint_type, constraint_column_names FROM duckdb_constraints()
WHERE database_name = current_database() AND schema_name = ? AND table_name = ?
"""


class Table(msgspec.Struct, frozen=True):
    """A table and where it is.

    Attributes:
        relation: its name in SQL.
        view: whether it is a view, which has no rowid and cannot be written.
    """

    schema: Schema
    relation: str
    view: bool = False


_OWN = "_biodata_"
"""What the names of tables begin with that pipelines make for themselves."""


def list_tables(cursor: duckdb.DuckDBPyConnection) -> list[TableInfo]:
    """The tables and views; those outside `main` are called `schema.table`. A view's records are not counted.

    Tables of biodata's own housekeeping are left out.
    """
    return [
        TableInfo(
            _name(schema, table),
            description=comment or "",
            records=None if view else _records(cursor, f"{quoted(schema)}.{quoted(table)}"),
        )
        for schema, table, comment, view, _ in cursor.execute(_TABLES).fetchall()
        if not table.startswith(_OWN)
    ]


def _records(cursor: duckdb.DuckDBPyConnection, relation: str) -> int:
    ((number,),) = cursor.execute(f"SELECT count(*) FROM {relation}").fetchall()  # noqa: S608
    return int(number)


def read_table(cursor: duckdb.DuckDBPyConnection, name: str) -> Table:
    """The table of that name.

    Raises:
        NotFound: `BD-NOT-FOUND-TABLE`.
    """
    known = {_name(row[0], row[1]): row for row in cursor.execute(_TABLES).fetchall()}
    if name not in known:
        near = near_match(name, known)
        hint = f"Did you mean '{near}'?" if near else None
        raise NotFound("There is no such table", code="BD-NOT-FOUND-TABLE", table=name, hint=hint)
    place, table, comment, view, _ = known[name]
    columns = cursor.execute(_COLUMNS, [place, table]).fetchall()
    constraints = cursor.execute(_CONSTRAINTS, [place, table]).fetchall()
    schema = _schema(name, columns, constraints, comment or "", view=view)
    if any("COLLATE" in (row[4] or "").upper() for row in known.values()):
        schema = msgspec.structs.replace(schema, fields=tuple(map(_collated, schema)))
    return Table(schema, f"{quoted(place)}.{quoted(table)}", view)


def _collated(field: Field) -> Field:
    """A text that may have a collation, which DuckDB keeps to itself: it is compared without it."""
    marked = {COLLATED: True} if field.options[NATIVE] == "VARCHAR" else {}
    return msgspec.structs.replace(field, options={**field.options, **marked})


def create_table(cursor: duckdb.DuckDBPyConnection, schema: Schema) -> None:
    """Make a table of that shape in `main`."""
    relation = quoted(schema.table)
    columns = [_column(field) for field in schema]
    key = ", ".join(map(quoted, schema.key_fields))
    parts = ", ".join([*columns, f"PRIMARY KEY ({key})"] if key else columns)
    cursor.execute(f"CREATE TABLE {relation} ({parts})")
    if schema.description:
        cursor.execute(f"COMMENT ON TABLE {relation} IS {literal(schema.description)}")
    for field in schema:
        if comment := _comment(field):
            cursor.execute(f"COMMENT ON COLUMN {relation}.{quoted(field.name)} IS {literal(comment)}")


def check_names(cursor: duckdb.DuckDBPyConnection, schema: Schema) -> None:
    """See that a new table's name and those of its fields are told apart in any case, as SQL does not.

    Raises:
        SchemaError: `BD-SCHEMA-NAME`.
    """
    tables = (_name(row[0], row[1]) for row in cursor.execute(_TABLES).fetchall())
    for names, hint in (((*tables, schema.table), "Use that name, or another one"), (schema.names, "Rename one")):
        seen: dict[bytes, str] = {}
        for name in names:
            other = seen.setdefault(name.encode().lower(), name)  # of ASCII only, as DuckDB does
            if other is not name:
                message = f"DuckDB does not tell the names '{other}' and '{name}' apart"
                raise SchemaError(message, code="BD-SCHEMA-NAME", table=schema.table, hint=hint)


def differences(wanted: Schema, there: Schema) -> list[str]:
    """In what the shape of a table differs from the one wanted; order of fields and labels aside."""
    if tuple(wanted.key_fields) != tuple(there.key_fields):
        return ["its key"]
    other = [name for name in {*wanted.names, *there.names} if name not in wanted or name not in there]
    shared = [field for field in wanted if field.name in there]
    return sorted(other) + [
        f.name for f in shared if canonical(declared(f.type)) != there[f.name].options.get(NATIVE)
    ]


def _name(schema: str, table: str) -> str:
    return table if schema == "main" else f"{schema}.{table}"


def _schema(name: str, columns: list[Any], constraints: list[Any], description: str, *, view: bool) -> Schema:
    primary = next((tuple(names) for kind, names in constraints if kind == "PRIMARY KEY"), ())
    unique = {names[0] for kind, names in constraints if kind == "UNIQUE" and len(names) == 1}
    fields = tuple(_field(column, unique=column[0] in unique) for column in columns)
    key = primary[0] if len(primary) == 1 else primary
    return Schema(name, key, fields, description=description, writable=not view)


def _field(column: tuple[Any, ...], *, unique: bool) -> Field:
    name, native, comment, nullable, default, computed = column
    kept = _kept(comment, native)
    field = kept or Field(name, derived(native), description=_description(comment, native))
    return msgspec.structs.replace(
        field,
        name=name,
        required=not nullable,
        unique=unique,
        read_only=computed,
        generated=bool(computed or (default and default.startswith("nextval("))),
        default=default,
        options={NATIVE: native},
    )


def _kept(comment: str | None, native: str) -> Field | None:
    if not comment or not comment.startswith(MARK):
        return None
    try:
        field = msgspec.json.decode(comment.removeprefix(MARK), type=Field)
    except msgspec.DecodeError:
        return None
    return field if canonical(declared(field.type)) == native else None


def _description(comment: str | None, native: str) -> str:
    if comment and not comment.startswith(MARK):
        return comment
    return f"DuckDB's {native}, as text" if is_text_form(native) else ""


def _column(field: Field) -> str:
    required = " NOT NULL" if field.required else ""
    unique = " UNIQUE" if field.unique else ""
    return f"{quoted(field.name)} {declared(field.type)}{required}{unique}"


def _comment(field: Field) -> str:
    """What the catalogue cannot say of a field; its description alone where that is all."""
    bare = Field(field.name, field.type, label=field.label, description=field.description)
    plain = derived(canonical(declared(field.type))) == field.type and not field.label
    return field.description if plain else MARK + msgspec.json.encode(bare).decode()


def same_shape(wanted: Schema, there: Schema) -> None:
    """Hold a table to the shape wanted.

    Raises:
        SchemaError: `BD-SCHEMA-DIFFERS`.
    """
    differing = differences(wanted, there)
    if differing:
        raise SchemaError(
            f"A table of that name is there, and differs in: {', '.join(differing)}",
            code="BD-SCHEMA-DIFFERS",
            table=wanted.table,
        )
