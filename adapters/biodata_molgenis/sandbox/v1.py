"""REST v1: session, metadata, rows one at a time, rules (protocols/molgenis.md, a1 to a4)."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING, Any

from biodata_molgenis.sandbox import answers_v1, changes, writes
from biodata_molgenis.sandbox.answers import View
from biodata_molgenis.sandbox.conditions import from_rsql
from biodata_molgenis.sandbox.errors import (
    ApiError,
    Violation,
    bad_request,
    data_error,
    unknown_attribute,
    unknown_type,
)
from biodata_molgenis.sandbox.fetch import Fetch, everything, parse_attrs, resolve
from biodata_molgenis.sandbox.files import keep_uploads
from biodata_molgenis.sandbox.http import FORM, JSON, MULTIPART, Answer, Ask, empty, json_answer, text_answer
from biodata_molgenis.sandbox.parameters import DEFAULT_PAGE, bound, mismatched, query_v2
from biodata_molgenis.sandbox.query import select, text_of
from biodata_molgenis.sandbox.rules import from_rules
from biodata_molgenis.sandbox.validation import invalid_id

if TYPE_CHECKING:
    from biodata_molgenis.sandbox.conditions import Condition
    from biodata_molgenis.sandbox.model import EntityType
    from biodata_molgenis.sandbox.state import State

__all__ = ["handle"]

BEAN = "entityCollectionRequest"
TOO_MANY = "No more than 10000 rows can be requested"


def handle(state: State, ask: Ask, parts: tuple[str, ...]) -> Answer | None:
    """The answer to a request below `/api/v1`; None where no route takes it with this method."""
    method = ask.method
    if method == "POST" and "_method" in ask.query:
        method = ask.query["_method"].upper()
    fixed = _FIXED.get(parts)
    if fixed is not None:
        return fixed(state, ask) if method == "POST" else None
    special = _special(state, ask, method, parts)
    if special is not None:
        return special
    route = _ROUTES.get((method, len(parts)))
    return route(state, ask, *parts) if route is not None else None


def _special(state: State, ask: Ask, method: str, parts: tuple[str, ...]) -> Answer | None:
    match method, parts:
        case "GET", ("csv", name):
            return _csv(state, ask, name)
        case "GET", (name, "exist"):
            return text_answer("true" if name in state.types else "false")
        case "GET", (name, "meta"):
            return _meta(state, ask, name)
        case "GET", (name, "meta", attribute):
            return _meta_attribute(state, ask, name, attribute)
        case "DELETE", (name, "meta"):
            return _drop(state, ask, name)
    return None


def _login(state: State, ask: Ask) -> Answer:
    ask.require_type(JSON)
    body = ask.json_object()
    user, password = body.get("username"), body.get("password")
    if user in state.two_factor:
        raise ApiError(
            401, Violation(f"Login using {ask.raw_path} is disabled, two factor authentication is enabled")
        )
    token = state.login(str(user), str(password))
    if token is None:
        raise ApiError(401, Violation("Bad credentials"))
    if user in state.password_due:
        text = "Unable to log in because a password reset is required. Sign in to the website to reset your password."
        raise ApiError(401, Violation(text))
    return json_answer({"token": token, "username": user})


def _logout(state: State, ask: Ask) -> Answer:
    if ask.token is None:
        text = "Missing molgenis token. Token should either be present in the x-molgenis-token request header"
        raise bad_request(f"{text} or the molgenis-token parameter.")
    if not state.logout(ask.token):
        raise ApiError(404, Violation("Unknown token"))
    return empty()


def _view(state: State, ask: Ask) -> View:
    return View(state, ask.user, ask.base)


def _options(ask: Ask) -> dict[str, Any]:
    """`attributes`, `expand` and paging: from the JSON body of a tunnelled POST, else from the address."""
    if ask.method == "POST" and ask.content_type == JSON and ask.body:
        return ask.json_object()
    listed: dict[str, Any] = dict(ask.query)
    for name in ("attributes", "expand"):
        if name in listed:
            listed[name] = [part for part in str(listed[name]).split(",") if part]
    return listed


def _expand(options: dict[str, Any]) -> dict[str, Fetch | None]:
    """`ref` or partial `ref[a;b]` by lower-case name."""
    listed = options.get("expand")
    text = ",".join(map(str, listed)) if isinstance(listed, list) else ""
    if not text:
        return {}
    return {name.lower(): below for name, below in parse_attrs(text, "[]", ";").names}


def _expanded(entity_type: EntityType, options: dict[str, Any]) -> dict[str, Fetch | None]:
    asked = _expand(options)
    return {
        one.name: asked[one.name.lower()] or Fetch((), star=True)
        for one in entity_type.atomic
        if one.name.lower() in asked and one.reference
    }


def _meta(state: State, ask: Ask, name: str) -> Answer:
    entity_type = state.require(ask.user, name, "READ_METADATA")
    expanded = "attributes" in _expand(_options(ask))
    return json_answer(answers_v1.type_meta(_view(state, ask), entity_type, expanded=expanded))


def _meta_attribute(state: State, ask: Ask, name: str, attribute: str) -> Answer:
    entity_type = state.require(ask.user, name, "READ_METADATA")
    if attribute not in entity_type.by_name:
        # The server names the wrong thing here [C 089].
        raise unknown_type(name)
    expanded = "refentity" in _expand(_options(ask))
    found = entity_type.by_name[attribute]
    return json_answer(answers_v1.attribute_meta(_view(state, ask), entity_type, found, expanded=expanded))


def _drop(state: State, ask: Ask, name: str) -> Answer:
    changes.drop(state, state.require(ask.user, name, "DELETE_METADATA"))
    return empty(204)


def _page(state: State, ask: Ask, name: str) -> Answer:
    if wrong := mismatched(ask.query, BEAN):
        raise ApiError(400, *wrong)
    options = _options(ask)
    start, num = _number(options.get("start", 0)), _number(options.get("num", DEFAULT_PAGE))
    violations = list(bound(start, num, BEAN, TOO_MANY))
    if violations:
        raise ApiError(400, *violations)
    entity_type = state.require(ask.user, name, "READ_DATA")
    condition = _condition(state, entity_type, options.get("q"))
    sort = _sort(options.get("sort"))
    rows = state.visible_rows(ask.user, name)
    found = select(state, entity_type, rows, condition, sort, start, num)
    view = _view(state, ask)
    shown = _attributes(entity_type, options)
    expand = _expanded(entity_type, options)
    items = [answers_v1.row_body(view, entity_type, row, shown, expand) for row in found.rows]
    return json_answer(answers_v1.page(view, entity_type, items, start, num, found.total))


def _sort(sort: Any) -> list[tuple[str, bool]]:
    orders = sort.get("orders") if isinstance(sort, dict) else None
    if not isinstance(orders, list):
        return []
    if not all(isinstance(one, dict) and isinstance(one.get("property"), str) for one in orders):
        raise bad_request("Invalid request body.")
    return [(one["property"], str(one.get("direction", "ASC")).upper() == "DESC") for one in orders]


def _number(value: Any) -> int:
    try:
        return int(value)
    except (TypeError, ValueError):
        raise bad_request("Invalid request body.") from None


def _condition(state: State, entity_type: EntityType, rules: Any) -> Condition | None:
    if rules is None:
        return None
    if not isinstance(rules, list) or not all(isinstance(rule, dict) for rule in rules):
        raise bad_request("Invalid request body.")
    return from_rules(state.types, entity_type, rules)


def _attributes(entity_type: EntityType, options: dict[str, Any]) -> Any:
    names = options.get("attributes")
    if not names or not isinstance(names, list):
        return everything(entity_type)
    fetch = Fetch(tuple((str(name), None) for name in names), star=False)
    return resolve(entity_type, fetch, any_case=True)


def _row(state: State, ask: Ask, name: str, row_id: str) -> Answer:
    entity_type = state.require(ask.user, name, "READ_DATA")
    options = _options(ask)
    row = state.row(entity_type, row_id)
    shown, expand = _attributes(entity_type, options), _expanded(entity_type, options)
    return json_answer(answers_v1.row_body(_view(state, ask), entity_type, row, shown, expand))


def _row_attribute(state: State, ask: Ask, name: str, row_id: str, attribute: str) -> Answer:
    entity_type = state.require(ask.user, name, "READ_DATA")
    row = state.row(entity_type, row_id)
    if attribute not in entity_type.by_name:
        raise unknown_attribute(attribute, entity_type.label)
    found = entity_type.by_name[attribute]
    return json_answer(answers_v1.attribute_value(_view(state, ask), entity_type, found, row))


def _written(state: State, ask: Ask, entity_type: EntityType) -> dict[str, Any]:
    """The row of a request's body: a JSON object, a form, or a form with files."""
    if ask.content_type == JSON:
        return ask.json_object()
    uploads = keep_uploads(state, entity_type, ask.files, ask.base) if ask.content_type == MULTIPART else {}
    return {**ask.form, **uploads}


