"""Different values, by the server's own `distinct` of a resource (protocols/opencga.md, section 5).

It takes the filters of a search and gives all values at once, not ten of them. Numbers by value it has not
everywhere: `aggregationStats` is not there from 3.0 to 4.0.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from biodata.adapter import PageRequest
from biodata.errors import ProtocolError
from biodata.http import Request
from biodata.query.grouping import group_types
from biodata_opencga.answers import ask
from biodata_opencga.calls import where
from biodata_opencga.decode import decoder
from biodata_opencga.render import literals, parameters
from biodata_opencga.tables import table_of

if TYPE_CHECKING:
    from biodata.http import HttpSession
    from biodata.query.grouping import Group
    from biodata.query.plan import Plan
    from biodata.records.types import Path

__all__ = ["groups", "request"]


class Call(msgspec.Struct, frozen=True):
    """What one request asks; picklable."""

    table: str
    params: tuple[tuple[str, str], ...]


def request(plan: Plan, study: str | None, path: Path) -> PageRequest | None:
    """The request for the values; None where no record can match."""
    table, filters = plan.schema.table, parameters(plan.schema.table, plan.pushed)
    if filters is None:
        return None
    call = Call(table, (*where(table, study, filters), ("field", ".".join(path))))
    return PageRequest(call, _to_http(call).line)


def _to_http(call: Call) -> Request:
    return Request(method="GET", path=f"{table_of(call.table).root}/distinct", params=call.params)


def groups(session: HttpSession, plan: Plan, asked: PageRequest) -> list[Group]:
    """The values; a text that was never set is none.

    Raises:
        ProtocolError: `BD-REMOTE-FORMAT`, a value that the schema does not allow.
    """
    call: Call = asked.call
    (decode,) = map(decoder, group_types(plan.query))
    found = ask(session, _to_http(call), call.table, literals(plan.pushed)).result.results
    try:
        return [((decode(value),), 1) for value in found]
    except (ValueError, TypeError, AttributeError):
        raise ProtocolError(
            f"A value of '{dict(call.params)['field']}' is not what the table's schema says",
            code="BD-REMOTE-FORMAT",
            table=call.table,
        ) from None
