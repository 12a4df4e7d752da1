r"""The words of a filter's text, and the error that points into it.

What other languages write and this one does not (`&`, `||`, comments, `1kg`) is refused here, each with the hint.
"""

from __future__ import annotations

import re
from decimal import Decimal
from math import isinf
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, TypeAlias

from biodata.errors import QueryError
from biodata.query.foreign import SIGNS

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["Kind", "Token", "syntax_error", "tokenize"]

Kind: TypeAlias = Literal["word", "name", "string", "number", "compare", "mark", "end"]
"""word: a bare name or keyword; name: one in backticks; mark: a bracket, comma, dot or minus."""

WINDOW = 72
LONGEST_NUMBER = 400

_TOKEN = re.compile(
    r"""
      (?P<blank>\s+)
    | (?P<comment>--|/\*|//|\#)
    | (?P<odd>===|!==|<=>|=>|=<|=~|~=|\|\||&&)
    | (?P<compare>==|!=|<>|<=|>=|=|<|>)
    | (?P<day>[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}\S* | [0-9]{1,2}(?P<between>[/.-])[0-9]{1,2}(?P=between)[0-9]{2,4}\b)
    | (?P<number>[0-9]+(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?)
    | (?P<word>[^\W\d]\w*)
    | (?P<string>'[^']*(?:''[^']*)*'|"[^"]*(?:""[^"]*)*")
    | (?P<name>`[^`]*(?:``[^`]*)*`)
    | (?P<mark>[()\[\],.-])
    | (?P<wrong>.)
    """,
    re.VERBOSE | re.DOTALL,
)
_COMPARE = {"=": "==", "<>": "!="}
_UNENDED = {
    "'": ("The string does not end", "It is not closed; write a quote inside a string twice: 'it''s'"),
    '"': ("The string does not end", "It is not closed; write a quote inside a string twice"),
    "`": ("The field's name does not end", "It is not closed; a backtick is written twice inside"),
    "``": ("A field needs a name", "Put odd names in backticks: `1st`"),
}
_CURLY = "‘’“”"  # noqa: RUF001 - what word processors write


class Token(NamedTuple):
    """A word of the text; `value` is what it stands for, `at` and `end` where it stands."""

    kind: Kind
    value: Any
    at: int
    end: int

    def is_word(self, *words: str) -> bool:
        """Whether it is one of these keywords, in any case."""
        return self.kind == "word" and self.value.lower() in words

    def is_mark(self, *marks: str) -> bool:
        """Whether it is one of these marks."""
        return self.kind == "mark" and self.value in marks


def tokenize(text: str) -> Iterator[Token]:
    """The tokens of the text, one of kind `end` last.

    Raises:
        QueryError: `BD-QUERY-SYNTAX`, with a caret under what has no meaning.
    """
    for match in _TOKEN.finditer(text):
        if match.lastgroup != "blank":
            yield _token(text, match)
    yield Token("end", "", len(text), len(text))


def _token(text: str, match: re.Match[str]) -> Token:
    found, at, end = match[0], match.start(), match.end()
    match match.lastgroup:
        case "word":
            return Token("word", found, at, end)
        case "compare":
            return Token("compare", _COMPARE.get(found, found), at, end)
        case "mark":
            return Token("mark", found, at, end)
        case "string":
            return Token("string", found[1:-1].replace(found[0] * 2, found[0]), at, end)
        case "name" if found != "``":
            return Token("name", found[1:-1].replace("``", "`"), at, end)
        case "number":
            return Token("number", _number(text, match), at, end)
        case "comment":
            raise syntax_error(text, at, "A filter has no comments", "Put text that holds this in quotes.")
        case "day":
            raise syntax_error(text, at, "A date is written in quotes", "Write '2020-01-31', the year first.")
    raise syntax_error(text, at, *_meaningless(found, text[at:]))


def _meaningless(found: str, rest: str) -> tuple[str, str]:
    """What is wrong with a sign, and what to do about it."""
    if found in _UNENDED:
        message, hint = _UNENDED[found]
        curly = found in {"'", '"'} and any(sign in rest for sign in _CURLY)
        return message, f"{SIGNS[_CURLY[0]] if curly else hint}."
    if not found.isprintable():
        return f"A sign that cannot be seen stands here, U+{ord(found):04X}", "Take it out, or put text in quotes."
    return f"'{found}' has no meaning here", f"{SIGNS.get(found, 'Put text in quotes')}."


def _number(text: str, match: re.Match[str]) -> int | float | Decimal:
    found, end = match[0], match.end()
    if re.match(r"\w|\.\d", text[end : end + 2]) or re.match(r"0\d", found):
        word = re.compile(r"[\w.]*").match(text, match.start())
        raise syntax_error(
            text,
            match.start(),
            f"'{word[0] if word else found}' is no number",
            "Write numbers as 1000, -0.5 or 1e6, text in quotes, a name that begins with a digit in backticks.",
        )
    if len(found) > LONGEST_NUMBER or isinf(float(found)):
        raise syntax_error(text, match.start(), "The number is too large", "Put text in quotes.")
    if found.isdigit():
        return int(found)
    exact = Decimal(found)
    return float(found) if Decimal(repr(float(found))) == exact else exact


def syntax_error(text: str, at: int, message: str, hint: str = "") -> QueryError:
    """The error, its message with the line of the text and a caret under the place."""
    begin = text.rfind("\n", 0, at) + 1
    line = text[begin:].split("\n", 1)[0]
    cut = max(0, at - begin - WINDOW // 2)
    shown = "".join(c if c.isprintable() else " " for c in line[cut : cut + WINDOW])
    lead = "…" if cut else ""
    caret = " " * (at - begin - cut + len(lead)) + "^"
    tail = "…" if len(line) > cut + WINDOW else ""
    return QueryError(f"{message}\n  {lead}{shown}{tail}\n  {caret}", code="BD-QUERY-SYNTAX", hint=hint or None)
