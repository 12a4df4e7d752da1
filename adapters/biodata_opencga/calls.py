"""A search as the request that is sent."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from biodata.http import Request
from biodata.records.types import Reference, element
from biodata_opencga.tables import table_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from biodata.records.types import Field, Schema

__all__ = ["Call", "included", "to_http", "where"]


class Call(msgspec.Struct, frozen=True):
    """What one request asks; picklable.

    Attributes:
        filters: parameter and value.
        study: where; None leaves it to the server, which takes the only one.
        counted: whether the number of all matching records is asked for.
        expected: the total that the scan's first page gave; None in the first page.
    """

    table: str
    fields: tuple[str, ...]
    filters: tuple[tuple[str, str], ...] = ()
    study: str | None = None
    skip: int = 0
    limit: int = 1
    descending: bool = False
    counted: bool = False
    expected: int | None = None


def included(fields: Sequence[Field]) -> str:
    """The value of `include`: every field that is read, and of other records their ids alone."""
    return ",".join(dict.fromkeys(_name(field) for field in fields))


def _name(field: Field) -> str:
    inner = field.options.get("include")
    if inner and isinstance(element(field.type), Reference):
        return f"{field.name}.{inner}"
    return field.options.get("wire", field.name)


def where(table: str, study: str | None, filters: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
    """The parameters that say which records: the study, the table's own filters, and those of a plan."""
    named = (("study", study),) if study is not None else ()
    return (*named, *{**dict(table_of(table).fixed), **filters}.items())


def _params(call: Call, schema: Schema) -> tuple[tuple[str, str], ...]:
    include = included([schema[name] for name in call.fields])
    order = "DESCENDING" if call.descending else "ASCENDING"
    page = (("sort", "id"), ("order", order), ("skip", str(call.skip)), ("limit", str(call.limit)))
    count = (("count", "true"),) if call.counted else ()
    return (*where(call.table, call.study, dict(call.filters)), ("include", include), *page, *count)


def to_http(call: Call, schema: Schema) -> Request:
    """The request to send."""
    return Request(method="GET", path=f"{table_of(call.table).root}/search", params=_params(call, schema))
