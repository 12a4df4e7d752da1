"""The data API v3: rows one at a time, with a true partial update (protocols/molgenis.md, c)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from biodata_molgenis.sandbox import answers_v3, writes
from biodata_molgenis.sandbox.answers import View
from biodata_molgenis.sandbox.conditions import All, Condition, Leaf, Not, Some, from_rsql
from biodata_molgenis.sandbox.errors import ApiError, Violation, unknown_attribute
from biodata_molgenis.sandbox.fetch import parse_attrs, resolve
from biodata_molgenis.sandbox.http import JSON, Answer, Ask, empty, json_answer
from biodata_molgenis.sandbox.parameters import problem_paging
from biodata_molgenis.sandbox.query import select
from biodata_molgenis.sandbox.rsql import Comparison, Logical, Node
from biodata_molgenis.sandbox.state import typed_id
from biodata_molgenis.sandbox.values import FileId, convert

if TYPE_CHECKING:
    from biodata_molgenis.sandbox.fetch import Fetch
    from biodata_molgenis.sandbox.model import Attribute, EntityType
    from biodata_molgenis.sandbox.state import Row, State

__all__ = ["handle"]

_NUMERIC = frozenset({"int", "long", "decimal"})
_SORT = re.compile(r"([+-]?)(.+)")


def handle(state: State, ask: Ask, parts: tuple[str, ...]) -> Answer | None:
    """The answer to a request below `/api/data`; None where no route takes it with this method."""
    route = _ROUTES.get((ask.method, len(parts)))
    return route(state, ask, *parts) if route is not None else None


def _list(state: State, ask: Ask, name: str) -> Answer:
    paging = problem_paging(ask.query)
    entity_type = state.require(ask.user, name, "READ_DATA")
    condition = condition_of(state, entity_type, paging.query)
    rows = state.visible_rows(ask.user, name)
    found = select(state, entity_type, rows, condition, sort_of(ask.query), paging.start, paging.num)
    write = _writer(state, ask, entity_type)
    items = [write(row) for row in found.rows]
    return json_answer(answers_v3.page(ask, items, paging.start, paging.num, found.total))


def condition_of(state: State, entity_type: EntityType, node: Node | None) -> Condition | None:
    """The condition of v3's RSQL: `=out=` is there, `=rng=` and `=notlike=` are not.

    Raises:
        ApiError: 400 for an operator that v3 lacks.
    """
    if node is None:
        return None
    if isinstance(node, Logical):
        children = tuple(condition_of(state, entity_type, child) or All(()) for child in node.children)
        return All(children) if node.operator == "and" else Some(children)
    if node.operator in ("=rng=", "=notlike=", "=sq="):
        violation = Violation(f"Invalid query operator '{node.operator}'.", "API05", "q", node.operator)
        raise ApiError(400, violation, problem=True)
    if node.operator == "=out=":
        inside = from_rsql(state.types, entity_type, Comparison(node.selector, "=in=", node.arguments))
        assert isinstance(inside, Leaf)  # noqa: S101 - what =in= becomes
        return Not(inside)
    return from_rsql(state.types, entity_type, node)


def sort_of(query: dict[str, str]) -> list[tuple[str, bool]]:
    """v3's `a,-b` as (attribute, descending)."""
    matches = [_SORT.fullmatch(part.strip()) for part in query.get("sort", "").split(",")]
    return [(match[2], match[1] == "-") for match in matches if match is not None]


def _writer(state: State, ask: Ask, entity_type: EntityType) -> answers_v3.Writer:
    view = View(state, ask.user, ask.base)
    selection = ask.query.get("filter")
    shown = resolve(entity_type, parse_attrs(selection) if selection else None)
    expand: dict[str, Fetch | None] = dict(parse_attrs(ask.query.get("expand", "")).names)
    return answers_v3.row_writer(view, entity_type, shown, expand)


def _row(state: State, ask: Ask, name: str, row_id: str) -> Answer:
    entity_type = state.require(ask.user, name, "READ_DATA")
    return json_answer(_writer(state, ask, entity_type)(_found(state, entity_type, row_id)))


def _found(state: State, entity_type: EntityType, row_id: str) -> Row:
    row = state.rows(entity_type.id).get(typed_id(entity_type, row_id))
    if row is None:
        text = f"Unknown entity '{row_id}' of type '{entity_type.id}'."
        raise ApiError(404, Violation(text, "D02a"), problem=True)
    return row


