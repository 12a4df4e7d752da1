r"""Patterns of `like` and `ilike`: `%` is any text, `_` one character, `\` before them or itself is that one.

A `\` before anything else is itself; a bound pattern has none of those, so that adapters meet one form only.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Literal, TypeAlias

from biodata.errors import QueryError

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["PatternPart", "canonical", "literal", "matcher", "split_pattern", "with_backslash"]

PatternPart: TypeAlias = tuple[Literal["text", "any", "one"], str]
"""`("text", "abc")`, `("any", "%")` or `("one", "_")`."""

_PIECE = re.compile(r"\\(?P<escaped>[%_\\])|(?P<wild>[%_])|(?P<plain>.)", re.DOTALL)


def split_pattern(pattern: str) -> Iterator[PatternPart]:
    """The parts of a pattern in order, neighbouring text joined."""
    text = ""
    for piece in _PIECE.finditer(pattern):
        if piece["wild"] is None:
            text += piece["escaped"] or piece["plain"]
            continue
        if text:
            yield "text", text
            text = ""
        yield ("any", "%") if piece["wild"] == "%" else ("one", "_")
    if text:
        yield "text", text


def literal(text: str) -> str:
    """The pattern that only this text matches."""
    return re.sub(r"([%_\\])", r"\\\1", text)


def canonical(pattern: str) -> str:
    r"""The same pattern, in which every `\` stands before `%`, `_` or `\`."""
    return "".join(literal(text) if kind == "text" else text for kind, text in split_pattern(pattern))


def matcher(pattern: str) -> re.Pattern[str]:
    """A regular expression to be used with `fullmatch`."""
    wild = {"any": ".*", "one": "."}
    source = "".join(wild.get(kind) or re.escape(text) for kind, text in split_pattern(pattern))
    return re.compile(source, re.DOTALL)


def with_backslash(pattern: str, escape: str | None) -> str:
    r"""A pattern with another escape character, rewritten to `\`; with None the pattern is taken as it is.

    Raises:
        QueryError: `BD-QUERY-VALUE`, when `escape` is not one character or stands before nothing to escape.
    """
    if escape is None or escape == "\\":
        return pattern
    if len(escape) != 1 or escape in "%_":
        raise QueryError("An escape is one character, neither % nor _", code="BD-QUERY-VALUE")
    piece = re.compile(f"{re.escape(escape)}(?P<escaped>.?)|(?P<plain>.)", re.DOTALL)
    return "".join(_rewritten(match, escape) for match in piece.finditer(pattern))


def _rewritten(match: re.Match[str], escape: str) -> str:
    plain, escaped = match["plain"], match["escaped"]
    if plain is not None:
        return "\\\\" if plain == "\\" else plain
    if escaped not in {"%", "_", escape}:
        raise QueryError("The escape stands before a character that needs none", code="BD-QUERY-VALUE")
    return literal(escaped)
