"""The JSON shapes of REST v1 (protocols/molgenis.md, a3)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from biodata_molgenis.sandbox.answers import attribute_flags, encoded, plain, without_none
from biodata_molgenis.sandbox.fetch import everything, resolve
from biodata_molgenis.sandbox.model import FIELD_TYPES

if TYPE_CHECKING:
    from biodata_molgenis.sandbox.answers import View
    from biodata_molgenis.sandbox.fetch import Fetch, Shown
    from biodata_molgenis.sandbox.model import Attribute, EntityType
    from biodata_molgenis.sandbox.state import Row

__all__ = ["attribute_meta", "attribute_value", "page", "path", "row_body", "type_meta"]

SUB_PAGE = 100


def path(*parts: Any) -> str:
    """A v1 path without a host, its parts encoded."""
    return "/".join(["/api/v1", *map(encoded, parts)])


def type_meta(view: View, entity_type: EntityType, *, expanded: bool = False) -> dict[str, Any]:
    """An entity type; its attributes as hrefs or, expanded, in full."""
    attributes = {
        one.name: attribute_meta(view, entity_type, one, expanded=True)
        if expanded
        else {"href": path(entity_type.id, "meta", one.name)}
        for one in entity_type.roots
    }
    return {
        "href": path(entity_type.id, "meta"),
        "hrefCollection": path(entity_type.id),
        "attributes": attributes,
        **view.type_flags(entity_type),
    }


def attribute_meta(
    view: View, entity_type: EntityType, attribute: Attribute, *, expanded: bool = False
) -> dict[str, Any]:
    """An attribute. Inside an expanded table, the referenced type shows a little more [C 087, 088]."""
    parts = [attribute_meta(view, entity_type, one) for one in entity_type.parts(attribute.name)]
    return {
        "href": path(entity_type.id, "meta", attribute.name),
        "fieldType": FIELD_TYPES[attribute.type],
        "name": attribute.name,
        "label": attribute.label or attribute.name,
        **without_none(description=attribute.description),
        "attributes": parts,
        "enumOptions": list(attribute.enum_options),
        **({"refEntity": _ref(view, attribute, expanded=expanded)} if attribute.ref is not None else {}),
        **attribute_flags(entity_type, attribute),
    }


def _ref(view: View, attribute: Attribute, *, expanded: bool) -> dict[str, Any]:
    target = view.type_of(attribute)
    short = {"href": path(target.id, "meta"), "hrefCollection": path(target.id)}
    if not expanded:
        return short
    return {
        **short,
        "idAttribute": target.id_attribute.name,
        "languageCode": "en",
        "permissions": view.permissions(target),
        "writable": view.writable(target),
    }


def row_body(
    view: View, entity_type: EntityType, row: Row, shown: Shown, expand: dict[str, Fetch | None]
) -> dict[str, Any]:
    """A row; a reference is the path of the attribute on this row unless it is expanded."""
    row_id = row[entity_type.id_attribute.name]
    body: dict[str, Any] = {"href": path(entity_type.id, row_id)}
    for attribute in entity_type.atomic:
        if attribute.name not in shown:
            continue
        if attribute.reference:
            if attribute.multi or row.get(attribute.name) is not None:
                body[attribute.name] = _reference(view, entity_type, attribute, row, expand)
        elif row[attribute.name] is not None:
            body[attribute.name] = plain(attribute, row[attribute.name])
    return body


def _reference(
    view: View, entity_type: EntityType, attribute: Attribute, row: Row, expand: dict[str, Fetch | None]
) -> dict[str, Any]:
    href = path(entity_type.id, row[entity_type.id_attribute.name], attribute.name)
    if attribute.name not in expand:
        return {"href": href}
    target = view.type_of(attribute)
    shown = resolve(target, expand[attribute.name], any_case=True)
    if attribute.multi:
        return _collection(view, href, target, view.referenced(entity_type, attribute, row), shown)
    return row_body(view, target, view.state.rows(target.id)[row[attribute.name]], shown, {})


def attribute_value(view: View, entity_type: EntityType, attribute: Attribute, row: Row) -> dict[str, Any]:
    """One attribute of a row: the referenced row under this attribute's path, a collection, or the value."""
    href = path(entity_type.id, row[entity_type.id_attribute.name], attribute.name)
    if attribute.multi:
        target = view.type_of(attribute)
        rows = view.referenced(entity_type, attribute, row)
        return _collection(view, href, target, rows, everything(target))
    value = row[attribute.name]
    if not attribute.reference or value is None:
        shown = {} if value is None else {attribute.name: plain(attribute, value)}
        return {"href": href, **shown}
    target = view.type_of(attribute)
    body = row_body(view, target, view.state.rows(target.id)[value], everything(target), {})
    return {**body, "href": href}


def _collection(view: View, href: str, target: EntityType, rows: list[Row], shown: Shown) -> dict[str, Any]:
    items = [row_body(view, target, row, shown, {}) for row in rows[:SUB_PAGE]]
    return {"href": href, "start": 0, "num": SUB_PAGE, "total": len(rows), "items": items}


def page(view: View, entity_type: EntityType, items: list[dict[str, Any]], start: int, num: int, total: int) -> Any:
    """A page of rows. Its links hold nothing but start and num: the query is lost in them (trap 5)."""
    href = path(entity_type.id)
    links = {}
    if start > 0:
        links["prevHref"] = f"{href}?start={max(0, start - num)}&num={num}"
    if start + num < total:
        links["nextHref"] = f"{href}?start={start + num}&num={num}"
    return {
        "href": href,
        "meta": type_meta(view, entity_type),
        "start": start,
        "num": num,
        "total": total,
        **links,
        "items": items,
    }
