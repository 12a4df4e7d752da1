"""Groups: the server's aggregates, by one or two fields that are marked aggregatable (protocols/molgenis.md, b5).

They are the search engine's, whose filters are not those of the database (b4), so that only whole tables go there.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from biodata.adapter import PageRequest
from biodata.errors import ProtocolError
from biodata.http import Request
from biodata.records.types import Boolean, Reference
from biodata_molgenis.render import plain_name
from biodata_molgenis.server import read_json, table_path

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from biodata.http import HttpSession
    from biodata.query.grouping import Group
    from biodata.query.plan import Plan
    from biodata.records.types import Field, Path

__all__ = ["groups", "request"]

_AXES = ("x", "y")


class Call(msgspec.Struct, frozen=True):
    """What one request asks; picklable."""

    table: str
    fields: tuple[str, ...]

    @property
    def aggs(self) -> str:
        """The axes, as the parameter `aggs` has them."""
        return ";".join(f"{axis}=={name}" for axis, name in zip(_AXES, self.fields, strict=False))


class _Aggregates(msgspec.Struct, rename="camel"):
    """The matrix of counts; `threshold` stands there where small ones are hidden."""

    matrix: list[list[int]]
    x_labels: list[Any]
    y_labels: list[Any] = []
    threshold: int | None = None


class _Answer(msgspec.Struct):
    aggs: _Aggregates


def request(plan: Plan, paths: Sequence[Path]) -> PageRequest | None:
    """The request for the numbers; None with a filter, for more than two fields, and for names RSQL cannot say."""
    call = Call(plan.schema.table, tuple(path[0] for path in paths))
    filtered = plan.pushed is not None or plan.query.native is not None
    if filtered or len(call.fields) > len(_AXES) or not all(map(plain_name, call.fields)):
        return None
    return PageRequest(call, _to_http(call).line)


def _to_http(call: Call) -> Request:
    return Request(method="GET", path=table_path("v2", call.table), params=(("aggs", call.aggs),))


def groups(session: HttpSession, plan: Plan, asked: PageRequest) -> list[Group] | None:
    """The numbers, or None where the server hides small ones.

    Raises:
        ProtocolError: the answer is no matrix of counts with a label for each row and column.
    """
    call: Call = asked.call
    found = read_json(session, _to_http(call), _Answer, call.table).aggs
    if found.threshold is not None:
        return None
    return _cells(call, found, [_decoder(plan.schema[name]) for name in call.fields])


def _cells(call: Call, found: _Aggregates, decoders: Sequence[Callable[[Any], Any]]) -> list[Group]:
    columns = [(label,) for label in found.y_labels] if len(decoders) > 1 else [()]
    try:
        return [
            (tuple(decode(label) for decode, label in zip(decoders, (x, *column), strict=True)), number)
            for x, row in zip(found.x_labels, found.matrix, strict=True)
            for column, number in zip(columns, row, strict=True)
        ]
    except (ValueError, TypeError, KeyError):
        raise ProtocolError(
            f"The aggregates by {' and '.join(call.fields)} are not what the table's schema says",
            code="BD-REMOTE-FORMAT",
            table=call.table,
        ) from None


def _decoder(field: Field) -> Callable[[Any], Any]:
    """From a label: a reference is its row, a boolean 0 or 1, and null is null."""
    if isinstance(field.type, Reference):
        ref_id = field.options["ref_id"]
        return lambda label: None if label is None else label[ref_id]
    if isinstance(field.type, Boolean):
        return lambda label: None if label is None else _FLAGS[label]
    return _text


_FLAGS = {0: False, 1: True}


def _text(label: Any) -> str | None:
    if label is not None and not isinstance(label, str):
        raise TypeError
    return label
