"""Filters written in Python: `(col("age") >= 40) & col("sex").is_in(["F", "M"])`."""

from __future__ import annotations

from math import isnan
from typing import TYPE_CHECKING, Any, NoReturn

from biodata.errors import QueryError
from biodata.query.patterns import with_backslash
from biodata.query.tree import Leaf, Native

if TYPE_CHECKING:
    from collections.abc import Iterable

    from biodata.query.tree import Op

__all__ = ["Column", "col", "native"]


def col(path: str | tuple[str, ...]) -> Column:
    """The value at a path, to be compared: `col("age")`, `col("sex.id")`.

    Dots separate the names; a tuple takes names as they are, dots and all: `col(("odd.name", "id"))`.

    Raises:
        QueryError: `BD-QUERY-FIELD`, when a name is empty or no text.
    """
    names: Any = path.split(".") if isinstance(path, str) else path
    if not names or not isinstance(names, tuple | list) or not all(isinstance(name, str) and name for name in names):
        raise QueryError("A field needs a name", code="BD-QUERY-FIELD", hint="Write col('age') or col('sex.id').")
    return Column(tuple(names))


def native(text: str) -> Native:
    """A platform's own query text; accepted for that platform only, and shown in explain."""
    return Native(text)


class Column:
    """The value at a path; each comparison gives a filter. Made by `col`."""

    __slots__ = ("_path",)
    __hash__ = None  # type: ignore[assignment]  # == makes a filter, so it cannot be a dictionary's key

    def __init__(self, path: tuple[str, ...]) -> None:
        self._path = path

    def __eq__(self, value: object) -> Leaf:  # type: ignore[override]
        return self._leaf("==", value)

    def __ne__(self, value: object) -> Leaf:  # type: ignore[override]
        return self._leaf("!=", value)

    def __lt__(self, value: object) -> Leaf:
        return self._leaf("<", value)

    def __le__(self, value: object) -> Leaf:
        return self._leaf("<=", value)

    def __gt__(self, value: object) -> Leaf:
        return self._leaf(">", value)

    def __ge__(self, value: object) -> Leaf:
        return self._leaf(">=", value)

    def is_in(self, values: Iterable[Any]) -> Leaf:
        """Equal to one of the values; of none of them when there are none."""
        return Leaf(self._path, "in", self._values(values))

    def not_in(self, values: Iterable[Any]) -> Leaf:
        """There, and equal to none of the values."""
        return Leaf(self._path, "not in", self._values(values))

    def between(self, low: object, high: object) -> Leaf:
        """At least `low` and at most `high`."""
        return Leaf(self._path, "between", (self._value(low), self._value(high)))

    def like(self, pattern: str, escape: str | None = None) -> Leaf:
        r"""Matches a pattern: `%` any text, `_` one character; `escape` (or `\`) before them for itself."""
        return Leaf(self._path, "like", with_backslash(pattern, escape))

    def ilike(self, pattern: str, escape: str | None = None) -> Leaf:
        """As `like`, both sides in lower case."""
        return Leaf(self._path, "ilike", with_backslash(pattern, escape))

    def contains(self, text: str) -> Leaf:
        """Has the text in it; of a list: an element has it in it."""
        return self._leaf("contains", text)

    def starts_with(self, text: str) -> Leaf:
        """Begins with the text."""
        return self._leaf("starts_with", text)

    def is_null(self) -> Leaf:
        """Has no value; of a list: has no element."""
        return Leaf(self._path, "is null")

    def is_not_null(self) -> Leaf:
        """Has a value; of a list: has an element."""
        return Leaf(self._path, "is not null")

    def __bool__(self) -> NoReturn:
        raise QueryError(
            "A field is neither true nor false by itself",
            code="BD-QUERY-BOOL",
            hint="Compare it: col('active') == True.",
        )

    def _unjoined(self, _: object = None) -> NoReturn:
        raise QueryError(
            "A field cannot be joined with & | ~",
            code="BD-QUERY-BOOL",
            hint="Put each comparison in brackets: (col('a') == 1) & (col('b') == 2), ~(col('a') == 1).",
        )

    __and__ = __rand__ = __or__ = __ror__ = __invert__ = _unjoined

    def __contains__(self, value: object) -> NoReturn:
        raise QueryError(
            "`in` cannot ask a field",
            code="BD-QUERY-BOOL",
            hint="Of a list: col('tags') == 'a' asks for any element; of text: col('name').contains('a').",
        )

    def __repr__(self) -> str:
        return f"col({'.'.join(self._path)!r})"

    def _leaf(self, op: Op, value: object) -> Leaf:
        return Leaf(self._path, op, self._value(value))

    def _value(self, value: object) -> object:
        if value is None or (isinstance(value, float) and isnan(value)):
            raise QueryError(
                "A comparison with null is never true",
                code="BD-QUERY-NULL",
                hint=f"Use {self!r}.is_null() or .is_not_null().",
            )
        if isinstance(value, Column):
            raise QueryError(
                "A field is compared with a value, not with another field",
                code="BD-QUERY-VALUE",
                hint="Compare two fields of the records after reading them.",
            )
        return value

    def _values(self, values: Iterable[Any]) -> tuple[object, ...]:
        if isinstance(values, str | bytes | dict) or not hasattr(values, "__iter__"):
            raise QueryError("A list of values is needed", code="BD-QUERY-VALUE", hint=f"Write {self!r}.is_in([…]).")
        return tuple(self._value(value) for value in values)
