"""Reading a filter's tokens one by one: values, lists, paths; what does not fit is an error that points at it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from biodata.query.foreign import hint_for
from biodata.query.tokens import Token, syntax_error, tokenize

if TYPE_CHECKING:
    from biodata.errors import QueryError
    from biodata.records.types import Path

__all__ = ["TESTS", "Cursor"]

TESTS = ("contains", "starts_with")
"""The tests that are written as functions of a field and a text."""

_BEFORE = ("where", "select")
_NULLS = ("null", "none", "nan", "na", "nil")


class Cursor:
    """The tokens of one text, and the place in it."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._tokens: tuple[Token, ...] = tuple(tokenize(text))
        self._index = 0

    def _peek(self, ahead: int = 0) -> Token:
        return self._tokens[min(self._index + ahead, len(self._tokens) - 1)]

    def _take(self) -> Token:
        token = self._peek()
        self._index += 1
        return token

    def _took(self, *words: str) -> bool:
        found = self._peek().is_word(*words)
        if found:
            self._take()
        return found

    def _value(self, path: Path) -> Any:
        token = self._peek()
        if token.kind == "string":
            return self._string()
        negative = token.is_mark("-")
        if negative:
            self._take()
        if self._peek().kind == "number":
            return -self._take().value if negative else self._take().value
        if token.is_word("true", "false"):
            return self._take().value.lower() == "true"
        raise self._no_value(token, ".".join(path) or "field")

    def _no_value(self, token: Token, field: str) -> QueryError:
        if token.is_word(*_NULLS):
            return self._wrong("A comparison with null is never true", f"Write {field} is null or is not null.")
        if token.kind in {"word", "name"}:
            hint = "Put text in quotes: 'text'; fields are not compared with each other."
            return self._wrong(f"'{token.value}' is no value", hint_for(token.value, hint))
        if token.is_mark("(", "["):
            return self._wrong("One value is expected here", f"Of several values write {field} in ('a', 'b').")
        if token.is_mark("."):
            return self._wrong("A value is expected here", "Write 0.5 with the nought before the point.")
        if token.kind == "compare" and self._peek(-1).kind == "compare":
            return self._wrong("A value is expected here", "Write <=, >=, != and == without a blank inside.")
        return self._wrong("A value is expected here", "Values are 'text', numbers, true and false.")

    def _values(self, path: Path) -> tuple[Any, ...]:
        if not self._peek().is_mark("(", "["):
            raise self._wrong("A list of values is expected here", f"Write {'.'.join(path)} in ('a', 'b').")
        closing = ")" if self._take().value == "(" else "]"
        values = []
        while not self._peek().is_mark(closing):
            values.append(self._value(path))
            if not self._peek().is_mark(closing):
                self._expect(",", "Values are separated by commas.")
        self._take()
        return tuple(values)

    def _string(self) -> str:
        token = self._take()
        if token.kind != "string":
            raise self._wrong("Text in quotes is expected here", "Put text in quotes: 'text'.", at=token)
        if self._peek().kind == "string":
            raise self._wrong(
                "Two strings stand side by side", "Write a quote inside a string twice; separate values by commas."
            )
        return str(token.value)

    def _path(self) -> Path:
        names = [self._take().value]
        while self._peek().is_mark("."):
            self._take()
            if self._peek().kind not in {"word", "name"}:
                raise self._wrong("A field's name is expected here", "Put odd names in backticks: `1st`.")
            names.append(self._take().value)
        return tuple(names)

    def _is_field(self) -> bool:
        """Whether a keyword that stands where a condition begins is a field: what follows it compares it."""
        after, then = self._peek(1), self._peek(2)
        return (
            after.kind == "compare"
            or after.is_mark(".")
            or (after.is_word("in") and then.is_mark("(", "["))
            or (after.is_word("like", "ilike") and then.kind == "string")
            or (after.is_word("between") and (then.kind in {"string", "number"} or then.is_mark("-")))
            or (after.is_word("is") and self._peek(3 if then.is_word("not") else 2).is_word("null"))
        )

    def _expect(self, mark: str, hint: str = "") -> None:
        if not self._peek().is_mark(mark):
            raise self._unexpected(f"'{mark}' is expected here", hint)
        self._take()

    def _wrong(self, message: str, hint: str = "", *, at: Token | None = None) -> QueryError:
        return syntax_error(self._text, (at or self._peek()).at, message, hint)

    def _unexpected(self, message: str = "'and' or 'or' is expected here", hint: str = "") -> QueryError:
        if self._peek().is_mark("-"):
            return self._wrong("'-' has no meaning here", "Put a field with an odd name in backticks: `my-field`.")
        return self._wrong(message, hint)

    def _no_comparison(self, path: Path) -> QueryError:
        token, field = self._peek(), ".".join(path)
        if token.is_word(*TESTS):
            return self._wrong("This is written as a function", f"Write {token.value}({field}, 'x').")
        if token.is_mark("(") and path[-1] in TESTS:
            return self._wrong("A field has no methods", f"Write {path[-1]}({'.'.join(path[:-1])}, 'x').")
        if token.is_mark("["):
            return self._wrong("Elements are not numbered", f"{field} = 'a' asks for any element of a list.")
        if token.kind != "end" and len(path) == 1 and path[0].lower() in {"and", "or"}:
            return self._wrong(f"'{field}' joins two conditions", "Write one before it, or leave it out.")
        usual = "Write field = 'value'; field = true for a flag; field is not null to ask whether it is there."
        said = token.value if token.kind == "word" else ""
        called = path[-1] if token.is_mark("(") or path[-1].lower() in _BEFORE else ""
        return self._wrong("A comparison is expected here", hint_for(said, hint_for(called, usual)))

    def _left_over(self) -> QueryError:
        token = self._peek()
        hint = "Put text of several words in quotes, and join conditions with 'and' or 'or'."
        if token.is_mark(")", "]"):
            hint = "No bracket is open here."
        if token.is_mark(",", "."):
            hint = "Write numbers as 1000 or 0.5, and join conditions with 'and'."
        return self._unexpected(hint=hint)
