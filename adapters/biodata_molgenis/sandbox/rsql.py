"""The query language RSQL as rsql-parser 2.0.0 reads it, errors included (protocols/molgenis.md, b4).

The errors are those of a parser that JavaCC generated: the column of the first token that cannot stand there,
and the kinds of tokens that could. There is no escape inside quotes in this version.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["Comparison", "Logical", "Node", "RsqlError", "UnknownOperatorError", "parse"]

EOF, UNRESERVED, SINGLE, DOUBLE, AND, OR, LPAREN, RPAREN, FIQL, ALT = range(10)
_IMAGES = (
    "<EOF>",
    "<UNRESERVED_STR>",
    "<SINGLE_QUOTED_STR>",
    "<DOUBLE_QUOTED_STR>",
    "<AND>",
    "<OR>",
    '"("',
    '")"',
    "<COMP_FIQL>",
    "<COMP_ALT>",
)
_STRINGS = (UNRESERVED, SINGLE, DOUBLE)
_TOKENS = (
    (UNRESERVED, re.compile(r"""[^"'();,=<>!~ ]+""")),
    (SINGLE, re.compile(r"'[^']*'")),
    (DOUBLE, re.compile(r'"[^"]*"')),
    (AND, re.compile(r";| and ")),
    (OR, re.compile(r",| or ")),
    (LPAREN, re.compile(r"\(")),
    (RPAREN, re.compile(r"\)")),
    (FIQL, re.compile(r"(?:=[a-zA-Z]*|!)=")),
    (ALT, re.compile(r"[<>]=?")),
)
# What a token could have begun with, for the text of a lexical error.
_BEGINNING = re.compile(r"""'[^']*|"[^"]*|=[a-zA-Z]*|!""")
_CANONICAL = {">": "=gt=", ">=": "=ge=", "<": "=lt=", "<=": "=le="}
_MULTI = frozenset({"=in=", "=out=", "=rng="})
_SINGLE = frozenset({"==", "!=", "=gt=", "=ge=", "=lt=", "=le=", "=like=", "=notlike=", "=q=", "=sq="})
_ESCAPES = {"\t": "\\t", "\n": "\\n", "\r": "\\r", '"': '\\"', "'": "\\'", "\\": "\\\\"}


class RsqlError(ValueError):
    """A query that is no RSQL; the text is the Java parser's, class name included where it has one."""


class UnknownOperatorError(ValueError):
    """An operator that the server does not have; the text is the operator."""


class Comparison(NamedTuple):
    """`selector operator argument`, with the operator in its `=…=` form."""

    selector: str
    operator: str
    arguments: tuple[str, ...]


class Logical(NamedTuple):
    """`and` or `or` of two or more."""

    operator: str
    children: tuple[Node, ...]


Node = Comparison | Logical


class _Token(NamedTuple):
    kind: int
    image: str
    line: int
    column: int


def parse(text: str, *, extra: frozenset[str] = frozenset()) -> Node:
    """The tree of a query; `extra` are further operators with one argument.

    Raises:
        RsqlError: no RSQL.
        UnknownOperatorError: as soon as a comparison with one is complete, whatever follows it.
    """
    parser = _Parser(text, _SINGLE | extra)
    node = parser.alternatives()
    parser.expect(EOF)
    return node