def _sub_list(state: State, ask: Ask, name: str, row_id: str, attribute_name: str) -> Answer:
    paging = problem_paging(ask.query)
    entity_type = state.require(ask.user, name, "READ_DATA")
    attribute = entity_type.by_name.get(attribute_name)
    if attribute is None or not attribute.multi:
        raise unknown_attribute(attribute_name, entity_type.label)
    view = View(state, ask.user, ask.base)
    target = view.type_of(attribute)
    rows = view.referenced(entity_type, attribute, _found(state, entity_type, row_id))
    write = _writer(state, ask, target)
    items = [write(row) for row in rows[paging.start : paging.start + paging.num]]
    return json_answer(answers_v3.page(ask, items, paging.start, paging.num, len(rows)))


def _create(state: State, ask: Ask, name: str) -> Answer:
    ask.require_type(JSON)
    item = ask.json_object()
    entity_type = state.require(ask.user, name, "ADD_DATA")
    (row_id,) = writes.create(state, entity_type, [_checked(entity_type, item)])
    return empty(201, answers_v3.link(ask.base, "data", name, row_id))


def _replace(state: State, ask: Ask, name: str, row_id: str) -> Answer:
    ask.require_type(JSON)
    item = _checked(state.require(ask.user, name, "UPDATE_DATA"), ask.json_object())
    entity_type = state.types[name]
    key = entity_type.id_attribute.name
    present = _found(state, entity_type, row_id)
    row = writes.entity_from(state, entity_type, {**item, key: row_id}, creating=False)
    row[key] = present[key]
    writes.update(state, entity_type, [row])
    return empty(204)


def _patch(state: State, ask: Ask, name: str, row_id: str) -> Answer:
    """The only partial update of several attributes in classic [C 132]."""
    ask.require_type(JSON)
    item = ask.json_object()
    entity_type = state.require(ask.user, name, "UPDATE_DATA")
    row = dict(_found(state, entity_type, row_id))
    for attribute in entity_type.atomic:
        if attribute.name in item and not attribute.is_id:
            value = _checked(entity_type, item)[attribute.name]
            held = FileId(value) if attribute.type == "file" and value else value
            row[attribute.name] = convert(state.types, attribute, held)
    writes.update(state, entity_type, [row])
    return empty(204)


def _checked(entity_type: EntityType, item: dict[str, Any]) -> dict[str, Any]:
    """The item, if its values have the JSON types that v3 insists on."""
    for attribute in entity_type.atomic:
        if attribute.name in item:
            _refuse_type(attribute, item[attribute.name])
    return item


def _refuse_type(attribute: Attribute, value: Any) -> None:
    if attribute.multi and value is None:
        text = f"Null value is not allowed for attribute '{attribute.name}' of type MREF"
        raise ApiError(400, Violation(f"{text}, use an empty list instead.", "DAPI1"), problem=True)
    wanted, word = _wanted(attribute)
    if value is not None and (not isinstance(value, wanted) or (wanted is float and isinstance(value, bool))):
        text = f"Invalid value for attribute '{attribute.name}' of type '{attribute.type.upper()}'"
        raise ApiError(400, Violation(f"{text}, the value should be a {word}.", "D16"), problem=True)


def _wanted(attribute: Attribute) -> tuple[type, str]:
    if attribute.multi:
        return list, "list"
    if attribute.type in _NUMERIC:
        return float, "number"
    if attribute.type == "bool":
        return bool, "boolean"
    return str, "string"


def _delete_row(state: State, ask: Ask, name: str, row_id: str) -> Answer:
    entity_type = state.require(ask.user, name, "DELETE_DATA")
    _found(state, entity_type, row_id)
    writes.delete(state, entity_type, [row_id])
    return empty(204)


def _delete_some(state: State, ask: Ask, name: str) -> Answer:
    paging = problem_paging(ask.query)
    entity_type = state.require(ask.user, name, "DELETE_DATA")
    condition = condition_of(state, entity_type, paging.query)
    rows = state.rows(name)
    found = select(state, entity_type, rows, condition, (), 0, len(rows))
    writes.delete(state, entity_type, [str(row[entity_type.id_attribute.name]) for row in found.rows])
    return empty(204)


_ROUTES: dict[tuple[str, int], Any] = {
    ("GET", 1): _list,
    ("POST", 1): _create,
    ("DELETE", 1): _delete_some,
    ("GET", 2): _row,
    ("PUT", 2): _replace,
    ("PATCH", 2): _patch,
    ("DELETE", 2): _delete_row,
    ("GET", 3): _sub_list,
}
