"""The JSON shapes of the data API v3 and the metadata API (protocols/molgenis.md, c)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from biodata_molgenis.sandbox.answers import encoded, plain, without_none
from biodata_molgenis.sandbox.answers_v2 import category_options
from biodata_molgenis.sandbox.fetch import everything, resolve

if TYPE_CHECKING:
    from collections.abc import Callable

    from biodata_molgenis.sandbox.answers import View
    from biodata_molgenis.sandbox.fetch import Fetch, Shown
    from biodata_molgenis.sandbox.http import Ask
    from biodata_molgenis.sandbox.model import Attribute, EntityType
    from biodata_molgenis.sandbox.state import Row

    Writer = Callable[[Row], dict[str, Any]]

__all__ = ["attribute_body", "attribute_item", "link", "page", "row_writer", "type_body"]


def link(base: str, *parts: Any) -> str:
    """An absolute address below `/api`, its parts encoded."""
    return "/".join([f"{base}/api", *map(encoded, parts)])


def page(ask: Ask, items: list[dict[str, Any]], start: int, size: int, total: int) -> dict[str, Any]:
    """A page with links to itself and its neighbours."""
    number, pages = start // size, -(-total // size)
    here = f"{ask.base}{ask.raw_path}"
    kept = [part for part in ask.raw_query.split("&") if part and part.partition("=")[0] != "page"]

    def at(to: int) -> str:
        return f"{here}?{'&'.join([*kept, f'page={to}'])}"

    links = {"self": here + (f"?{ask.raw_query}" if ask.raw_query else "")}
    if number > 0:
        links["previous"] = at(number - 1)
    if number + 1 < pages:
        links["next"] = at(number + 1)
    counts = {"size": size, "totalElements": total, "totalPages": pages, "number": number}
    return {"links": links, "items": items, "page": counts}


def row_writer(view: View, entity_type: EntityType, shown: Shown, expand: dict[str, Fetch | None]) -> Writer:
    """What turns a row into its JSON object."""
    key = entity_type.id_attribute.name

    def write(row: Row) -> dict[str, Any]:
        data: dict[str, Any] = {}
        for attribute in entity_type.atomic:
            if attribute.name in shown:
                value = _value(view, entity_type, attribute, row, shown, expand)
                if value is not None:
                    data[attribute.name] = value
        return {"links": {"self": link(view.base, "data", entity_type.id, row[key])}, "data": data}

    return write


def _value(
    view: View,
    entity_type: EntityType,
    attribute: Attribute,
    row: Row,
    shown: Shown,
    expand: dict[str, Fetch | None],
) -> Any:
    value = row.get(attribute.name)
    if not attribute.reference:
        return None if value is None else plain(attribute, value)
    if not attribute.multi and value is None:
        return None
    row_id = row[entity_type.id_attribute.name]
    here = link(view.base, "data", entity_type.id, row_id, attribute.name)
    if attribute.name not in expand:
        there = here if attribute.multi else link(view.base, "data", attribute.ref, value)
        return {"links": {"self": there}}
    target = view.type_of(attribute)
    below = shown[attribute.name]
    inner = expand[attribute.name]
    deeper = dict(inner.names) if inner is not None else {}
    write = row_writer(view, target, everything(target) if below is None else resolve(target, below), deeper)
    if not attribute.multi:
        return write(view.state.rows(target.id)[value])
    rows = view.referenced(entity_type, attribute, row)
    return {"links": {"self": here}, "items": [write(one) for one in rows]}


def type_body(view: View, entity_type: EntityType, *, flatten: bool) -> dict[str, Any]:
    """An entity type of the metadata API; flattened, the parts of compounds stand beside them."""
    attributes = entity_type.attributes if flatten else entity_type.roots
    package = entity_type.package
    data = without_none(
        id=entity_type.id,
        label=entity_type.label,
        description=entity_type.description,
        package={"links": {"self": link(view.base, "data", "sys_md_Package", package)}} if package else None,
        attributes={
            "links": {"self": link(view.base, "metadata", entity_type.id, "attributes")},
            "items": [attribute_item(view, entity_type, one) for one in attributes],
        },
        abstract=entity_type.abstract,
        extends=_type_link(view, entity_type.extends),
        indexingDepth=entity_type.indexing_depth,
    )
    return {"links": {"self": link(view.base, "metadata", entity_type.id)}, "data": data}


def attribute_item(view: View, entity_type: EntityType, attribute: Attribute) -> dict[str, Any]:
    """An attribute in a list: `link` is in the singular here [C 137]."""
    here = link(view.base, "metadata", entity_type.id, "attributes", attribute.id)
    return {"link": {"self": here}, "data": attribute_body(view, entity_type, attribute)}


def attribute_body(view: View, entity_type: EntityType, attribute: Attribute) -> dict[str, Any]:
    """The data of an attribute."""
    low, high = attribute.minimum, attribute.maximum
    categories = attribute.type in ("categorical", "categoricalmref")
    return without_none(
        id=attribute.id,
        label=attribute.label or attribute.name,
        description=attribute.description,
        name=attribute.name,
        sequenceNr=entity_type.attributes.index(attribute),
        type=attribute.type,
        maxLength=attribute.max_length,
        idAttribute=attribute.is_id,
        labelAttribute=attribute.is_label,
        lookupAttributeIndex=_lookup_index(entity_type, attribute),
        refEntityType=_type_link(view, attribute.ref),
        mappedBy=_mapped_by(view, attribute),
        orderBy=[] if attribute.type == "onetomany" else None,
        nullable=attribute.nillable,
        auto=attribute.auto,
        visible=attribute.visible,
        unique=attribute.unique,
        readOnly=attribute.read_only,
        aggregatable=attribute.aggregatable,
        expression=attribute.expression,
        enumOptions=list(attribute.enum_options) or None,
        categoricalOptions=category_options(view, attribute) if categories else None,
        range=without_none(min=low, max=high) if low is not None or high is not None else None,
        parentAttributeId=entity_type.by_name[attribute.part_of].id if attribute.part_of else None,
        validationExpression=attribute.validation_expression,
        defaultValue=attribute.default,
    )


def _lookup_index(entity_type: EntityType, attribute: Attribute) -> int | None:
    """Where an attribute stands among those looked up; the system's own tables do not number them."""
    if not attribute.lookup:
        return None
    return 0 if entity_type.system else entity_type.lookup_attributes.index(attribute)


def _type_link(view: View, name: str | None) -> dict[str, str] | None:
    return {"self": link(view.base, "metadata", name)} if name is not None else None


def _mapped_by(view: View, attribute: Attribute) -> dict[str, Any] | None:
    if attribute.mapped_by is None:
        return None
    target = view.type_of(attribute)
    return attribute_item(view, target, target.by_name[attribute.mapped_by])
