"""`biodata ls` and `biodata schema`: what is there."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import click

from biodata.cli.address import Address, TableAddress, TablesName
from biodata.cli.help import command
from biodata.cli.output import json_text, listing_option, on_terminal, print_rows, say
from biodata.cli.state import current
from biodata.errors import BiodataError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from biodata.connection import Connection
    from biodata.query.capabilities import Ability
    from biodata.records.types import Field, Schema
    from biodata.repository import Repository

__all__ = ["ls", "schema"]

FIELD_COLUMNS = ("name", "type", "key", "required", "unique", "read_only", "generated", "label", "description")
MARKS = ("key", "required", "unique", "read_only", "generated")
ABILITY_COLUMNS = ("field", "type", "platform", "checked_here", "here")
SHORT_COLUMNS = ("name", "type", "marks", "description")


@command(
    "biodata ls umcg",
    "biodata ls umcg -o json",
    "biodata ls commons.search    # of Gen3, its search indices",
)
@click.argument("profile", type=TablesName())
@listing_option
@click.pass_context
def ls(ctx: click.Context, profile: str, form: str | None) -> None:
    """List the tables of a profile."""
    with current(ctx).opened(profile) as connection:
        tables = connection.tables()
        known = _counts(connection, [table.name for table in tables if table.records is None])
    columns = ["name", "label", "records", "description"]
    rows = [{name: getattr(table, name) for name in columns} for table in tables]
    for row in rows:
        row["records"] = known.get(row["name"], row["records"])
    print_rows(rows, _used(columns, rows) if form in {None, "table"} else columns, form)


def _counts(connection: Connection, names: list[str]) -> Mapping[str, int]:
    """Records by table, where the platform tells all at once; the list is there without them, too."""
    try:
        with connection.located():
            return connection.adapter.counts(names) if names else {}
    except BiodataError as error:
        say(f"records are not counted: {error.message}")
        return {}


@command(
    "biodata schema umcg/ASE",
    "biodata schema umcg/ASE -o json    # the whole schema, types in full",
    "biodata schema umcg/ASE --capabilities",
)
@click.argument("address", type=TableAddress(), metavar="PROFILE/TABLE")
@click.option(
    "--capabilities", is_flag=True, help="Show who does which operator on each field; json has the reasons too."
)
@listing_option
@click.pass_context
def schema(ctx: click.Context, /, address: Address, form: str | None, *, capabilities: bool) -> None:
    """Show the fields of a table.

    The key is what people name a record by. In json the schema is printed whole, as programs want it.
    """
    with current(ctx).repository(address) as table:
        if capabilities:
            print_rows(_abilities(table, whole=form in {"json", "ndjson"}), ABILITY_COLUMNS, form)
            return
        shape = table.schema
    if form == "json":
        sys.stdout.write(json_text(shape) + "\n")
        return
    if form == "table" or (form is None and on_terminal()):
        rows = [_short(field, shape) for field in shape]
        print_rows(rows, _used(SHORT_COLUMNS, rows), "table")
        return
    print_rows([_row(field, shape) for field in shape], FIELD_COLUMNS, form)


def _abilities(table: Repository, *, whole: bool) -> list[dict[str, Any]]:
    """Each field and what the platform does of it: as lists of operators, or whole with the reasons."""
    from biodata.query.capabilities import abilities, paths_of
    from biodata.query.paths import resolve

    shape, lookup = table.schema, table.references.schema
    known, rows = table.adapter.pushdown(shape), []
    for path in paths_of(shape):
        found = abilities(known, shape, path, lookup)
        row: dict[str, Any] = {"field": ".".join(path), "type": str(resolve(shape, path, lookup).type)}
        rows.append(row | ({"operators": found} if whole else _by_support(found)))
    return rows


def _by_support(found: Sequence[Ability]) -> dict[str, str]:
    places = {"platform": "exact", "checked_here": "inexact", "here": "unsupported"}
    return {place: ", ".join(one.op for one in found if one.support == support) for place, support in places.items()}


def _row(field: Field, shape: Schema) -> dict[str, Any]:
    row = {name: getattr(field, name, None) for name in FIELD_COLUMNS}
    return row | {"type": str(field.type), "key": field.name in shape.key_fields}


def _short(field: Field, shape: Schema) -> dict[str, Any]:
    """A field for people: its marks together, and its label only where that says more than the name."""
    row = _row(field, shape)
    marks = [mark.replace("_", " ") for mark in MARKS if row[mark]]
    told = [text for text in (field.label, field.description) if text and text != field.name]
    return {"name": field.name, "type": row["type"], "marks": ", ".join(marks), "description": ": ".join(told)}


def _used(columns: Sequence[str], rows: list[dict[str, Any]]) -> list[str]:
    """The columns that say something, so that a table on a terminal is not wider than it need be."""
    return [name for name in columns if name == columns[0] or any(row[name] not in {None, "", False} for row in rows)]
