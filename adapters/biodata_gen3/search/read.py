"""Reading an index: pages as far as Guppy's queries reach, which is 10,000 rows, and downloads beyond.

A page is sorted by the key, after any other order. A download has everything at once, in no order that can be relied
on, so that it is sorted here; nothing in it tells that it was cut, so its rows are counted (protocols/gen3.md, d).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from biodata.adapter import Page, PageRequest
from biodata.errors import PermissionDenied, ProtocolError, QueryError
from biodata.query.ordering import sort_key
from biodata.query.plan import Order
from biodata.records.types import Object, Schema, element
from biodata_gen3.search.decode import records
from biodata_gen3.search.query import filter_of, literals, sort_of
from biodata_gen3.search.server import download_request, graphql_request, shaped

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from biodata.http import Request
    from biodata.query.plan import Plan
    from biodata.records.types import Field, Key, Record
    from biodata_gen3.search.server import Guppy

__all__ = ["MOST", "SearchReader"]

MOST = 10_000
"""Rows that a query reaches: offset and first together."""
_KEYS = 500


class Call(msgspec.Struct, frozen=True):
    """One request of a scan; picklable, and without a secret.

    Attributes:
        given: the filter, as Guppy's JSON.
        fields: names of the schema.
        size: rows wanted, from the request's offset on; None for all.
        download: by the download endpoint.
        expected: the number of rows that the first page told; None for the first.
    """

    given: dict[str, Any] | None
    fields: tuple[str, ...]
    size: int | None
    download: bool = False
    expected: int | None = None


class SearchReader:
    """Reads the indices of one commons."""

    def __init__(self, guppy: Guppy) -> None:
        self._guppy = guppy

    # the requests of a scan ------------------------------------------------------------------------------------

    def requests(self, plan: Plan, after: Page | None) -> Sequence[PageRequest]:
        """Page after page while the end is near enough; one download of everything otherwise."""
        if plan.limit == 0:
            return ()
        if after is not None:
            return self._rest(plan, after)
        end = None if plan.limit is None else plan.offset + plan.limit
        if plan.query.limit is None or not plan.schema.key_fields or (end is not None and end > MOST):
            return (self._request(plan, plan.offset, plan.limit, download=True),)
        size = min(plan.page_size, MOST - plan.offset, plan.limit or plan.page_size)
        return (self._request(plan, plan.offset, size),)

    def _rest(self, plan: Plan, after: Page) -> Sequence[PageRequest]:
        call: Call = after.request.call
        total = after.total or 0
        end = total if plan.limit is None else min(total, plan.offset + plan.limit)
        start = after.request.offset + after.request.size
        if call.download or start >= end:
            return ()
        if start >= MOST:
            return (self._request(plan, start, None, download=True, expected=total),)
        return (self._request(plan, start, min(plan.page_size, end - start, MOST - start), expected=total),)

    def _request(
        self, plan: Plan, offset: int, size: int | None, *, download: bool = False, expected: int | None = None
    ) -> PageRequest:
        needed = (*plan.fields, *((one.path for one in plan.order) if download else ()))
        names = tuple(dict.fromkeys((*plan.schema.key_fields, *(path[0] for path in needed))))
        given = filter_of(plan.schema, plan.pushed)
        call = Call(given, names, size, download=download, expected=expected)
        return PageRequest(call, "\n".join(one.line for one in self._wire(plan, call, offset)), offset, size or 0)

    def _wire(self, plan: Plan, call: Call, offset: int) -> list[Request]:
        counted = graphql_request(*self.counting(plan.schema, call.given))
        if call.download:
            return [counted, download_request(self._download(plan.schema, call))]
        return [graphql_request(*self._page(plan, call, offset))]

    # what is sent ----------------------------------------------------------------------------------------------

    def _page(self, plan: Plan, call: Call, offset: int) -> tuple[str, dict[str, Any]]:
        schema = plan.schema
        rows = f"{schema.table}(first: $first, offset: $offset, sort: $sort{self._arguments(call.given)})"
        fields = " ".join(_selected(schema[name]) for name in call.fields)
        query = f"query($first: Int, $offset: Int, $sort: JSON{_declared(call.given)}) "
        query += f"{{{rows} {{{fields}}} {self._total(schema, call.given)}}}"
        variables = {"first": call.size, "offset": offset, "sort": sort_of(schema, plan.order)}
        return query, variables | _variables(call.given)

    def counting(self, schema: Schema, given: dict[str, Any] | None, *more: str) -> tuple[str, dict[str, Any]]:
        """The query for `_totalCount`, and for more that is counted."""
        declared = f"query({_declared(given).removeprefix(', ')}) " if given is not None else ""
        return f"{declared}{{{self._total(schema, given, *more)}}}", _variables(given)

    def _total(self, schema: Schema, given: dict[str, Any] | None, *more: str) -> str:
        inner = " ".join(("_totalCount", *more))
        arguments = self._arguments(given).removeprefix(", ")
        return f"_aggregation {{{schema.table}({arguments}) {{{inner}}}}}"

    def _arguments(self, given: dict[str, Any] | None) -> str:
        return f"{', filter: $filter' if given is not None else ''}, accessibility: {self._guppy.accessibility}"

    def _download(self, schema: Schema, call: Call) -> dict[str, Any]:
        fields = [name for one in call.fields for name in _dotted(schema[one])]
        body: dict[str, Any] = {
            "type": schema.table,
            "fields": fields,
            "accessibility": self._guppy.accessibility,
        }
        return body | _variables(call.given)

    # one request -----------------------------------------------------------------------------------------------

    def page(self, plan: Plan, request: PageRequest) -> Page:
        """Send one request of a scan.

        Raises:
            PermissionDenied: `BD-AUTH-DENIED`, this user may not read some of the records.
            RemoteError: `BD-REMOTE-CHANGED`, `BD-REMOTE-SHORT`: the index was filled anew, or an answer was cut.
        """
        call: Call = request.call
        if call.download:
            return self._all(plan, call, request)
        query, variables = self._page(plan, call, request.offset)
        data = self._guppy.ask(query, variables, plan.schema.table, literals(plan.pushed))
        total = _told(plan.schema, _counted(plan.schema, data))
        rows = _rows(plan.schema, data)
        _check(plan, call, request, len(rows), total)
        return Page(records(plan.schema, rows, call.fields, request.offset), request, total)

    def _all(self, plan: Plan, call: Call, request: PageRequest) -> Page:
        schema = plan.schema
        before = self.number(schema, call.given, plan)
        _check_unchanged(schema, call, before)
        body = self._download(schema, call)
        found = records(schema, self._guppy.rows(body, schema.table, literals(plan.pushed)), call.fields)
        if len(found) != before and not _between(len(found), before, self.number(schema, call.given, plan)):
            raise _short(schema, len(found), before)
        if plan.order or request.offset or call.size is not None:
            by_key = tuple(Order((name,)) for name in schema.key_fields)
            found.sort(key=sort_key((*plan.order, *by_key), schema))
        end = None if call.size is None else request.offset + call.size
        return Page(found[request.offset : end], request, before)

    # by key, and counting --------------------------------------------------------------------------------------

    def fetch(self, schema: Schema, keys: Sequence[Key], fields: Sequence[str]) -> Iterator[Record]:
        """The records with these keys that are there, 500 a request.

        Raises:
            QueryError: `BD-KEY-NONE`, several records have one of the keys: nothing tells which is meant.
        """
        wanted = [key for key in dict.fromkeys(keys) if isinstance(key, str | int)]
        names = tuple(dict.fromkeys((*schema.key_fields, *fields)))
        for start in range(0, len(wanted), _KEYS):
            some = wanted[start : start + _KEYS]
            given = {"in": {str(schema.key): some}}
            selected = " ".join(_selected(schema[name]) for name in names)
            query = f"query($first: Int, $filter: JSON) {{{schema.table}(first: $first{self._arguments(given)}) "
            data = self._guppy.ask(f"{query}{{{selected}}}}}", {"first": MOST, "filter": given}, schema.table, some)
            found = records(schema, _rows(schema, data), names)
            if len({schema.key_of(one) for one in found}) < len(found):
                raise _ambiguous(schema)
            yield from found

    def number(self, schema: Schema, given: dict[str, Any] | None, plan: Plan | None = None) -> int:
        """The number of records that match.

        Raises:
            PermissionDenied: `BD-AUTH-DENIED`, the commons does not tell so small a number.
        """
        return _told(schema, self.aggregation(schema, given, plan))

    def aggregation(
        self, schema: Schema, given: dict[str, Any] | None, plan: Plan | None = None, *more: str
    ) -> dict[str, Any]:
        """`_totalCount` and more that is counted over the records that match."""
        query, variables = self.counting(schema, given, *more)
        values = literals(plan.pushed) if plan is not None else ()
        return _counted(schema, self._guppy.ask(query, variables, schema.table, values))


def _rows(schema: Schema, data: dict[str, Any]) -> list[dict[str, Any]]:
    return shaped(data.get(schema.table) or [], list[dict[str, Any]], schema.table)


def _counted(schema: Schema, data: dict[str, Any]) -> dict[str, Any]:
    return shaped(data.get("_aggregation"), dict[str, dict[str, Any]], schema.table).get(schema.table, {})


def _told(schema: Schema, counted: dict[str, Any]) -> int:
    total = shaped(counted.get("_totalCount"), int, schema.table)
    if total < 0:
        raise PermissionDenied(
            "The commons does not say how many there are, where only few of them are hidden from this user",
            code="BD-AUTH-DENIED",
            table=schema.table,
            hint="connection.search counts those that you may read",
        )
    return total


def _declared(given: dict[str, Any] | None) -> str:
    return "" if given is None else ", $filter: JSON"


def _variables(given: dict[str, Any] | None) -> dict[str, Any]:
    return {} if given is None else {"filter": given}


def _selected(field: Field) -> str:
    inner = element(field.type)
    return f"{field.name} {{{' '.join(map(_selected, inner.fields))}}}" if isinstance(inner, Object) else field.name


def _dotted(field: Field) -> Iterator[str]:
    inner = element(field.type)
    if not isinstance(inner, Object):
        yield field.name
        return
    for one in inner.fields:
        yield from (f"{field.name}.{name}" for name in _dotted(one))


def _check_unchanged(schema: Schema, call: Call, total: int) -> None:
    if call.expected is not None and total != call.expected:
        raise ProtocolError(
            f"The index changed while it was read: {call.expected} records became {total}",
            code="BD-REMOTE-CHANGED",
            table=schema.table,
            hint="Read again; a commons fills its indices anew from time to time",
        )


def _check(plan: Plan, call: Call, request: PageRequest, number: int, total: int) -> None:
    _check_unchanged(plan.schema, call, total)
    if number != max(0, min(call.size or 0, total - request.offset)):
        raise _short(plan.schema, number, total)


def _ambiguous(schema: Schema) -> QueryError:
    name = str(schema.key)
    return QueryError(
        f"Several records of the index have the same '{name}', so that it names none of them",
        code="BD-KEY-NONE",
        table=schema.table,
        hint=f'A filter gives all of them: query("{name} = …")',
    )


def _between(number: int, one: int, other: int) -> bool:
    return min(one, other) <= number <= max(one, other)


def _short(schema: Schema, number: int, total: int) -> ProtocolError:
    return ProtocolError(
        f"{number} records came where the index counts {total}", code="BD-REMOTE-SHORT", table=schema.table
    )
