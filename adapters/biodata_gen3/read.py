"""Reading: the requests of a scan, their answers as records, many records by key, and counts.

Pages are cut by offset from the order of ids: any other order, and none, loses and repeats rows (protocols/gen3.md,
fact 8). A scan of a whole table is one export, which is cheaper and gives integers as integers; it has no end mark
but its brackets, so that its rows are counted.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from biodata.adapter import Page, PageRequest
from biodata.errors import ProtocolError
from biodata.http import Request
from biodata.pages import check_page
from biodata_gen3.decode import inexact, records
from biodata_gen3.render import Arguments, Selection, arguments, query_text
from biodata_gen3.reserved import cannot_be_paged
from biodata_gen3.schema import ID
from biodata_gen3.server import Found, ask_graphql, graphql_request, read_json

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from biodata.http import HttpSession
    from biodata.query.plan import Plan
    from biodata.records.types import Key, Record, Schema
    from biodata_gen3.rights import Rights
    from biodata_gen3.server import Project

__all__ = ["Reader", "check_export"]

PAGE = 500
_LARGEST_EXPORT = 100_000
_PROJECT_TABLE = "project"


class Call(msgspec.Struct, frozen=True):
    """One request of a scan; picklable, and without a secret.

    Attributes:
        expected: the number of records that the first page told; None for the first.
        export: whether it is the node's export.
    """

    selection: Selection
    expected: int | None = None
    export: bool = False


class _Export(msgspec.Struct):
    data: list[dict[str, Any]]


class Reader:
    """Reads the tables of one project."""

    def __init__(self, session: HttpSession, project: Project, rights: Rights) -> None:
        self._session = session
        self._project = project
        self._rights = rights

    # the requests of a scan ------------------------------------------------------------------------------------

    def requests(self, plan: Plan, after: Page | None) -> Sequence[PageRequest]:
        """The first page, then all the others; or one export, and pages where the table is too large for it."""
        if plan.limit == 0:
            return ()
        if after is None:
            selection = self._selection(plan)
            if selection.arguments.nothing:
                return ()
            if _is_whole(plan) or cannot_be_paged(plan.schema):
                return (self._export_request(plan, selection),)
            size = plan.page_size if plan.limit is None else min(plan.page_size, plan.limit)
            return (_page_request(plan, Call(selection), plan.offset, size),)
        return _rest(plan, after)

    def _selection(self, plan: Plan) -> Selection:
        schema = plan.schema
        fields = tuple(dict.fromkeys(path[0] for path in plan.fields)) or schema.key_fields
        return Selection(schema.table, self._project.id, fields, arguments(schema, plan.pushed))

    def _export_request(self, plan: Plan, selection: Selection) -> PageRequest:
        schema = plan.schema
        counted = graphql_request(*query_text(schema, self._counted(schema, selection.arguments)))
        lines = (counted.line, self._whole(schema.table).line)
        return PageRequest(Call(selection, export=True), "\n".join(lines), plan.offset, plan.limit or 0)

    def _whole(self, table: str) -> Request:
        params = (("node_label", table), ("format", "json"))
        return Request(method="GET", path=self._project.path("export"), params=params)

    def _counted(self, schema: Schema, given: Arguments) -> Selection:
        return Selection(schema.table, self._project.id, (), given)

    # one request -----------------------------------------------------------------------------------------------

    def page(self, plan: Plan, request: PageRequest) -> Page:
        """Send one request of a scan.

        Raises:
            PermissionDenied: nothing came, and this user may not read the project.
            RemoteError: `BD-REMOTE-CHANGED`, `BD-REMOTE-SHORT`: records came or went, or the answer was cut.
        """
        call: Call = request.call
        if call.export:
            return self._export(plan.schema, call, request)
        rows, total = self._rows(plan.schema, call.selection)
        asked = call.selection
        check_page(
            asked.table, len(rows), offset=asked.offset, size=asked.first or 0, total=total, expected=call.expected
        )
        fields = call.selection.fields
        found = records(plan.schema, rows, (ID, *plan.schema.key_fields, *fields), call.selection.offset)
        return Page(self._exact(plan.schema, found, fields), request, total)

    def _rows(self, schema: Schema, selection: Selection) -> tuple[list[dict[str, Any]], int]:
        query, variables = query_text(schema, selection)
        found = ask_graphql(self._session, query, variables, schema.table, Found)
        if not found.total:
            self._rights.check_read()
        return found.rows, found.total

    def _export(self, schema: Schema, call: Call, request: PageRequest) -> Page:
        total = self.number(schema, call.selection.arguments)
        if total == 0 or (total > _LARGEST_EXPORT and not cannot_be_paged(schema)):
            return Page([], request, total)
        found: _Export = read_json(self._session, self._whole(schema.table), _Export, schema.table)
        if len(found.data) != total:
            check_export(schema, len(found.data), total, self.number(schema, call.selection.arguments))
        rows = found.data[request.offset : request.offset + request.size if request.size else None]
        return Page(records(schema, rows, call.selection.fields), request, total)

    def _exact(self, schema: Schema, found: list[Record], fields: Sequence[str]) -> list[Record]:
        """The records, those with integers beyond a float's read again (protocols/gen3.md, fact 5)."""
        ids = [one[ID] for one in inexact(schema, found)]
        if not ids or schema.table == _PROJECT_TABLE:
            return found
        asked = Request.json("POST", self._project.path("export"), {"ids": ids, "format": "json"}, idempotent=True)
        rows: list[dict[str, Any]] = read_json(self._session, asked, list[dict[str, Any]], schema.table)
        exact = {one[ID]: one for one in records(schema, rows, (ID, *schema.key_fields, *fields))}
        return [exact.get(one[ID], one) for one in found]

    def check_read(self) -> None:
        """See that what came empty means that there is nothing; errors as `Rights.check_read`."""
        self._rights.check_read()

    # by key, and counting --------------------------------------------------------------------------------------

    def fetch(self, schema: Schema, keys: Sequence[Key], fields: Sequence[str]) -> Iterator[Record]:
        """The records with these keys that are there."""
        names = tuple(dict.fromkeys((ID, *schema.key_fields, *fields)))
        wanted = [key for key in dict.fromkeys(keys) if isinstance(key, str) and key and "\0" not in key]
        if cannot_be_paged(schema):
            yield from self._picked(schema, set(wanted), names)
            return
        for start in range(0, len(wanted), PAGE):
            some = wanted[start : start + PAGE]
            given = Arguments({str(schema.key): ("[String]", some)})
            selection = Selection(schema.table, self._project.id, names, given, first=len(some))
            rows, _ = self._rows(schema, selection)
            yield from self._exact(schema, records(schema, rows, names), names)

    def _picked(self, schema: Schema, wanted: set[str], names: Sequence[str]) -> Iterator[Record]:
        found: _Export = read_json(self._session, self._whole(schema.table), _Export, schema.table)
        yield from records(schema, [row for row in found.data if row.get(str(schema.key)) in wanted], names)

    def count(self, plan: Plan) -> int:
        """The number of records that match."""
        given = arguments(plan.schema, plan.pushed)
        return 0 if given.nothing or plan.limit == 0 else self.number(plan.schema, given)

    def everything(self, schema: Schema) -> int:
        """The number of records of the table."""
        return self.number(schema, Arguments())

    def number(self, schema: Schema, given: Arguments) -> int:
        """The number of records with these arguments."""
        return self._rows(schema, self._counted(schema, given))[1]


