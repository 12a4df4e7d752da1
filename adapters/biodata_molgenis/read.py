"""Reading: the requests of a scan, their answers as records, many records by key, and counts.

A scan is sorted by the id attribute after whatever order is asked, and walks by offsets of its own: the links that
the server gives lose the query (v1), name another host (v2) or point at themselves (protocols/molgenis.md, h5, b1).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from biodata.adapter import Page, PageRequest
from biodata.errors import ProtocolError, QueryError
from biodata.pages import check_page
from biodata.query.tree import And, Leaf, Native
from biodata.records.types import Integer, List, Reference
from biodata.references import chunks
from biodata_molgenis.calls import Call, filtered, sort_keys, to_http
from biodata_molgenis.decode import records
from biodata_molgenis.render import literals, longest_run, rsql, sayable
from biodata_molgenis.server import read_json

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from biodata.http import HttpSession
    from biodata.query.plan import Plan
    from biodata.query.tree import Node
    from biodata.records.types import Field, Key, Record, Schema

__all__ = ["count", "fetch", "page", "page_size", "requests"]

SEARCH_WINDOW = 10_000
_CELLS = {Reference: 5, List: 20}
_KEYS = 500


class _Collection(msgspec.Struct):
    items: list[dict[str, Any]]
    total: int


def page_size(plan: Plan) -> int:
    """1000 records where they are wide, up to 5000 where they are narrow.

    On a real server 5000 narrow rows took half as long again as 1000 (protocols/molgenis.md, g), while wide rows
    with expanded references ran into time-outs above 2000.
    """
    cells = sum(_CELLS.get(type(plan.schema[name].type), 1) for name in {path[0] for path in plan.fields})
    return max(1000, min(5000, 50_000 // max(cells, 1)))


# --- the requests of a scan --------------------------------------------------------------------------------


def requests(plan: Plan, after: Page | None) -> Sequence[PageRequest]:
    """The first request; after its page, all the others: the total is known then.

    Raises:
        QueryError: `BD-QUERY-NATIVE`, where a native query cannot be joined with the filter, or finds more than
            the search engine's 10 000 records.
    """
    if plan.limit == 0:
        return ()
    if after is None:
        size = plan.page_size if plan.limit is None else min(plan.page_size, plan.limit)
        return (_page_request(_call(plan), plan.schema, plan.offset, size),)
    first: Call = after.request.call
    if first.expected is not None or after.total is None:
        return ()
    return _rest(plan, first, after.total)


def _rest(plan: Plan, first: Call, total: int) -> Sequence[PageRequest]:
    end = total if plan.limit is None else min(total, plan.offset + plan.limit)
    if end > SEARCH_WINDOW and _searches(first):
        raise QueryError(
            f"The native query finds {total} records, and the server's search engine gives no more than 10 000",
            code="BD-QUERY-NATIVE",
            hint="Ask for a narrower range, or put the condition in the filter",
        )
    call = msgspec.structs.replace(first, expected=total)
    starts = range(first.start + first.num, end, plan.page_size)
    return [_page_request(call, plan.schema, start, min(plan.page_size, end - start)) for start in starts]


def _searches(call: Call) -> bool:
    """Whether a native query goes to the search engine."""
    rules = msgspec.json.encode(call.rules) if call.rules else b""
    return any(operator in (call.q or "") for operator in ("=q=", "=sq=")) or b'"SEARCH' in rules


def _page_request(call: Call, schema: Schema, start: int, size: int) -> PageRequest:
    call = msgspec.structs.replace(call, start=start, num=size)
    return PageRequest(call, to_http(call, schema).line, start, size)


def _call(plan: Plan) -> Call:
    schema = plan.schema
    names = dict.fromkeys(path[0] for path in plan.fields)
    fields = tuple(names) or schema.key_fields
    return filtered(Call(schema.table, fields, sort=sort_keys(schema, plan.order)), _filter(plan))


def _filter(plan: Plan) -> Node | None:
    parts = [plan.pushed] if plan.pushed is not None else []
    parts += [Native(plan.query.native)] if plan.query.native else []
    return And(tuple(parts)) if len(parts) > 1 else next(iter(parts), None)


# --- one request -------------------------------------------------------------------------------------------


def page(session: HttpSession, plan: Plan, request: PageRequest) -> Page:
    """Send one request of a scan.

    Raises:
        RemoteError: `BD-REMOTE-CHANGED`: records came or went during the scan, so that pages by offset may have
            lost or repeated some; `BD-REMOTE-SHORT`: the page is shorter than its own total says.
    """
    call: Call = request.call
    found = _collection(session, call, plan.schema, literals(plan.pushed))
    check_page(
        call.table, len(found.items), offset=call.start, size=call.num, total=found.total, expected=call.expected
    )
    return Page(_records(session, call, plan.schema, found.items), request, found.total)


def _collection(session: HttpSession, call: Call, schema: Schema, values: Iterable[Any] = ()) -> _Collection:
    return read_json(session, to_http(call, schema), _Collection, call.table, values)


# --- its answer --------------------------------------------------------------------------------------------


def _records(session: HttpSession, call: Call, schema: Schema, items: list[dict[str, Any]]) -> list[Record]:
    if call.rules is not None:
        items = [_completed(session, schema, item) for item in items]
    return records(items, call.fields, schema, call.start)


def _completed(session: HttpSession, schema: Schema, item: dict[str, Any]) -> dict[str, Any]:
    """A v1 row with its long lists whole: v1 expands the first 100 elements only (protocols/molgenis.md, a3)."""
    cut = tuple(name for name, value in item.items() if _is_cut(value))
    if not cut:
        return item
    key = item.get(str(schema.key))
    whole = next((row for row in _around(session, schema, key, cut) if row[str(schema.key)] == key), None)
    if key is None or whole is None:
        raise ProtocolError(f"A long list in field '{cut[0]}' cannot be read whole", table=schema.table)
    return item | {name: whole[name] for name in cut}


def _is_cut(value: Any) -> bool:
    return isinstance(value, dict) and "items" in value and value.get("total", 0) > len(value["items"])


def _around(session: HttpSession, schema: Schema, key: Key, names: tuple[str, ...]) -> Iterator[dict[str, Any]]:
    """Rows of v2 among which is the one with that key, as JSON."""
    leaf = Leaf((str(schema.key),), "==", key)
    if not sayable(key):
        leaf = Leaf(leaf.path, "contains", key)
        if not longest_run(leaf):
            return
    call = Call(schema.table, (str(schema.key), *names), rsql(leaf), sort=sort_keys(schema), num=SEARCH_WINDOW)
    yield from _collection(session, call, schema, [key]).items


# --- by key, and counting ----------------------------------------------------------------------------------


def fetch(session: HttpSession, schema: Schema, keys: Sequence[Key], fields: Sequence[str]) -> Iterator[Record]:
    """The records with these keys that are there; keys that the id attribute cannot have are not asked for."""
    names = tuple(dict.fromkeys((str(schema.key), *fields)))
    possible = [key for key in dict.fromkeys(keys) if _possible(schema[str(schema.key)], key)]
    plain = [key for key in possible if sayable(key)]
    quoted = [key for key in possible if not sayable(key)]
    for some in (*chunks(plain, _KEYS), *chunks(quoted, _KEYS)):
        node = Leaf((str(schema.key),), "in", tuple(some))
        call = filtered(Call(schema.table, names, sort=sort_keys(schema), num=len(some)), node)
        found = _collection(session, call, schema, some)
        yield from _records(session, call, schema, found.items)


def _possible(field: Field, key: Key) -> bool:
    if isinstance(field.type, Integer):
        bound = 2 ** ((field.type.bits or 64) - 1)
        return isinstance(key, int) and -bound <= key < bound
    return isinstance(key, str) and key != "" and "\0" not in key


def count(session: HttpSession, plan: Plan) -> int:
    """The number of records that match, from a page of one record."""
    if plan.limit == 0:
        return 0
    call = msgspec.structs.replace(_call(plan), fields=plan.schema.key_fields, sort=(), start=0, num=1)
    return _collection(session, call, plan.schema, literals(plan.pushed)).total
