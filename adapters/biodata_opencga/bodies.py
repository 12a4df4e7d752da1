"""Records as the bodies of creates and updates: only the keys that the server allows (section 6)."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

import msgspec

from biodata.records.types import List, Object, Reference, String
from biodata_opencga.annotations import encoded_sets, updated_sets
from biodata_opencga.render import stamp
from biodata_opencga.tables import placed

if TYPE_CHECKING:
    from collections.abc import Sequence

    from biodata.adapter import ListMode
    from biodata.records.types import DataType, Field, Record, Schema

__all__ = ["Body", "Unwritable", "for_add", "for_update"]

_ACTIONS = {"replace": "SET", "add": "ADD", "remove": "REMOVE"}


class Body(msgspec.Struct, frozen=True):
    """What to send: the body, and query parameters beside it."""

    content: dict[str, Any]
    params: tuple[tuple[str, str], ...] = ()


class Unwritable(Exception):
    """A value that the platform cannot store, found before anything is sent."""

    def __init__(self, code: str, message: str, field: str) -> None:
        super().__init__(message)
        self.code, self.message, self.field = code, message, field


def for_add(schema: Schema, record: Record) -> Body:
    """The body of a create; nulls are left out, links to records that are there may go into the query.

    Raises:
        Unwritable: a field that a new record cannot have.
    """
    content: dict[str, Any] = {}
    params: list[tuple[str, str]] = []
    for name, value in record.items():
        if value is None or value == []:
            continue
        how = _how(schema[name], "create")
        if how == "annotations":
            content["annotationSets"] = encoded_sets(value)
        elif how == "query":
            params.append((name, ",".join(_ids(schema[name], value))))
        else:
            content[name] = _encoded(schema[name], value, how)
    special = _SPECIAL.get(placed(schema.table)[1])
    return Body(content, (*params, *(special(content, record) if special else ())))


def _of_file(content: dict[str, Any], record: Record) -> tuple[tuple[str, str], ...]:
    content.pop("id", None)
    content.setdefault("path", str(record["id"]).replace(":", "/"))
    return (("parents", "true"),)


def _of_study(content: dict[str, Any], _record: Record) -> tuple[tuple[str, str], ...]:
    project, _, name = str(content.pop("fqn")).rpartition(":")
    if not project or not name:
        raise Unwritable("BD-WRITE-KEY", "the key of a study is organization@project:study", "fqn")
    content["id"] = name
    return (("project", project),)


_SPECIAL = {"files": _of_file, "studies": _of_study}


def for_update(
    schema: Schema, record: Record, lists: ListMode, stored_sets: Sequence[dict[str, Any]] | None = None
) -> Body:
    """The body of an update, its lists replaced, added to or taken from as `lists` says.

    Args:
        schema: of the record.
        record: what changes.
        lists: how lists change.
        stored_sets: the record's annotation sets, where it is to be annotated: the server's list is written whole.

    Raises:
        Unwritable: a field that cannot be changed, or cannot be cleared.
    """
    content: dict[str, Any] = {}
    params: list[tuple[str, str]] = []
    for name, value in record.items():
        field = schema[name]
        if name in schema.key_fields:
            continue
        how = _how(field, "update")
        if how == "annotations":
            sets = updated_sets(stored_sets or (), field, value)
            if sets is not None:
                content["annotationSets"] = sets
                params.append(("annotationSetsAction", "SET"))
            continue
        content[name] = _cleared(field) if value is None else _encoded(field, value, how)
        if isinstance(field.type, List) and field.options.get("action"):
            params.append((f"{name}Action", _ACTIONS[lists]))
        elif isinstance(field.type, List) and lists != "replace":
            raise Unwritable("BD-UNSUPPORTED-LISTS", "the server replaces this list whole", name)
    return Body(content, tuple(params))


def _how(field: Field, operation: str) -> str:
    how = field.options.get(operation, "body" if field.name in ("id", "fqn") and operation == "create" else "")
    if not how:
        raise Unwritable("BD-WRITE-READ-ONLY", f"field '{field.name}' cannot be written", field.name)
    return how


def _cleared(field: Field) -> Any:
    """The value that the server takes for none (section 6): null itself means "not given" there.

    Raises:
        Unwritable: there is none.
    """
    if isinstance(field.type, List):
        return []
    if "none" in field.options:
        return int(field.options["none"])
    plain = isinstance(field.type, String) and field.type.choices is None
    if plain or (isinstance(field.type, Reference) and field.options["update"] == "body"):
        return ""
    raise Unwritable("BD-WRITE-CLEAR", f"field '{field.name}' cannot be cleared on this platform", field.name)


def _encoded(field: Field, value: Any, how: str) -> Any:
    if how == "ref":
        return {"id": value}
    if how == "refs":
        return [{"id": one} for one in _ids(field, value)]
    return _json(value, field.type)


def _ids(field: Field, value: list[Any]) -> list[str]:
    if any("," in one or not one for one in value):
        raise Unwritable(
            "BD-WRITE-REFERENCE", f"field '{field.name}' names a record that cannot be there", field.name
        )
    return list(value)


def _json(value: Any, type_: DataType) -> Any:
    """Objects without their nulls, which the server does not know."""
    if isinstance(value, datetime):
        return stamp(value)
    if isinstance(type_, List):
        return [_json(one, type_.item) for one in value]
    if isinstance(type_, Object):
        known = {field.name: field.type for field in type_.fields}
        return {name: _json(one, known[name]) for name, one in value.items() if one not in (None, [])}
    return value