def _is_whole(plan: Plan) -> bool:
    return (
        plan.pushed is None
        and plan.limit is None
        and plan.offset == 0
        and plan.query.limit is None
        and plan.schema.table != _PROJECT_TABLE
    )


def _page_request(plan: Plan, call: Call, offset: int, size: int) -> PageRequest:
    selection = msgspec.structs.replace(call.selection, first=size, offset=offset)
    call = msgspec.structs.replace(call, selection=selection, export=False)
    return PageRequest(call, graphql_request(*query_text(plan.schema, selection)).line, offset, size)


def _rest(plan: Plan, after: Page) -> Sequence[PageRequest]:
    call: Call = after.request.call
    whole = call.export and (after.total or 0) <= _LARGEST_EXPORT
    if call.expected is not None or after.total is None or whole or cannot_be_paged(plan.schema):
        return ()
    end = after.total if plan.limit is None else min(after.total, plan.offset + plan.limit)
    call = msgspec.structs.replace(call, expected=after.total)
    starts = range(after.request.offset + after.request.size, end, plan.page_size)
    return [_page_request(plan, call, start, min(plan.page_size, end - start)) for start in starts]


def check_export(schema: Schema, number: int, before: int, after: int) -> None:
    """An export and a count are two moments: what changed between them is no fault when the counts say so."""
    if min(before, after) <= number <= max(before, after):
        return
    raise ProtocolError(
        f"An export has {number} records where the commons counts {after}", code="BD-REMOTE-SHORT", table=schema.table
    )
