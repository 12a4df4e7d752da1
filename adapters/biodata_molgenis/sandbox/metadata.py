"""The metadata API: entity types and their attributes (protocols/molgenis.md, c)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from biodata_molgenis.sandbox import answers_v3, changes, system
from biodata_molgenis.sandbox.answers import View
from biodata_molgenis.sandbox.consistency import refuse_inconsistent, refuse_names
from biodata_molgenis.sandbox.errors import ApiError, Violation, bad_request
from biodata_molgenis.sandbox.http import JSON, Answer, Ask, empty, json_answer
from biodata_molgenis.sandbox.model import FIELD_TYPES, Attribute
from biodata_molgenis.sandbox.parameters import problem_paging
from biodata_molgenis.sandbox.query import select
from biodata_molgenis.sandbox.v3 import condition_of, sort_of

if TYPE_CHECKING:
    from biodata_molgenis.sandbox.model import EntityType
    from biodata_molgenis.sandbox.state import State

__all__ = ["handle"]

_FLAGS = {
    "idAttribute": "is_id",
    "labelAttribute": "is_label",
    "nullable": "nillable",
    "auto": "auto",
    "visible": "visible",
    "unique": "unique",
    "readOnly": "read_only",
    "aggregatable": "aggregatable",
}
_TEXTS = {
    "name": "name",
    "label": "label",
    "description": "description",
    "defaultValue": "default",
    "refEntityType": "ref",
    "mappedByAttribute": "mapped_by",
    "expression": "expression",
}
_ENDS = {"min": "minimum", "max": "maximum"}
_SHAPES = {"enumOptions": list | None, "range": dict | None}


def handle(state: State, ask: Ask, parts: tuple[str, ...]) -> Answer | None:
    """The answer to a request below `/api/metadata`; None where no route takes it with this method."""
    if len(parts) > 1 and parts[1] != "attributes":
        return None
    route = _ROUTES.get((ask.method, len(parts)))
    return route(state, ask, *parts) if route is not None else None


def _flatten(ask: Ask) -> bool:
    return ask.query.get("flattenAttributes", "false").lower() == "true"


def _list(state: State, ask: Ask) -> Answer:
    paging = problem_paging(ask.query)
    entity_types = state.require(ask.user, system.ENTITY_TYPE, "READ_DATA")
    condition = condition_of(state, entity_types, paging.query)
    rows = state.visible_rows(ask.user, system.ENTITY_TYPE)
    found = select(state, entity_types, rows, condition, sort_of(ask.query), paging.start, paging.num)
    view = View(state, ask.user, ask.base)
    items = [answers_v3.type_body(view, state.types[row["id"]], flatten=_flatten(ask)) for row in found.rows]
    return json_answer(answers_v3.page(ask, items, paging.start, paging.num, found.total))


def _type(state: State, ask: Ask, name: str) -> Answer:
    entity_type = state.require(ask.user, name, "READ_METADATA")
    view = View(state, ask.user, ask.base)
    return json_answer(answers_v3.type_body(view, entity_type, flatten=_flatten(ask)))


def _attributes(state: State, ask: Ask, name: str, _word: str) -> Answer:
    paging = problem_paging(ask.query)
    entity_type = state.require(ask.user, name, "READ_METADATA")
    view = View(state, ask.user, ask.base)
    listed = [answers_v3.attribute_item(view, entity_type, one) for one in entity_type.attributes]
    items = listed[paging.start : paging.start + paging.num]
    return json_answer(answers_v3.page(ask, items, paging.start, paging.num, len(listed)))


def _attribute(state: State, ask: Ask, name: str, _word: str, attribute_id: str) -> Answer:
    entity_type = state.require(ask.user, name, "READ_METADATA")
    attribute = _found(entity_type, attribute_id)
    view = View(state, ask.user, ask.base)
    here = answers_v3.link(ask.base, "metadata", name, "attributes", attribute.id)
    data = answers_v3.attribute_body(view, entity_type, attribute)
    return json_answer({"links": {"self": here}, "data": data})


def _found(entity_type: EntityType, attribute_id: str) -> Attribute:
    for attribute in entity_type.attributes:
        if attribute.id == attribute_id:
            return attribute
    text = f"Unknown attribute '{attribute_id}' of entity type '{entity_type.label}'."
    raise ApiError(404, Violation(text, "D04"))


def _create(state: State, ask: Ask) -> Answer:
    ask.require_type(JSON)
    body = ask.json_object()
    state.require(ask.user, system.ENTITY_TYPE, "ADD_DATA")
    name = body.get("id")
    if not isinstance(name, str) or not name or not body.get("attributes"):
        raise bad_request("An entity type needs an id and attributes.")
    if name in state.types:
        raise ApiError(409, Violation(f"Repository '{name}' already exists.", "D10"))
    attributes = [_new_attribute(one) for one in _listed(body["attributes"])]
    refuse_names(name, *(one.name for one in attributes))
    label, package = body.get("label"), body.get("package")
    made = state.create_table(name, attributes, label=label, package=package, description=body.get("description"))
    try:
        refuse_inconsistent(state, made)
    except ApiError:
        state.drop_type(name)
        raise
    return empty(201, answers_v3.link(ask.base, "metadata", name))


def _listed(given: Any) -> list[dict[str, Any]]:
    """The attributes that a body lists."""
    if not isinstance(given, list) or not all(isinstance(one, dict) for one in given):
        raise bad_request("Invalid request body.")
    return given


def _new_attribute(item: dict[str, Any]) -> Attribute:
    if not isinstance(item.get("name"), str) or not item["name"]:
        raise bad_request("An attribute needs a name.")
    attribute = Attribute(**_given(item))
    return msgspec.structs.replace(attribute, ref=system.FILE_META) if attribute.type == "file" else attribute


def _given(item: dict[str, Any]) -> dict[str, Any]:
    """What a client says of an attribute, in the words of the model."""
    if not all(isinstance(item.get(word), kind) for word, kind in _SHAPES.items()):
        raise bad_request("Invalid request body.")
    given: dict[str, Any] = {ours: bool(item[theirs]) for theirs, ours in _FLAGS.items() if theirs in item}
    given |= {ours: item[theirs] for theirs, ours in _TEXTS.items() if theirs in item}
    if "type" in item:
        given["type"] = str(item["type"]).replace("_", "").lower()
        if given["type"] not in FIELD_TYPES:
            raise bad_request(f"Unknown attribute type '{item['type']}'.")
    if "enumOptions" in item:
        given["enum_options"] = tuple(item["enumOptions"] or ())
    if "range" in item:
        bounds = item["range"] or {}
        given |= {ours: int(bounds[end]) if end in bounds else None for end, ours in _ENDS.items()}
    return given


# --- changes -----------------------------------------------------------------------------------------------


def _add_attribute(state: State, ask: Ask, name: str, _word: str) -> Answer:
    entity_type = _changeable(state, ask, name)
    attribute = msgspec.structs.replace(_new_attribute(ask.json_object()), id=state.new_id())
    refuse_names(attribute.name)
    changes.change(state, _with(entity_type, (*entity_type.attributes, attribute)))
    return empty(201, answers_v3.link(ask.base, "metadata", name, "attributes", attribute.id))


def _change_type(state: State, ask: Ask, name: str) -> Answer:
    entity_type, item = _changeable(state, ask, name), ask.json_object()
    given: dict[str, Any] = {word: item[word] for word in ("label", "description") if word in item}
    if ask.method == "PUT":
        attributes = tuple(_same_or_new(entity_type, one) for one in _listed(item.get("attributes") or []))
        given = {"label": name, "description": None, "attributes": attributes} | given
    changed = msgspec.structs.replace(entity_type, **given)
    return changes.submit(state, ask, system.UPSERT_JOB, lambda: changes.change(state, changed))


def _same_or_new(entity_type: EntityType, item: dict[str, Any]) -> Attribute:
    present = entity_type.by_name.get(str(item.get("name")))
    return msgspec.structs.replace(_new_attribute(item), id=present.id if present else "")


def _change_attribute(state: State, ask: Ask, name: str, _word: str, attribute_id: str) -> Answer:
    entity_type, item = _changeable(state, ask, name), ask.json_object()
    present = _found(entity_type, attribute_id)
    if ask.method == "PUT":
        changed = msgspec.structs.replace(_new_attribute(item), id=present.id)
    else:
        changed = msgspec.structs.replace(present, **_given(item))
    attributes = tuple(changed if one.id == attribute_id else one for one in entity_type.attributes)
    work = _with(entity_type, attributes)
    return changes.submit(state, ask, system.UPSERT_JOB, lambda: changes.change(state, work))


def _delete_attribute(state: State, ask: Ask, name: str, _word: str, attribute_id: str) -> Answer:
    entity_type = _changeable(state, ask, name, json=False)
    gone = _found(entity_type, attribute_id)
    work = _with(entity_type, tuple(one for one in entity_type.attributes if one is not gone))
    return changes.submit(state, ask, system.DELETE_JOB, lambda: changes.change(state, work))


def _delete(state: State, ask: Ask, name: str) -> Answer:
    entity_type = state.require(ask.user, name, "DELETE_METADATA")
    return changes.submit(state, ask, system.DELETE_JOB, lambda: changes.drop(state, entity_type))


def _changeable(state: State, ask: Ask, name: str, *, json: bool = True) -> EntityType:
    if json:
        ask.require_type(JSON)
    return state.require(ask.user, name, "UPDATE_METADATA")


def _with(entity_type: EntityType, attributes: tuple[Attribute, ...]) -> EntityType:
    return msgspec.structs.replace(entity_type, attributes=attributes)


_ROUTES: dict[tuple[str, int], Any] = {
    ("GET", 0): _list,
    ("POST", 0): _create,
    ("GET", 1): _type,
    ("PUT", 1): _change_type,
    ("PATCH", 1): _change_type,
    ("DELETE", 1): _delete,
    ("GET", 2): _attributes,
    ("POST", 2): _add_attribute,
    ("GET", 3): _attribute,
    ("PUT", 3): _change_attribute,
    ("PATCH", 3): _change_attribute,
    ("DELETE", 3): _delete_attribute,
}
