"""What one request of a read asks, and how it is sent: v2 with RSQL, or v1 with rules."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from biodata.errors import QueryError
from biodata.http import FORM, Request
from biodata.records.types import Reference, element
from biodata_molgenis.render import Unsayable, plain_name, rsql, rules
from biodata_molgenis.server import table_path

if TYPE_CHECKING:
    from collections.abc import Sequence

    from biodata.query.plan import Order
    from biodata.query.tree import Node
    from biodata.records.types import Field, Schema

__all__ = ["Call", "filtered", "sort_keys", "to_http"]

LONGEST_URL = 4000


class Call(msgspec.Struct, frozen=True):
    """What one request asks; picklable.

    Attributes:
        q: RSQL; None for no filter.
        rules: v1's rules in place of RSQL; then v1 answers.
        sort: (field, descending), the id attribute last.
        expected: the total that the scan's first page gave; None in the first page.
    """

    table: str
    fields: tuple[str, ...]
    q: str | None = None
    rules: list[dict[str, Any]] | None = None
    sort: tuple[tuple[str, bool], ...] = ()
    start: int = 0
    num: int = 1
    expected: int | None = None


def sort_keys(schema: Schema, order: Sequence[Order] = ()) -> tuple[tuple[str, bool], ...]:
    """(field, descending) of each key of the order, and of the id attribute last."""
    keys: dict[str, bool] = {}
    for one in order:
        keys.setdefault(one.path[0], one.descending)
    keys.setdefault(str(schema.key), False)
    return tuple(keys.items())


def filtered(call: Call, node: Node | None) -> Call:
    """The call with its filter in RSQL, or in v1's rules where RSQL cannot say it."""
    if all(plain_name(name) for name, _ in call.sort):
        try:
            return msgspec.structs.replace(call, q=rsql(node) if node is not None else None)
        except Unsayable:
            pass
    try:
        return msgspec.structs.replace(call, rules=rules(node) if node is not None else [])
    except Unsayable:
        raise QueryError(
            "A native query cannot be joined with this filter: RSQL cannot write a value with both kinds of quote",
            code="BD-QUERY-NATIVE",
            table=call.table,
        ) from None


def to_http(call: Call, schema: Schema) -> Request:
    """The request to send."""
    return _v2_request(call, schema) if call.rules is None else _v1_request(call, schema)


def _v2_request(call: Call, schema: Schema) -> Request:
    path = table_path("v2", call.table)
    params = _v2_params(call, schema.by_name)
    request = Request(method="GET", path=path, params=params)
    if len(request.target) <= LONGEST_URL:
        return request
    form = Request(method="GET", path="", params=params).target.removeprefix("?").encode()
    return Request(
        method="POST",
        path=path,
        params=(("_method", "GET"),),
        body=form,
        content_type=FORM,
        idempotent=True,
    )


def _v2_params(call: Call, fields: dict[str, Field]) -> tuple[tuple[str, str], ...]:
    sort = ",".join(f"{name}:desc" if descending else name for name, descending in call.sort)
    params = {"q": call.q or "", "attrs": ",".join(_attribute(name, fields) for name in call.fields), "sort": sort}
    numbers = {"start": str(call.start), "num": str(call.num)}
    return tuple((name, value) for name, value in (params | numbers).items() if value)


def _attribute(name: str, fields: dict[str, Field]) -> str:
    """One entry of `attrs`: of a reference the id alone (protocols/molgenis.md, b3)."""
    field = fields.get(name)
    if field is None or not isinstance(element(field.type), Reference) or "ref_id" not in field.options:
        return _escaped(name)
    return f"{_escaped(name)}({_escaped(field.options['ref_id'])})"


def _escaped(name: str) -> str:
    return name if plain_name(name) else "".join(f"\\{one}" if one in "\\,()*~" else one for one in name)


def _v1_request(call: Call, schema: Schema) -> Request:
    body = _v1_body(call, schema.by_name)
    path = table_path("v1", call.table)
    return Request.json("POST", path, body, params=(("_method", "GET"),), idempotent=True)


def _v1_body(call: Call, fields: dict[str, Field]) -> dict[str, Any]:
    expand = [name for name in call.fields if name in fields and "ref_id" in fields[name].options]
    orders = [{"property": name, "direction": "DESC" if down else "ASC"} for name, down in call.sort]
    names = list(dict.fromkeys((*call.fields, *(name for name, _ in call.sort[-1:]))))
    body = {"q": call.rules, "attributes": names, "expand": expand}
    return body | {"sort": {"orders": orders}, "start": call.start, "num": call.num}