class _Parser:
    """One token of look-ahead, read when it is first needed: so does the original, and it shows in its errors."""

    def __init__(self, text: str, single: frozenset[str]) -> None:
        self._text = text
        self._at = 0
        self._single = single
        self._next: _Token | None = None
        self._expected: set[int] = set()

    def alternatives(self) -> Node:
        return self._joined("or", OR, self._conjunction)

    def _conjunction(self) -> Node:
        return self._joined("and", AND, self._constraint)

    def _joined(self, operator: str, separator: int, part: Callable[[], Node]) -> Node:
        children = [part()]
        while self._take(separator):
            children.append(part())
        return children[0] if len(children) == 1 else Logical(operator, tuple(children))

    def _constraint(self) -> Node:
        if self._sees(UNRESERVED):
            return self._comparison()
        self.expect(LPAREN)
        node = self.alternatives()
        self.expect(RPAREN)
        return node

    def _comparison(self) -> Comparison:
        selector = self.expect(UNRESERVED).image
        operator = self.expect(FIQL, ALT).image
        arguments = self._arguments()
        operator = _CANONICAL.get(operator, operator)
        if operator not in self._single | _MULTI:
            raise UnknownOperatorError(operator)
        if len(arguments) > 1 and operator not in _MULTI:
            text = f"operator {operator} expects single argument, but multiple values given"
            raise RsqlError(f"java.lang.IllegalArgumentException: {text}")
        return Comparison(selector, operator, arguments)

    def _arguments(self) -> tuple[str, ...]:
        if not self._take(LPAREN):
            return (self._argument(),)
        listed = [self._argument()]
        while self._take(OR):
            listed.append(self._argument())
        self.expect(RPAREN)
        return tuple(listed)

    def _argument(self) -> str:
        token = self.expect(*_STRINGS)
        return token.image if token.kind == UNRESERVED else token.image[1:-1]

    def expect(self, *kinds: int) -> _Token:
        self._expected.update(kinds)
        token = self._peek()
        if token.kind not in kinds:
            raise self._unexpected(token)
        self._next = None
        self._expected = set()
        return token

    def _take(self, kind: int) -> bool:
        if not self._sees(kind):
            return False
        self.expect(kind)
        return True

    def _sees(self, kind: int) -> bool:
        self._expected.add(kind)
        return self._peek().kind == kind

    def _peek(self) -> _Token:
        if self._next is None:
            self._next = self._read()
        return self._next

    def _read(self) -> _Token:
        while True:
            if self._at >= len(self._text):
                return _Token(EOF, "", *_position(self._text, max(len(self._text) - 1, 0)))
            matches = [(kind, pattern.match(self._text, self._at)) for kind, pattern in _TOKENS]
            ends = [(match.end(), -kind) for kind, match in matches if match is not None]
            if ends:
                end, kind = max(ends)
                image, start, self._at = self._text[self._at : end], self._at, end
                return _Token(-kind, image, *_position(self._text, start))
            if self._text[self._at] != " ":
                raise self._lexical_error()
            self._at += 1

    def _unexpected(self, token: _Token) -> RsqlError:
        image = _IMAGES[token.kind]
        seen = image if token.kind == EOF else f' {image} "{_escaped(_content(token))} "'
        expected = "".join(f"{_IMAGES[kind]} {'...' if kind != EOF else ''}\n    " for kind in sorted(self._expected))
        several = "Was expecting one of:" if len(self._expected) > 1 else "Was expecting:"
        where = f"at line {token.line}, column {token.column}"
        return RsqlError(
            f'cz.jirutka.rsql.parser.ParseException: Encountered "{seen}" {where}.\n{several}\n    {expected}'
        )

    def _lexical_error(self) -> RsqlError:
        begun = _BEGINNING.match(self._text, self._at)
        bad = begun.end() if begun is not None else self._at
        if bad >= len(self._text) - 1:
            # The original looks one character ahead to tell where it stands.
            after = self._text[self._at :] if len(self._text) - self._at > 1 else ""
            line, column = _position(self._text, len(self._text) - 1)
            seen = "<EOF> "
            column += 1
        else:
            after = self._text[self._at : bad]
            line, column = _position(self._text, bad)
            seen = f'"{_escaped(self._text[bad])}" ({ord(self._text[bad])}), '
        where = f"at line {line}, column {column}."
        return RsqlError(f'Lexical error {where}  Encountered: {seen}after : "{_escaped(after)}"')


def _content(token: _Token) -> str:
    """The original has taken the quotes off a string before it complains about it."""
    return token.image[1:-1] if token.kind in (SINGLE, DOUBLE) else token.image


def _position(text: str, index: int) -> tuple[int, int]:
    """Line and column (from 1) of a character; an empty text ends at line 1, column 0."""
    if not text:
        return 1, 0
    before = text[:index]
    return before.count("\n") + 1, index - (before.rfind("\n") + 1) + 1


def _escaped(text: str) -> str:
    return "".join(_ESCAPES.get(one) or (one if " " <= one <= "~" else f"\\u{ord(one):04x}") for one in text)
