"""The entries of `check`."""

from __future__ import annotations

from typing import TypeAlias

import msgspec

from biodata.pipelines.spec.names import Address, Duration

__all__ = [
    "Bound",
    "Check",
    "CountCheck",
    "FreshCheck",
    "LookUp",
    "ReferencesCheck",
    "RowCheck",
    "SetCheck",
    "ShareCheck",
    "UniqueCheck",
]


class LookUp(msgspec.Struct, frozen=True):
    """A number that stands in a field of one record.

    Attributes:
        source: the record's table.
        key: the record's key.
        field: the field with the number.
    """

    source: Address
    key: str | int
    field: str


Bound: TypeAlias = int | LookUp | None
"""A number of rows; None where there is no such bound."""


class RowCheck(msgspec.Struct, frozen=True, tag_field="check", tag="rows"):
    """A row that does not make the expression true is rejected."""

    name: str
    expression: str
    line: int = 0
    column: int = 0


class CountCheck(msgspec.Struct, frozen=True, tag_field="check", tag="count"):
    """The step has exactly so many rows, at least or at most so many, the rejected ones among them.

    Attributes:
        equals: exactly so many: a number, or one that stands in a record.
        least: at least so many.
        most: at most so many.
    """

    name: str
    equals: Bound = None
    least: Bound = None
    most: Bound = None
    line: int = 0
    column: int = 0


class UniqueCheck(msgspec.Struct, frozen=True, tag_field="check", tag="unique"):
    """No two rows agree in all of these columns."""

    name: str
    columns: tuple[str, ...]
    line: int = 0
    column: int = 0


class ReferencesCheck(msgspec.Struct, frozen=True, tag_field="check", tag="references"):
    """Every value of a column, of a list each element, is there in another step or table; null is no value.

    Attributes:
        of: the column.
        within: the step or table that has to have its values.
        field: the column or field there; the table's key when empty, and the same name in a step.
    """

    name: str
    of: str
    within: str | Address
    field: str = ""
    line: int = 0
    column: int = 0


class ShareCheck(msgspec.Struct, frozen=True, tag_field="check", tag="share_of_last_run"):
    """The step has read at least this share (0 to 1) of the rows that the last run that was done has read."""

    name: str
    share: float
    line: int = 0
    column: int = 0


class FreshCheck(msgspec.Struct, frozen=True, tag_field="check", tag="fresh"):
    """The latest date or instant of a column is no older than that.

    Attributes:
        of: the column.
        within: how old it may be.
    """

    name: str
    of: str
    within: Duration
    line: int = 0
    column: int = 0


SetCheck: TypeAlias = CountCheck | UniqueCheck | ReferencesCheck | ShareCheck | FreshCheck
"""A check of all rows together."""

Check: TypeAlias = RowCheck | SetCheck