def _create(state: State, ask: Ask, name: str) -> Answer:
    ask.require_type(JSON, FORM, MULTIPART)
    entity_type = state.require(ask.user, name, "ADD_DATA")
    (row_id,) = writes.create(state, entity_type, [_written(state, ask, entity_type)])
    return empty(201, answers_v1.path(name, row_id))


def _replace(state: State, ask: Ask, name: str, row_id: str) -> Answer:
    """Replace a row by the one in the body, whose id counts and not that of the path (trap 2)."""
    kind = ask.require_type(JSON, FORM, MULTIPART)
    entity_type = state.require(ask.user, name, "UPDATE_DATA")
    state.row(entity_type, row_id)
    item = _written(state, ask, entity_type)
    row = writes.entity_from(state, entity_type, item, creating=False)
    if row[entity_type.id_attribute.name] is None:
        raise data_error(invalid_id(entity_type, row))
    writes.update(state, entity_type, [row])
    return empty(200 if kind == JSON else 204)


def _set_attribute(state: State, ask: Ask, name: str, row_id: str, attribute_name: str) -> Answer:
    ask.require_type(JSON)
    entity_type = state.require(ask.user, name, "UPDATE_DATA")
    row = state.row(entity_type, row_id)
    attribute = entity_type.by_name.get(attribute_name)
    if attribute is None:
        raise unknown_attribute(attribute_name, entity_type.label)
    if attribute.read_only:
        text = f"The attribute '{attribute_name}' of entity '{row_id}' is read-only."
        raise ApiError(401, Violation(text))
    value = ask.json() if ask.body.strip() else None
    writes.set_values(state, entity_type, attribute, {row[entity_type.id_attribute.name]: value})
    return empty()


