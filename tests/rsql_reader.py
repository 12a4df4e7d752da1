"""RSQL as rsql-parser 2.0.0 reads it, written from its grammar (protocols/molgenis.md, b4) for tests alone.

It shares no line with the adapter, which writes RSQL, nor with the sandbox, which has a parser of its own.
`tests/adapters/molgenis/test_rsql.py` holds it to what the real parser made of the recorded probes.
"""

from __future__ import annotations

from string import ascii_letters
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

Tree = dict[str, Any]
Token = tuple[str, str]

RESERVED = frozenset("\"'();,=<>!~ ")
SYMBOLS = {">": "=gt=", ">=": "=ge=", "<": "=lt=", "<=": "=le="}
ONE = {"==", "!=", "=gt=", "=ge=", "=lt=", "=le=", "=like=", "=notlike=", "=q=", "=sq="}
MANY = {"=in=", "=out=", "=rng="}


class SyntaxRefused(Exception):
    """No sentence of the language."""


class OperatorRefused(Exception):
    """An operator that MOLGENIS does not know."""


def tokens(text: str) -> Iterator[Token]:
    """Kind and text of each token; the value of a quoted one stands without its quotes."""
    at = 0
    while at < len(text):
        kind, value, at = one_token(text, at)
        if kind != "blank":
            yield kind, value
    yield "end", ""


def one_token(text: str, at: int) -> tuple[str, str, int]:
    one = text[at]
    for word, kind in ((" and ", "and"), (" or ", "or")):
        if text.startswith(word, at):
            return kind, word, at + len(word)
    if one in "\"'":
        end = text.find(one, at + 1)
        if end < 0:
            raise SyntaxRefused
        return "value", text[at + 1 : end], end + 1
    if one in "=!<>":
        return operator(text, at)
    if one == "~":
        raise SyntaxRefused
    if one in RESERVED:
        return {";": "and", ",": "or", "(": "open", ")": "close", " ": "blank"}[one], one, at + 1
    end = at
    while end < len(text) and text[end] not in RESERVED:
        end += 1
    return "name", text[at:end], end


def operator(text: str, at: int) -> tuple[str, str, int]:
    end = at + 1
    if text[at] in "<>":
        end += text.startswith("=", end)
        return "operator", SYMBOLS[text[at:end]], end
    while text[at] == "=" and end < len(text) and text[end] in ascii_letters:
        end += 1
    if not text.startswith("=", end):
        raise SyntaxRefused
    return "operator", text[at : end + 1], end + 1


class Reader:
    """Recursive descent; AND binds more tightly than OR."""

    def __init__(self, text: str) -> None:
        self.left = list(tokens(text))

    def take(self, *kinds: str) -> str:
        kind, value = self.left[0]
        if kind not in kinds:
            raise SyntaxRefused
        self.left.pop(0)
        return value

    def sees(self, kind: str) -> bool:
        return self.left[0][0] == kind

    def joined(self, word: str) -> Tree:
        parts = [self.part(word)]
        while self.sees(word):
            self.take(word)
            parts.append(self.part(word))
        return parts[0] if len(parts) == 1 else {word: parts}

    def part(self, word: str) -> Tree:
        if word == "or":
            return self.joined("and")
        if self.sees("open"):
            return self.bracketed()
        return self.comparison()

    def bracketed(self) -> Tree:
        self.take("open")
        inside = self.joined("or")
        self.take("close")
        return inside

    def comparison(self) -> Tree:
        selector = self.take("name")
        used = self.take("operator")
        arguments = self.arguments()
        if used not in ONE | MANY:
            raise OperatorRefused
        if len(arguments) > 1 and used in ONE:
            raise SyntaxRefused
        return {"sel": selector, "op": used, "args": arguments}

    def arguments(self) -> list[str]:
        if not self.sees("open"):
            return [self.take("name", "value")]
        self.take("open")
        found = [self.take("name", "value")]
        while self.sees("or"):
            self.take("or")
            found.append(self.take("name", "value"))
        self.take("close")
        return found


def read(text: str) -> Tree:
    """The tree of a query, in the form of the recorded probes.

    Raises:
        SyntaxRefused: the server's parser refuses it.
        OperatorRefused: it does not know an operator.
    """
    reader = Reader(text)
    tree = reader.joined("or")
    reader.take("end")
    return tree
