"""Whether a table could be made, found out without making it: names, types, and rights as far as a read tells them.

Names and rights are the server's own rules, read in its source: [S] NameValidator, and the security decorators of
packages and entity types.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import msgspec

from biodata.errors import PermissionDenied, SchemaError
from biodata.http import Request
from biodata_molgenis.emx import data_type, emx
from biodata_molgenis.schema import EntityType
from biodata_molgenis.server import read_json, table_path

if TYPE_CHECKING:
    from biodata.http import HttpSession
    from biodata.records.types import Schema

__all__ = ["check_table"]

_PACKAGES = "sys_md_Package"
_NAME = re.compile(r"[A-Za-z#][A-Za-z0-9_#]*(-[a-z]{2,3})?", re.ASCII)
_RESERVED = frozenset({"login", "logout", "csv", "base", "exist", "meta"})
_KEYS = frozenset({"string", "int", "long", "email", "hyperlink"})


def check_table(session: HttpSession, schema: Schema) -> None:
    """See that a table which is not there could be made; two requests at most, and nothing is written.

    A right on a package that is there is told by the making alone: no answer to a read has it.

    Raises:
        SchemaError: `BD-SCHEMA-NAME`, `BD-SCHEMA-KEY`, `BD-SCHEMA-TYPE`, the server cannot have this one.
        PermissionDenied: `BD-AUTH-DENIED`, this user may not make it.
    """
    _check_names(schema)
    emx(schema)
    _check_key(schema)
    _check_rights(session, schema.table)


def _check_names(schema: Schema) -> None:
    table = schema.table
    if table.startswith(("_", "sys_")) or table.endswith("_") or not _is_name(table):
        raise SchemaError(f"MOLGENIS cannot have a table of this name. {_RULE}", code="BD-SCHEMA-NAME", table=table)
    for name in schema.names:
        if not _is_name(name):
            message = f"MOLGENIS cannot have a field '{name}'. {_RULE}"
            raise SchemaError(message, code="BD-SCHEMA-NAME", table=table, hint="Rename the column")


_RULE = f"A name is of letters, digits, _ and #, begins with a letter, and is not {', '.join(sorted(_RESERVED))}"


def _is_name(text: str) -> bool:
    return bool(_NAME.fullmatch(text)) and text not in _RESERVED


def _check_key(schema: Schema) -> None:
    key = schema.key_fields[0]
    kind = data_type(schema, schema[key])
    if kind not in _KEYS:
        message = f"MOLGENIS cannot have a key of type {kind}, which '{key}' is"
        raise SchemaError(message, code="BD-SCHEMA-KEY", table=schema.table, hint="CAST it to text")


class _Package(msgspec.Struct):
    id: str


class _Packages(msgspec.Struct):
    meta: EntityType
    items: list[_Package]


def _check_rights(session: HttpSession, table: str) -> None:
    """Who may add packages is a superuser; all others need a package that is there, and is theirs."""
    package = table.partition("_")[0] if "_" in table else ""
    params = {"q": f'id=="{package}"', "attrs": "id", "num": "1"}
    request = Request(method="GET", path=table_path("v2", _PACKAGES), params=tuple(params.items()))
    try:
        found = read_json(session, request, _Packages)
    except PermissionDenied:  # packages are not shown to this user: the server says so when the table is made
        return
    if "ADD_DATA" in found.meta.permissions or found.items:
        return
    place = f"the package '{package}', which is not there" if package else "a table outside of a package"
    raise PermissionDenied(
        f"This user may not make {place}: only a superuser may",
        code="BD-AUTH-DENIED",
        table=table,
        hint="Name the table with a package in front that is yours, like base_samples",
    )
