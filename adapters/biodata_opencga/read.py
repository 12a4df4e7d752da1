"""Reading: the requests of a scan, their answers as records, many records by key, and counts.

A scan is sorted by id, since pages are not stable without (section 5), and walks by offsets of its own.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from biodata.adapter import Page, PageRequest
from biodata.pages import check_page
from biodata_opencga.answers import ask
from biodata_opencga.calls import Call, to_http
from biodata_opencga.catalogue import read_whole, whole_requests
from biodata_opencga.decode import records
from biodata_opencga.render import LONGEST, NO_VALUE, literals, parameters, plain
from biodata_opencga.tables import table_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from biodata.http import HttpSession
    from biodata.query.plan import Plan
    from biodata.records.types import Key, Record, Schema
    from biodata_opencga.answers import Result

__all__ = ["count", "fetch", "page", "requests"]

_KEYS = 100
_KEY_NONE = f"~^{NO_VALUE}$"
"""A record may have the key that means "no value" in a search: only a regular expression finds it."""


# --- the requests of a scan --------------------------------------------------------------------------------


def requests(plan: Plan, study: str | None, after: Page | None) -> Sequence[PageRequest]:
    """The first request, which counts; after its page, all the others; the last one counts again."""
    if plan.limit == 0:
        return ()
    if after is None:
        call = _call(plan, study)
        size = plan.page_size if plan.limit is None else min(plan.page_size, plan.limit)
        return () if call is None else (_page_request(call, plan.schema, plan.offset, size, counted=True),)
    first: Call = after.request.call
    if first.expected is not None or after.total is None:
        return ()
    end = after.total if plan.limit is None else min(after.total, plan.offset + plan.limit)
    call = msgspec.structs.replace(first, expected=after.total)
    starts = range(first.skip + first.limit, end, plan.page_size)
    return [
        _page_request(call, plan.schema, at, min(plan.page_size, end - at), counted=at == starts[-1]) for at in starts
    ]


def _page_request(call: Call, schema: Schema, skip: int, size: int, *, counted: bool) -> PageRequest:
    call = msgspec.structs.replace(call, skip=skip, limit=size, counted=counted)
    asked = (
        [to_http(call, schema)] if table_of(call.table).searched else whole_requests(schema, call.fields, call.study)
    )
    return PageRequest(call, "\n".join(request.line for request in asked), skip, size)


def _call(plan: Plan, study: str | None) -> Call | None:
    filters = parameters(plan.schema.table, plan.pushed)
    if filters is None:
        return None
    fields = tuple(dict.fromkeys(path[0] for path in plan.fields)) or plan.schema.key_fields
    down = bool(plan.order) and plan.order[0].descending
    return Call(plan.schema.table, fields, tuple(filters.items()), study, descending=down)


# --- one request -------------------------------------------------------------------------------------------


def page(session: HttpSession, plan: Plan, request: PageRequest) -> Page:
    """Send one request of a scan.

    Raises:
        RemoteError: `BD-REMOTE-CHANGED`: records came or went during the scan; `BD-REMOTE-SHORT`: the page is
            shorter than the total says.
    """
    call: Call = request.call
    if not table_of(call.table).searched:
        rows = read_whole(session, call.study, plan.schema, call.fields)
        return Page(rows[call.skip : call.skip + call.limit], request, len(rows))
    found = _search(session, call, plan.schema, literals(plan.pushed))
    total = found.numMatches if call.counted else call.expected
    check_page(call.table, len(found.results), offset=call.skip, size=call.limit, total=total, expected=call.expected)
    return Page(records(found.results, call.fields, plan.schema, call.skip), request, total)


def _search(session: HttpSession, call: Call, schema: Schema, values: Iterable[Any] = ()) -> Result:
    return ask(session, to_http(call, schema), call.table, values).result


# --- by key, and counting ----------------------------------------------------------------------------------


def fetch(
    session: HttpSession, study: str | None, schema: Schema, keys: Sequence[Key], fields: Sequence[str]
) -> Iterator[Record]:
    """The records with these keys that are there; keys that cannot be ids are not asked for."""
    names = tuple(dict.fromkeys((str(schema.key), *fields)))
    if not table_of(schema.table).searched:
        wanted = set(keys)
        yield from (one for one in read_whole(session, study, schema, names) if one[str(schema.key)] in wanted)
        return
    possible = [key for key in dict.fromkeys(keys) if plain(key)]
    asked = [(",".join(some), len(some)) for some in _chunks(possible)]
    for text, most in (*asked, *([(_KEY_NONE, 1)] if NO_VALUE in keys else ())):
        call = Call(schema.table, names, (("id", text),), study, limit=most)
        yield from records(_search(session, call, schema, keys).results, names, schema)


def _chunks(keys: list[str]) -> Iterator[list[str]]:
    chunk, size = list[str](), 0
    for key in keys:
        length = len(key.encode()) * 3 + 3
        if chunk and (len(chunk) >= _KEYS or size + length > 2 * LONGEST):
            yield chunk
            chunk, size = [], 0
        chunk.append(key)
        size += length
    if chunk:
        yield chunk


def count(session: HttpSession, study: str | None, plan: Plan) -> int:
    """The number of records that match."""
    call = None if plan.limit == 0 else _call(plan, study)
    if call is None:
        return 0
    if not table_of(call.table).searched:
        return len(read_whole(session, study, plan.schema, plan.schema.key_fields))
    call = msgspec.structs.replace(call, fields=plan.schema.key_fields, limit=0, counted=True)
    return _search(session, call, plan.schema, literals(plan.pushed)).numMatches
