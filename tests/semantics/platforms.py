"""The tables of docs/semantics.md on each platform: made where tables can be made, found where they are there."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

import msgspec
import yaml

import biodata
from biodata.records import types as t
from biodata.records.types import Field, Schema
from biodata.sandbox import Sandbox
from tests.semantics.dictionary import write_dictionary
from tests.semantics.page import KEY, shown

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from biodata import Connection
    from biodata.records.types import Record
    from tests.semantics.page import Table

PLATFORMS = ("molgenis", "opencga", "gen3", "duckdb")


@contextmanager
def opened(platform: str, directory: Path, tables: Mapping[str, Table] | None = None) -> Iterator[Path]:
    """A server with the page's tables and records, as far as it can have them; the file with its profile, `page`.

    Args:
        platform: its name.
        directory: for the files that it needs.
        tables: name -> shape and records, in place of the page's.
    """
    given = shown() if tables is None else tables
    made = {name: shape for name, (shape, _) in given.items()}
    options = {"dictionary": write_dictionary(directory, made)} if platform == "gen3" else None
    servers = () if platform == "duckdb" else (platform,)
    with Sandbox(servers, empty=True, options=options) as sandbox:
        profiles = yaml.safe_load(sandbox.config_path.read_text(encoding="utf-8"))["profiles"]
        config = directory / f"{platform}.yml"
        entry = profiles["local" if platform == "duckdb" else platform]
        config.write_text(yaml.safe_dump({"profiles": {"page": entry}}), encoding="utf-8")
        with biodata.connect("page", config=config) as connection:
            _fill(connection, given)
        yield config


def as_held(schema: Schema, record: Record) -> Record:
    """A record of the page, under the platform's name for the key, cut to the fields that its table has."""
    named = {schema.key_fields[0] if name == KEY else name: value for name, value in record.items()}
    return {name: value for name, value in named.items() if name in schema}


def _fill(connection: Connection, tables: Mapping[str, Table]) -> None:
    for name, (shape, rows) in tables.items():
        if connection.adapter.has("ensure"):
            connection.ensure(_held(connection, _with_id(shape)))
        schema = connection.schema(name)
        connection[name].add([as_held(schema, one) for one in rows]).raise_for_refused()


def _with_id(shape: Schema) -> Schema:
    fields = tuple(msgspec.structs.replace(one, name="id") if one.name == KEY else one for one in shape)
    return msgspec.structs.replace(shape, key="id", fields=fields)


def _held(connection: Connection, shape: Schema) -> Schema:
    """Without the fields that the platform refuses to make."""
    key = shape["id"]
    return msgspec.structs.replace(shape, fields=tuple(one for one in shape if _makes(connection, key, one)))


def _makes(connection: Connection, key: Field, field: Field) -> bool:
    if field is key or isinstance(t.element(field.type), t.Reference):
        return True
    try:
        connection.ensure(Schema(f"with_{field.name}", key.name, (key, field)))
    except (biodata.SchemaError, biodata.Unsupported):
        return False
    return True