def _delete_row(state: State, ask: Ask, name: str, row_id: str) -> Answer:
    writes.delete(state, state.require(ask.user, name, "DELETE_DATA"), [row_id])
    return empty(204)


def _delete_all(state: State, ask: Ask, name: str) -> Answer:
    writes.delete_all(state, state.require(ask.user, name, "DELETE_DATA"))
    return empty(204)


def _csv(state: State, ask: Ask, name: str) -> Answer:
    """Rows as CSV, every cell quoted, references as ids; `q` is RSQL here."""
    paging = query_v2(ask.query, "csvRequest")
    entity_type = state.require(ask.user, name, "READ_DATA")
    condition = from_rsql(state.types, entity_type, paging.query) if paging.query is not None else None
    column = ask.query.get("sortColumn")
    sort = [(column, ask.query.get("sortOrder", "ASC").upper() == "DESC")] if column else []
    rows = state.visible_rows(ask.user, name)
    num = paging.num if "num" in ask.query else len(rows)
    found = select(state, entity_type, rows, condition, sort, paging.start, num)
    shown = _attributes(entity_type, _options(ask))
    columns = [one for one in entity_type.atomic if one.name in shown]
    view = _view(state, ask)
    out = io.StringIO()
    writer = csv.writer(out, quoting=csv.QUOTE_ALL, lineterminator="\n")
    writer.writerow([one.name for one in columns])
    for row in found.rows:
        writer.writerow(
            [
                ",".join(map(str, view.ids(entity_type, one, row)))
                if one.multi
                else ""
                if row[one.name] is None
                else text_of(row[one.name])
                for one in columns
            ]
        )
    return text_answer(out.getvalue(), content_type="text/csv")


_FIXED: dict[tuple[str, ...], Any] = {("login",): _login, ("logout",): _logout}
_ROUTES: dict[tuple[str, int], Any] = {
    ("GET", 1): _page,
    ("POST", 1): _create,
    ("DELETE", 1): _delete_all,
    ("GET", 2): _row,
    ("PUT", 2): _replace,
    ("DELETE", 2): _delete_row,
    ("GET", 3): _row_attribute,
    ("PUT", 3): _set_attribute,
}
