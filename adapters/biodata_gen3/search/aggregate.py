"""Groups and histograms: Guppy counts documents by the value of a text field, and numbers by ranges."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from biodata.adapter import PageRequest
from biodata.errors import QueryError
from biodata.records.types import Float, Integer, element
from biodata_gen3.search.query import NO_DATA, filter_of
from biodata_gen3.search.server import graphql_request, shaped

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from biodata.query.grouping import Group
    from biodata.query.plan import Plan
    from biodata.records.types import Path
    from biodata_gen3.search.read import SearchReader

__all__ = ["Bin", "groups", "histogram", "request"]

_ARGUMENTS = {"start": "rangeStart", "end": "rangeEnd", "step": "rangeStep", "bins": "binCount"}
_WHOLE = 2**31


class Bin(msgspec.Struct, frozen=True):
    """A range of a histogram: `low <= value < high`; the last one holds its upper end too.

    Attributes:
        count: the number of records; None where the commons hides so small a number.
    """

    low: float
    high: float
    count: int | None
    min: float | None = None
    max: float | None = None
    avg: float | None = None
    sum: float | None = None


class _Text(msgspec.Struct):
    key: str
    count: int


class _Texts(msgspec.Struct):
    histogram: list[_Text]


class _Range(msgspec.Struct):
    key: tuple[float, float]
    count: int
    min: float | None = None
    max: float | None = None
    avg: float | None = None
    sum: float | None = None


class _Ranges(msgspec.Struct):
    histogram: list[_Range]


def request(reader: SearchReader, plan: Plan, paths: Sequence[Path]) -> PageRequest | None:
    """The document that counts by one field; None for several."""
    if len(paths) > 1:
        return None
    name = paths[0][0]
    query = reader.counting(plan.schema, filter_of(plan.schema, plan.pushed), _counted(name))
    return PageRequest(name, graphql_request(*query).line)


def groups(reader: SearchReader, plan: Plan, asked: PageRequest) -> list[Group] | None:
    """The numbers; None where some are hidden, or where it cannot be told how many have no value."""
    name = asked.call
    found = reader.aggregation(plan.schema, filter_of(plan.schema, plan.pushed), plan, _counted(name))
    held = [(one.key, one.count) for one in shaped(found.get(name), _Texts, plan.schema.table).histogram]
    missing = shaped(found.get("_totalCount"), int, plan.schema.table) - sum(number for _, number in held)
    if missing < 0 or any(number < 0 or key == NO_DATA for key, number in held):
        return None
    return [*(((key,), number) for key, number in held), ((None,), missing)]


def _counted(name: str) -> str:
    return f"{name} {{histogram {{key count}}}}"


def histogram(
    reader: SearchReader,
    plan: Plan,
    field: str,
    limits: tuple[int | None, int | None],
    *,
    step: int | None,
    bins: int | None,
) -> list[Bin]:
    """The ranges of a number field, those without a record left out.

    Raises:
        QueryError: `BD-QUERY-GROUP`, it is no number, or start, end, step or bins are not such as the service has;
            `BD-QUERY-STRICT`, the filter is not one that the service does exactly.
    """
    schema = plan.schema
    if not isinstance(element(schema[field].type), Integer | Float):
        raise QueryError(f"'{field}' is no number", code="BD-QUERY-GROUP", hint="group_by counts texts by value")
    if step is not None and bins is not None:
        raise QueryError("A histogram takes a step or a number of bins, not both", code="BD-QUERY-GROUP")
    named = {"start": limits[0], "end": limits[1], "step": step, "bins": bins}
    asked = {name: value for name, value in named.items() if value is not None}
    _check_whole(asked)
    if plan.residual is not None:
        raise QueryError(
            "The search service does only a part of this filter, so that its histogram would be of other records",
            code="BD-QUERY-STRICT",
            hint="query(…, strict=True).explain() tells which part",
        )
    given = ", ".join(f"{_ARGUMENTS[name]}: {value}" for name, value in asked.items())
    text = f"{field} {{histogram{f'({given})' if given else ''} {{key min max avg sum count}}}}"
    found = reader.aggregation(schema, filter_of(schema, plan.pushed), plan, text)
    return [_bin(one) for one in shaped(found.get(field), _Ranges, schema.table).histogram]


def _check_whole(asked: Mapping[str, Any]) -> None:
    for name, value in asked.items():
        least = 1 if name in {"step", "bins"} else -_WHOLE
        if type(value) is not int or not least <= value < _WHOLE:
            raise QueryError(
                f"'{name}' of a histogram is no whole number of 32 bits{' from 1 on' if least == 1 else ''}",
                code="BD-QUERY-GROUP",
                hint="The service has ranges of whole numbers only",
            )


def _bin(one: _Range) -> Bin:
    low, high = one.key
    return Bin(low, high, None if one.count < 0 else one.count, one.min, one.max, one.avg, one.sum)
