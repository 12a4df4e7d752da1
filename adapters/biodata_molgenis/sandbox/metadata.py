"""The metadata API: entity types and their attributes (protocols/molgenis.md, c)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from biodata_molgenis.sandbox import answers_v3, system
from biodata_molgenis.sandbox.answers import View
from biodata_molgenis.sandbox.consistency import refuse_inconsistent
from biodata_molgenis.sandbox.errors import ApiError, Violation, bad_request
from biodata_molgenis.sandbox.http import JSON, Answer, Ask, empty, json_answer
from biodata_molgenis.sandbox.model import FIELD_TYPES, Attribute
from biodata_molgenis.sandbox.parameters import problem_paging
from biodata_molgenis.sandbox.query import select
from biodata_molgenis.sandbox.v3 import condition_of, sort_of

if TYPE_CHECKING:
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
    attribute = next((one for one in entity_type.attributes if one.id == attribute_id), None)
    if attribute is None:
        text = f"Unknown attribute '{attribute_id}' of entity type '{entity_type.label}'."
        raise ApiError(404, Violation(text, "D04"))
    view = View(state, ask.user, ask.base)
    here = answers_v3.link(ask.base, "metadata", name, "attributes", attribute.id)
    data = answers_v3.attribute_body(view, entity_type, attribute)
    return json_answer({"links": {"self": here}, "data": data})


def _create(state: State, ask: Ask) -> Answer:
    ask.require_type(JSON)
    body = ask.json_object()
    state.require(ask.user, system.ENTITY_TYPE, "ADD_DATA")
    name = body.get("id")
    if not isinstance(name, str) or not name or not body.get("attributes"):
        raise bad_request("An entity type needs an id and attributes.")
    if name in state.types:
        raise ApiError(409, Violation(f"Repository '{name}' already exists.", "D10"))
    attributes = [_new_attribute(one) for one in body["attributes"]]
    label, package = body.get("label"), body.get("package")
    made = state.create_table(name, attributes, label=label, package=package, description=body.get("description"))
    try:
        refuse_inconsistent(state, made)
    except ApiError:
        state.drop_type(name)
        raise
    return empty(201, answers_v3.link(ask.base, "metadata", name))


def _new_attribute(item: dict[str, Any]) -> Attribute:
    kind = str(item.get("type", "string")).replace("_", "").lower()
    if kind not in FIELD_TYPES or not item.get("name"):
        raise bad_request(f"Unknown attribute type '{item.get('type')}'.")
    flags: dict[str, Any] = {ours: bool(item[theirs]) for theirs, ours in _FLAGS.items() if theirs in item}
    bounds = item.get("range") or {}
    return Attribute(
        name=str(item["name"]),
        type=kind,
        label=item.get("label"),
        description=item.get("description"),
        ref="sys_FileMeta" if kind == "file" else item.get("refEntityType"),
        mapped_by=item.get("mappedByAttribute"),
        enum_options=tuple(item.get("enumOptions") or ()),
        default=item.get("defaultValue"),
        minimum=int(bounds["min"]) if "min" in bounds else None,
        maximum=int(bounds["max"]) if "max" in bounds else None,
        **flags,
    )


def _delete(state: State, ask: Ask, name: str) -> Answer:
    """Deleting is a job of the server; here it is done when its address is given."""
    state.require(ask.user, name, "DELETE_METADATA")
    state.drop_type(name)
    return empty(202, answers_v3.link(ask.base, "data", "sys_job_MetadataDeleteJobExecution", state.new_id()))


_ROUTES: dict[tuple[str, int], Any] = {
    ("GET", 0): _list,
    ("POST", 0): _create,
    ("GET", 1): _type,
    ("DELETE", 1): _delete,
    ("GET", 2): _attributes,
    ("GET", 3): _attribute,
}
