"""REST v2: pages of rows with RSQL, single rows, batches (protocols/molgenis.md, b1)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from biodata_molgenis.sandbox import aggregates, answers_v2, writes
from biodata_molgenis.sandbox.answers import View, encoded
from biodata_molgenis.sandbox.conditions import from_rsql
from biodata_molgenis.sandbox.errors import ApiError, Violation, bad_request, unknown_attribute, unknown_row
from biodata_molgenis.sandbox.fetch import everything, parse_attrs, resolve
from biodata_molgenis.sandbox.http import FORM, JSON, Answer, Ask, empty, json_answer
from biodata_molgenis.sandbox.parameters import parse_sort, query_v2
from biodata_molgenis.sandbox.query import select
from biodata_molgenis.sandbox.state import typed_id

if TYPE_CHECKING:
    from biodata_molgenis.sandbox.fetch import Shown
    from biodata_molgenis.sandbox.model import EntityType
    from biodata_molgenis.sandbox.state import State

__all__ = ["VERSION", "handle"]

VERSION = "10.2.4"
MAX_BATCH = 1000
BEAN = "entityCollectionRequestV2"


def handle(state: State, ask: Ask, parts: tuple[str, ...]) -> Answer | None:
    """The answer to a request below `/api/v2`; None where no route takes it with this method."""
    method = ask.method
    if method == "POST" and "_method" in ask.query:
        method = ask.query["_method"].upper()
    if parts == ("version",):
        return _version(state) if method == "GET" else None
    if len(parts) == 2 and parts[0] == "copy":  # noqa: PLR2004 - /copy/{T}
        return _copy(state, ask, parts[1]) if method == "POST" else None
    route = _ROUTES.get((method, len(parts)))
    if len(parts) == 3 and parts[1] == "meta" and method == "GET":  # noqa: PLR2004 - /{T}/meta/{A}
        return _attribute(state, ask, parts[0], parts[2])
    return route(state, ask, *parts) if route is not None else None


def _version(state: State) -> Answer:
    built = f"{state.clock.now():%Y-%m-%d %H:%M} UTC"
    return json_answer({"molgenisVersion": VERSION, "buildDate": built})


def _parameters(ask: Ask) -> dict[str, str]:
    form = ask.form if ask.method == "POST" and ask.content_type == FORM else {}
    return {**form, **ask.query}


def _page(state: State, ask: Ask, name: str) -> Answer:
    parameters = _parameters(ask)
    paging = query_v2(parameters, BEAN)
    entity_type = state.require(ask.user, name, "READ_DATA")
    view = View(state, ask.user, ask.base)
    if parameters.get("aggs"):
        return json_answer(aggregates.answer(view, entity_type, parameters["aggs"], paging.query))
    shown = _shown(entity_type, parameters)
    condition = from_rsql(state.types, entity_type, paging.query) if paging.query is not None else None
    rows = state.visible_rows(ask.user, name)
    sort = parse_sort(parameters.get("sort"))
    found = select(state, entity_type, rows, condition, sort, paging.start, paging.num)
    write = answers_v2.row_writer(view, entity_type, shown)
    options = parameters.get("includeCategories", "").lower() == "true"
    return json_answer(
        {
            "href": answers_v2.path(name),
            "meta": answers_v2.type_meta(view, entity_type, shown, options=options),
            "start": paging.start,
            "num": paging.num,
            "total": found.total,
            **_links(ask, paging.start, paging.num, found.total),
            "items": [write(row) for row in found.rows],
        }
    )


def _links(ask: Ask, start: int, num: int, total: int) -> dict[str, str]:
    """Absolute links to this request with another start; `num=0` points at itself for ever [C 049]."""
    kept = [part for part in ask.raw_query.split("&") if part and part.partition("=")[0] != "start"]

    def link(to: int) -> str:
        return f"{ask.base}{ask.raw_path}?{'&'.join([*kept, f'start={to}'])}"

    links = {}
    if start > 0:
        links["prevHref"] = link(max(0, start - num))
    if start + num < total:
        links["nextHref"] = link(start + num)
    return links


def _shown(entity_type: EntityType, parameters: dict[str, str]) -> Shown:
    attrs = parameters.get("attrs")
    return resolve(entity_type, parse_attrs(attrs)) if attrs else everything(entity_type)


def _row(state: State, ask: Ask, name: str, row_id: str) -> Answer:
    entity_type = state.require(ask.user, name, "READ_DATA")
    shown = _shown(entity_type, _parameters(ask))
    row = state.row(entity_type, row_id)
    return json_answer(answers_v2.single_row(View(state, ask.user, ask.base), entity_type, row, shown))


def _attribute(state: State, ask: Ask, name: str, attribute: str) -> Answer:
    entity_type = state.require(ask.user, name, "READ_METADATA")
    if attribute not in entity_type.by_name:
        raise unknown_attribute(attribute, entity_type.label)
    view = View(state, ask.user, ask.base)
    found = entity_type.by_name[attribute]
    return json_answer(answers_v2.attribute_meta(view, entity_type, found, everything(entity_type)))


def _create(state: State, ask: Ask, name: str) -> Answer:
    items = _entities(ask)
    entity_type = state.require(ask.user, name, "ADD_DATA")
    ids = [encoded(one) for one in writes.create(state, entity_type, items)]
    href = answers_v2.path(name)
    listed = ",".join(f'"{one}"' for one in ids)
    body = {
        "location": f"{href}?q={entity_type.id_attribute.name}=in=({listed})",
        "resources": [{"href": f"{href}/{one}"} for one in ids],
    }
    return json_answer(body, 201)


def _replace(state: State, ask: Ask, name: str) -> Answer:
    items = _entities(ask)
    writes.replace(state, state.require(ask.user, name, "UPDATE_DATA"), items)
    return empty()


def _set_attribute(state: State, ask: Ask, name: str, attribute_name: str) -> Answer:
    items = _entities(ask)
    entity_type = state.require(ask.user, name, "UPDATE_DATA")
    attribute = entity_type.by_name.get(attribute_name)
    if attribute is None:
        raise unknown_attribute(attribute_name, entity_type.label)
    if attribute.read_only:
        text = f"Operation failed. Attribute '{attribute_name}' of entity '{name}' is readonly"
        raise ApiError(401, Violation(text))
    key = entity_type.id_attribute.name
    values = {}
    for number, item in enumerate(items):
        if len(item) != 2:  # noqa: PLR2004 - the id and the value
            raise bad_request("Operation failed. Entities must provide only an identifier and a value")
        if item.get(key) is None:
            raise bad_request(f"Operation failed. Unknown identifier on index {number}")
        values[_known(state, entity_type, item[key])] = item.get(attribute_name)
    writes.set_values(state, entity_type, attribute, values)
    return empty()


def _known(state: State, entity_type: EntityType, value: Any) -> Any:
    row_id = typed_id(entity_type, _id_text(value))
    if row_id not in state.rows(entity_type.id):
        raise unknown_row(entity_type.id_attribute.name, str(row_id), entity_type.label)
    return row_id


def _id_text(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:.0f}"
    if not isinstance(value, str):
        raise bad_request("Invalid request body.")
    return value


def _delete_batch(state: State, ask: Ask, name: str) -> Answer:
    ids = _batch(ask, "entityIds")
    entity_type = state.require(ask.user, name, "DELETE_DATA")
    writes.delete(state, entity_type, map(_id_text, ids))
    return empty(204)


def _delete_row(state: State, ask: Ask, name: str, row_id: str) -> Answer:
    writes.delete(state, state.require(ask.user, name, "DELETE_DATA"), [row_id])
    return empty(204)


def _entities(ask: Ask) -> list[dict[str, Any]]:
    items = _batch(ask, "entities")
    if not all(isinstance(one, dict) for one in items):
        raise bad_request("Invalid request body.")
    return items


def _batch(ask: Ask, key: str) -> list[Any]:
    """The list of a batch: 1 to 1000 [C 030, 031, 142, 149]."""
    ask.require_type(JSON)
    items = ask.json_object().get(key)
    if not items:
        raise bad_request(f"Please provide at least one entity in the {key} property.")
    if not isinstance(items, list):
        raise bad_request("Invalid request body.")
    if len(items) > MAX_BATCH:
        raise bad_request(f"Number of entities cannot be more than {MAX_BATCH}.")
    return items


def _copy(state: State, ask: Ask, name: str) -> Answer:
    ask.require_type(JSON)
    new_name = str(ask.json_object().get("newEntityName") or "")
    entity_type = state.require(ask.user, name, "READ_DATA")
    if new_name in state.types:
        raise bad_request(f"Operation failed. Duplicate entity: '{new_name}'")
    attributes = tuple(
        msgspec.structs.replace(one, id="") for one in entity_type.attributes if one.type != "onetomany"
    )
    copy = msgspec.structs.replace(entity_type, id=new_name, label=new_name, attributes=attributes, package=None)
    state.put_type(copy)
    state.stored[new_name] = dict(state.rows(name))
    href = answers_v2.path(new_name)
    return json_answer(new_name, 201, (("Location", href),))


_ROUTES: dict[tuple[str, int], Any] = {
    ("GET", 1): _page,
    ("POST", 1): _create,
    ("PUT", 1): _replace,
    ("DELETE", 1): _delete_batch,
    ("GET", 2): _row,
    ("PUT", 2): _set_attribute,
    ("DELETE", 2): _delete_row,
}
