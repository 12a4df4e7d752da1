"""Where a step reads on: the greatest value that was seen of a field that only grows.

The next run asks for what is not before that value, less a lag, and for what has no value there. Where the step asks
for other records than at the last run, or makes something else of them, the value says nothing, and everything is
read.
"""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from secrets import token_hex
from typing import TYPE_CHECKING, Any, cast

import msgspec

from biodata.errors import ConfigError
from biodata.pipelines.sources.asked import ANEW, digest_of
from biodata.pipelines.sources.growing import from_text
from biodata.pipelines.sources.stepping import holds_json
from biodata.pipelines.spec import Duration
from biodata.pipelines.state.memory import remembering
from biodata.query.tree import Leaf, Or

if TYPE_CHECKING:
    from collections.abc import Callable

    import pyarrow as pa

    from biodata.pipelines.sources.base import Binding
    from biodata.pipelines.spec import Extract, FileExtract
    from biodata.query.tree import Node
    from biodata.records.types import Path

__all__ = ["SEEN", "Cursor", "cursor_of", "kind_of", "unfit"]

SEEN = "cursor"
"""The name under which the journal has it."""


class Cursor(msgspec.Struct, frozen=True):
    """How far a step has read.

    Attributes:
        field: the one that only grows, a dotted path.
        asked: the digest of what the step asked for; `salt` is the digest's.
        kind: int, float, decimal, date, datetime or text; empty before anything was seen.
        last: the greatest value seen, as text.
    """

    field: str
    asked: str
    salt: str
    kind: str = ""
    last: str = ""

    @property
    def value(self) -> Any:
        """The greatest value seen; None where there is none."""
        return _READ[self.kind](self.last) if self.kind else None

    def seeing(self, kind: str, value: Any) -> Cursor:
        """The cursor behind a value as well; None is no value."""
        if value is None or (self.kind and self.value >= value):
            return self
        text = value.isoformat() if isinstance(value, dt.date) else str(value)
        return msgspec.structs.replace(self, kind=kind, last=text)

    def filter(self, path: Path, lag: Duration | float | None, *, whole: bool) -> Node | None:
        """What is to be read; None for everything.

        Args:
            path: of the field.
            lag: how much before the greatest value.
            whole: whether everything is looked at anyway, to find what the filter lets through.
        """
        if not self.kind:
            return None
        if self.kind == "text":
            return from_text(path, self.last, whole=whole)
        try:
            value = self._less(lag)
        except OverflowError:  # before the first of all days
            return None
        literal = value.isoformat() if isinstance(value, dt.date) else value
        return Or((Leaf(path, ">=", literal), Leaf(path, "is null")))

    def _less(self, lag: Duration | float | None) -> Any:
        value = self.value
        if isinstance(lag, Duration):
            span = dt.timedelta(seconds=lag.seconds)
            if isinstance(value, dt.datetime):
                return value - span
            return (dt.datetime.combine(value, dt.time()) - span).date()
        if lag is None:
            return value
        return value - (Decimal(str(lag)) if isinstance(value, Decimal) else int(lag) if lag == int(lag) else lag)


def cursor_of(binding: Binding, extract: Extract | FileExtract, field: str) -> tuple[Cursor, str]:
    """Where the step reads on, and what a person should know about that."""
    known = binding.memory.seen.get(SEEN)
    if known is None:
        return _new(binding, extract, field), ""
    with remembering():
        cursor = msgspec.convert(known, Cursor)
        cursor.value  # noqa: B018 - it is read to see whether it can be
    if cursor.field == field and cursor.asked == digest_of(binding, extract, cursor.salt):
        return cursor, ""
    return _new(binding, extract, field), ANEW


def _new(binding: Binding, extract: Extract | FileExtract, field: str) -> Cursor:
    salt = token_hex(16)
    return Cursor(field, digest_of(binding, extract, salt), salt)


def kind_of(field: pa.Field[Any]) -> str:
    """The kind of a cursor's values.

    Raises:
        ConfigError: `BD-PIPELINE-INCREMENTAL`, they have no order that grows.
    """
    from pyarrow import types

    tests: tuple[tuple[Callable[[pa.DataType], bool], str], ...] = (
        (types.is_integer, "int"),
        (types.is_floating, "float"),
        (types.is_decimal, "decimal"),
        (types.is_date, "date"),
        (types.is_timestamp, "datetime"),
        (types.is_string, "text"),
    )
    found = next((kind for test, kind in tests if test(field.type)), "")
    if not found or holds_json(field):
        raise unfit(f"the cursor {field.name} is of type {field.type}; a number, a date or a text grows")
    return found


def unfit(problem: str, hint: str | None = None) -> ConfigError:
    """The error of a step that cannot read on where the last run stopped."""
    return ConfigError(f"incremental: {problem}", code="BD-PIPELINE-INCREMENTAL", hint=hint)


_READ: dict[str, Callable[[str], Any]] = {
    "int": int,
    "float": float,
    "decimal": Decimal,
    "date": dt.date.fromisoformat,
    "datetime": dt.datetime.fromisoformat,
    "text": cast("Callable[[str], Any]", str),
}
