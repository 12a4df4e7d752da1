"""The metadata API on `connection.extras`: what is said of a table, and changing it (protocols/molgenis.md, c).

Reading goes to v1, whose answer does not list every row that a categorical attribute could name (h21). A change is
sent to `/api/metadata`; all but adding an attribute become jobs of the server, which are waited for. No change of
metadata on a real server is recorded: the words in the bodies are those that it gives when it is read (c).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypedDict

import msgspec

from biodata.errors import QueryError, SchemaError, near_match
from biodata.extras import Extras, needs
from biodata.http import Request
from biodata.records.types import Field, Integer, Reference, Schema, String, element, unknown_field
from biodata_molgenis.emx import data_type
from biodata_molgenis.jobs import finish
from biodata_molgenis.server import ask, read_json, table_path

if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Unpack

    from biodata.http import HttpSession, Response

__all__ = ["Metadata"]

_ATTRIBUTES = "sys_md_Attribute"
_NAMES = {"required": "nullable", "read_only": "readOnly", "default": "defaultValue", "choices": "enumOptions"}


class FieldChanges(TypedDict, total=False):
    """What of a field can be changed."""

    label: str
    description: str
    required: bool
    unique: bool
    read_only: bool
    visible: bool
    aggregatable: bool
    default: str | None
    choices: list[str]


class _Found(msgspec.Struct):
    class _Attribute(msgspec.Struct):
        id: str

    items: list[_Attribute]


class Metadata(Extras):
    """The part of `connection.extras` that reads and changes metadata."""

    _session: HttpSession
    _import_timeout: float

    @needs("read")
    def metadata(self, table: str, attribute: str | None = None) -> dict[str, Any]:
        """The server's own description of a table with its attributes, or of one attribute, as v1 gives it (a3).

        Raises:
            NotFound: `BD-NOT-FOUND-TABLE`.
            QueryError: `BD-QUERY-FIELD`.
        """
        if attribute is not None and attribute not in (schema := self.connection.schema(table)):
            raise unknown_field(attribute, schema.names, table)
        rest = ("meta",) if attribute is None else ("meta", attribute)
        params = (("expand", "attributes"),) if attribute is None else ()
        request = Request(method="GET", path=table_path("v1", table, *rest), params=params)
        return read_json(self._session, request, dict[str, Any], table)

    @needs("write")
    def add_field(self, table: str, field: Field) -> Schema:
        """Give a table another field; the rows that are there have no value in it. The schema as it is then.

        Raises:
            SchemaError: the server has no such type, or refuses the field.
        """
        schema = self.connection.schema(table)
        request = Request.json("POST", table_path("metadata", table, "attributes"), _attribute(schema, field))
        self._sent(request, table)
        return self.connection.schema(table, refresh=True)

    @needs("write")
    def change_field(self, table: str, name: str, **changes: Unpack[FieldChanges]) -> Schema:
        """Change what is said of a field, and nothing else; the schema as it is then.

        Raises:
            QueryError: `BD-QUERY-FIELD`; `BD-QUERY-VALUE`, there is nothing of that name to change.
            SchemaError: the server refuses it: records have no value in a field that shall be required, for example.
        """
        _check_words(changes)
        values: dict[str, Any] = {_NAMES.get(word, word): value for word, value in changes.items()}
        if "nullable" in values:
            values["nullable"] = not values["nullable"]
        path = table_path("metadata", table, "attributes", self._id(table, name))
        return self._changed(Request.json("PATCH", path, values, idempotent=True), table)

    @needs("delete")
    def remove_field(self, table: str, name: str) -> Schema:
        """Take a field from a table, with all its values; the schema as it is then.

        Raises:
            QueryError: `BD-QUERY-FIELD`.
            SchemaError: the server refuses it: the key cannot go, for example.
        """
        path = table_path("metadata", table, "attributes", self._id(table, name))
        return self._changed(Request(method="DELETE", path=path), table)

    @needs("write")
    def change_table(self, table: str, *, label: str | None = None, description: str | None = None) -> Schema:
        """Change a table's label or description; what is None stays. The schema as it is then.

        Raises:
            NotFound: `BD-NOT-FOUND-TABLE`.
        """
        given = {"label": label, "description": description}
        values = {word: text for word, text in given.items() if text is not None}
        return self._changed(Request.json("PATCH", table_path("metadata", table), values, idempotent=True), table)

    def _id(self, table: str, name: str) -> str:
        schema = self.connection.schema(table)
        if name not in schema:
            raise unknown_field(name, schema.names, table)
        params = {"q": f'entity=="{table}";name=="{name}"', "attrs": "id", "num": "2"}
        request = Request(method="GET", path=table_path("v2", _ATTRIBUTES), params=tuple(params.items()))
        found = read_json(self._session, request, _Found).items
        if len(found) != 1:
            raise SchemaError(
                f"Field '{name}' is not the table's own: it comes from an abstract one that the table extends",
                code="BD-SCHEMA-INHERITED",
                table=table,
                hint="Change it there, with the metadata import of an EMX file for example",
            )
        return found[0].id

    def _changed(self, request: Request, table: str) -> Schema:
        finish(self._session, self._sent(request, table), limit=self._import_timeout)
        return self.connection.schema(table, refresh=True)

    def _sent(self, request: Request, table: str) -> Response:
        try:
            return ask(self._session, request, table)
        except QueryError as error:
            raise SchemaError(f"The server refuses the change: {error.message}", table=table) from None


def _check_words(changes: Iterable[str]) -> None:
    known = tuple(FieldChanges.__annotations__)
    for word in changes:
        if word not in known:
            near = near_match(word, known)
            hint = f"Did you mean '{near}'?" if near else f"One of: {', '.join(known)}."
            raise QueryError(f"'{word}' is nothing of a field that can be changed", code="BD-QUERY-VALUE", hint=hint)


def _attribute(schema: Schema, field: Field) -> dict[str, Any]:
    """A field as the metadata API describes an attribute; what is not so is left out."""
    item = element(field.type)
    said = {
        "name": field.name,
        "type": data_type(schema, field).replace("_", ""),
        "label": field.label or field.name,
        "description": field.description or None,
        "nullable": not field.required,
        "unique": field.unique,
        "readOnly": field.read_only,
        "auto": field.generated,
        "defaultValue": field.default,
        "refEntityType": item.table if isinstance(item, Reference) else None,
        "enumOptions": list(item.choices) if isinstance(item, String) and item.choices else None,
        "range": _range(item) if isinstance(item, Integer) else None,
    }
    return {name: value for name, value in said.items() if value is not None}


def _range(item: Integer) -> dict[str, int] | None:
    ends = {"min": item.minimum, "max": item.maximum}
    return {name: end for name, end in ends.items() if end is not None} or None
