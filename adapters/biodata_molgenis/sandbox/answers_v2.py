"""The JSON shapes of REST v2 (protocols/molgenis.md, b2)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from biodata_molgenis.sandbox.answers import attribute_flags, encoded, plain, without_none
from biodata_molgenis.sandbox.fetch import everything, fetch_of
from biodata_molgenis.sandbox.model import FIELD_TYPES

if TYPE_CHECKING:
    from collections.abc import Callable

    from biodata_molgenis.sandbox.answers import View
    from biodata_molgenis.sandbox.fetch import Fetch, Shown
    from biodata_molgenis.sandbox.model import Attribute, EntityType
    from biodata_molgenis.sandbox.state import Row

    Writer = Callable[[Row], Any]

__all__ = ["attribute_meta", "path", "row_writer", "type_meta"]


def path(*parts: Any) -> str:
    """A v2 path without a host, its parts encoded."""
    return "/".join(["/api/v2", *map(encoded, parts)])


def type_meta(view: View, entity_type: EntityType, shown: Shown, *, options: bool = False) -> dict[str, Any]:
    """An entity type with the attributes that are shown, in the table's order."""
    return {
        "href": path(entity_type.id),
        "hrefCollection": path(entity_type.id),
        "attributes": [
            attribute_meta(view, entity_type, one, shown, options=options)
            for one in entity_type.roots
            if one.name in shown
        ],
        **view.type_flags(entity_type),
    }


def attribute_meta(
    view: View, entity_type: EntityType, attribute: Attribute, shown: Shown, *, options: bool = False
) -> dict[str, Any]:
    """An attribute; the referenced type holds the attributes that are shown of it."""
    parts = [one for one in entity_type.parts(attribute.name) if one.name in shown]
    extra: dict[str, Any] = {}
    if attribute.enum_options:
        extra["enumOptions"] = list(attribute.enum_options)
    if attribute.ref is not None:
        below = fetch_of(view.state.types, attribute, shown.get(attribute.name))
        extra["refEntity"] = type_meta(view, view.type_of(attribute), below)
    if options and attribute.type in ("categorical", "categoricalmref"):
        extra["categoricalOptions"] = category_options(view, attribute)
    return {
        "href": path(entity_type.id, "meta", attribute.name),
        "fieldType": FIELD_TYPES[attribute.type],
        "name": attribute.name,
        "label": attribute.label or attribute.name,
        **without_none(description=attribute.description),
        "attributes": [attribute_meta(view, entity_type, one, shown, options=options) for one in parts],
        **extra,
        **attribute_flags(entity_type, attribute),
        "tags": [{"label": "case-sensitive"}] if attribute.case_sensitive else [],
    }


def category_options(view: View, attribute: Attribute) -> list[dict[str, Any]]:
    """Every row of a categorical attribute's table (trap 21)."""
    target = view.type_of(attribute)
    key, label = target.id_attribute.name, target.label_attribute.name
    rows = sorted(view.state.rows(target.id).items())
    return [{"id": row[key], "label": str(row[label])} for _, row in rows]


def row_writer(view: View, entity_type: EntityType, shown: Shown) -> Writer:
    """What turns a row into its JSON object; made once for all rows of a page."""
    key = entity_type.id_attribute.name
    root = path(entity_type.id) + "/"
    writers = [
        (one.name, one.multi, _writer(view, entity_type, one, shown[one.name]))
        for one in entity_type.atomic
        if one.name in shown
    ]

    def write(row: Row) -> dict[str, Any]:
        body = {"_href": root + encoded(row[key])}
        for name, always, writer in writers:
            if always or row.get(name) is not None:
                value = writer(row)
                if value is not None:
                    body[name] = value
        return body

    return write


def _writer(view: View, entity_type: EntityType, attribute: Attribute, below: Fetch | None) -> Writer:
    name = attribute.name
    if not attribute.reference:
        if attribute.type == "datetime":
            return lambda row: plain(attribute, row[name])
        return lambda row: row[name]
    return _reference_writer(view, entity_type, attribute, fetch_of(view.state.types, attribute, below))


def _reference_writer(view: View, entity_type: EntityType, attribute: Attribute, shown: Shown) -> Writer:
    target = view.type_of(attribute)
    write = row_writer(view, target, shown)
    if attribute.multi:
        return lambda row: [write(one) for one in view.referenced(entity_type, attribute, row)]
    rows = view.state.rows(target.id)

    def one(row: Row) -> Any:
        referenced = rows.get(row[attribute.name])
        return None if referenced is None else write(referenced)

    return one


def single_row(view: View, entity_type: EntityType, row: Row, shown: Shown | None = None) -> dict[str, Any]:
    """A row on its own, with the metadata of what is shown."""
    seen = everything(entity_type) if shown is None else shown
    return {"_meta": type_meta(view, entity_type, seen), **row_writer(view, entity_type, seen)(row)}
