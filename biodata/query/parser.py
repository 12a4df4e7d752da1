"""The string form of a filter: `age >= 40 and sex in ('F', 'M')`; a Pratt parser.

A name is a field wherever a field may stand, keyword or not. Every error points at its place with a caret.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import msgspec

from biodata.errors import QueryError
from biodata.query.cursor import TESTS, Cursor
from biodata.query.foreign import hint_for
from biodata.query.patterns import with_backslash
from biodata.query.tree import NEGATED, Always, And, Leaf, Native, Node, Not, Op, Or

if TYPE_CHECKING:
    from collections.abc import Iterator

    from biodata.records.types import Path

__all__ = ["MAX_DEPTH", "MAX_NESTING", "filters_from", "parse"]

MAX_NESTING = 64
"""How deep brackets and `not` may be nested."""
MAX_DEPTH = 2 * MAX_NESTING + 2
"""How deep a tree may be; each bracket of a text makes two levels at most."""

_POWER = {"or": 1, "and": 2}
_FLIPPED: dict[str, Op] = {"<": ">", "<=": ">=", ">": "<", ">=": "<="}
_JSON = 'A comparison is {"filter": "leaf", "path": ["age"], "op": ">=", "value": 40}'
_FUNCTIONS = (*TESTS, "exists", "native")


def filters_from(value: str | Node | Mapping[str, Any] | None) -> Node:
    """The tree of a filter in any of its forms: text, a tree, its JSON form, or None for every record.

    Raises:
        QueryError: `BD-QUERY-SYNTAX` for text, `BD-QUERY-JSON` for a JSON form, or anything else, that is none.
    """
    match value:
        case None:
            return Always()
        case str():
            return parse(value)
        case Mapping():
            return _from_json(value)
        case Leaf() | And() | Or() | Not() | Native() | Always():
            return value
    raise QueryError(
        f"A filter is not made from a {type(value).__name__}",
        code="BD-QUERY-JSON",
        hint="Give text, col('age') >= 40, or the JSON form of a filter.",
    )


def _from_json(value: Mapping[str, Any]) -> Node:
    if _levels(value) > MAX_DEPTH:
        raise QueryError(f"The filter is nested deeper than {MAX_DEPTH}", code="BD-QUERY-JSON")
    try:
        node: Node = msgspec.convert(dict(value), Node)
    except msgspec.ValidationError as error:
        message, hint = (
            f"This is no filter in JSON form: {error}",
            f"{_JSON}, and op is one of: {', '.join(NEGATED)}.",
        )
        raise QueryError(message, code="BD-QUERY-JSON", hint=hint) from None
    return node


def _levels(value: Any) -> int:
    """How deep a filter in JSON form is nested; counted without recursion, and no further than needed."""
    level, here = 0, [value]
    while here and level <= MAX_DEPTH:
        level += 1
        here = [inner for node in here for inner in _inside(node)]
    return level


def _inside(node: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    parts = node.get("parts")
    listed = parts if isinstance(parts, list | tuple) else ()
    return [one for one in (node.get("part"), *listed) if isinstance(one, dict)]


def parse(text: str) -> Node:
    """The tree of a filter's text; not bound to a table yet.

    Raises:
        QueryError: `BD-QUERY-SYNTAX`, its message with the line and a caret under the place.
    """
    return _Parser(text).whole()


class _Parser(Cursor):
    """Reads one text."""

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self._depth = 0

    def whole(self) -> Node:
        if self._peek().kind == "end":
            raise self._wrong("The filter is empty", "Leave it out to get every record.")
        node = self._expression(0)
        if self._peek().kind != "end":
            raise self._left_over()
        return node

    def _expression(self, least: int) -> Node:
        left = self._single()
        while (power := self._joining_power()) > least:
            word = self._take().value.lower()
            parts = [left, self._expression(power)]
            while self._took(word):
                parts.append(self._expression(power))
            left = _joined(Or if word == "or" else And, parts)
        return left

    def _joining_power(self) -> int:
        return _POWER.get(self._peek().value.lower(), 0) if self._peek().kind == "word" else 0

    def _single(self) -> Node:
        token, after = self._peek(), self._peek(1)
        if token.is_word("not") and not self._is_field():
            with self._nested():
                return Not(self._single())
        if token.is_mark("("):
            with self._nested():
                node = self._expression(0)
                self._expect(")", "A bracket that was opened is not closed.")
                return node
        if token.kind == "word" and after.is_mark("("):
            return self._function()
        if token.kind in {"word", "name"}:
            return self._alone(self._comparison(self._path()))
        if token.kind == "end" or (token.kind == "mark" and not token.is_mark("-")):
            raise self._wrong("A condition is expected here", "Write field = 'value'; put odd names in backticks.")
        return self._alone(self._flipped())

    @contextmanager
    def _nested(self) -> Iterator[None]:
        self._depth += 1
        if self._depth > MAX_NESTING:
            raise self._wrong(f"Brackets and 'not' are nested deeper than {MAX_NESTING}", "Write it flatter.")
        self._take()
        yield
        self._depth -= 1

    def _comparison(self, path: Path) -> Leaf:
        if self._peek().kind == "compare":
            op = self._take().value
            return Leaf(path, op, self._value(path))
        if self._peek().is_word("is"):
            return self._null_test(path)
        negated = self._took("not")
        if negated and self._peek().kind == "compare":
            raise self._wrong("'not' stands before a field or a word", f"Write {'.'.join(path)} != 'value'.")
        leaf = self._worded(path)
        return Leaf(path, NEGATED[leaf.op], leaf.value) if negated else leaf

    def _worded(self, path: Path) -> Leaf:
        token = self._peek()
        if self._took("in"):
            return Leaf(path, "in", self._values(path))
        if token.is_word("between"):
            return self._between(path)
        if token.is_word("like", "ilike"):
            self._take()
            return Leaf(path, token.value.lower(), self._pattern())
        if token.is_mark("-"):
            raise self._unexpected()
        raise self._no_comparison(path)

    def _between(self, path: Path) -> Leaf:
        self._take()
        if self._peek().is_mark("(", "["):
            raise self._wrong("A value is expected here", f"Write {'.'.join(path)} between 1 and 2.")
        low = self._value(path)
        if not self._took("and"):
            raise self._wrong("'and' is expected here", f"Write {'.'.join(path)} between 1 and 2.")
        return Leaf(path, "between", (low, self._value(path)))

    def _null_test(self, path: Path) -> Leaf:
        self._take()
        negated = self._took("not")
        if not self._peek().is_word("null"):
            field = ".".join(path)
            hint = f"Write {field} is null, or {field} = 'value', or {field} = true."
            raise self._wrong("Only null can follow 'is'", hint)
        self._take()
        return Leaf(path, "is not null" if negated else "is null")

    def _pattern(self) -> str:
        pattern = self._string()
        if not self._took("escape"):
            return pattern
        place = self._peek()
        try:
            return with_backslash(pattern, self._string())
        except QueryError as error:
            raise self._wrong(error.message, at=place) from None

    def _function(self) -> Node:
        token, _ = self._take(), self._take()
        name = token.value.lower()
        if name not in _FUNCTIONS:
            hint = hint_for(name, f"There are {', '.join(_FUNCTIONS)}.")
            raise self._wrong(f"There is no function '{token.value}'", hint, at=token)
        node = Native(self._string()) if name == "native" else self._asked(name, self._field())
        self._expect(")", "The bracket of a function is closed after its last value.")
        return node

    def _asked(self, name: str, path: Path) -> Leaf:
        if name == "exists":
            return Leaf(path, "is not null")
        self._expect(",", f"Write {name}({'.'.join(path)}, 'x').")
        return Leaf(path, "contains" if name == "contains" else "starts_with", self._string())

    def _flipped(self) -> Leaf:
        start = self._peek()
        value = self._value(())
        if self._peek().is_word("in"):
            raise self._wrong("The field stands on the left", "Of a list, tags = 'a' asks for any element.")
        if self._peek().kind != "compare":
            hint = "Write field = 'value'; of several values, field in ('a', 'b')."
            raise self._wrong("A condition names a field", hint, at=start)
        op = self._take().value
        if self._peek().kind not in {"word", "name"}:
            raise self._wrong(
                "A condition names a field", "Quotes make text; a field's name stands bare or in backticks.", at=start
            )
        return Leaf(self._path(), _FLIPPED.get(op, op), value)

    def _alone(self, leaf: Leaf) -> Leaf:
        if self._peek().kind == "compare":
            raise self._wrong(
                "Comparisons cannot be chained", "Write age >= 40 and age <= 60, or age between 40 and 60."
            )
        return leaf

    def _field(self) -> Path:
        if self._peek().kind not in {"word", "name"}:
            raise self._wrong("A field is expected here", "Write contains(name, 'x').")
        return self._path()


def _joined(kind: type[And | Or], parts: list[Node]) -> Node:
    flat: list[Node] = []
    for part in parts:
        flat.extend(part.parts if isinstance(part, kind) else (part,))
    return kind(tuple(flat))
