"""The column `rule` of a mapping table: few words, or a SQL expression."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import msgspec

from biodata.errors import near_match
from biodata.pipelines.parameters import ONLY_PARAMETERS, SECRET, whole_name

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["Rule", "literal", "misplaced", "read_rule"]

EXPRESSION = re.compile(r"(?:=|sql:)\s*(.+)", re.IGNORECASE | re.DOTALL)
CONSTANT = re.compile(r"constant\s*:\s*(.+)", re.IGNORECASE)
NUMBER = re.compile(r"-?(0|[1-9]\d*)(\.\d+)?")


class Rule(msgspec.Struct, frozen=True):
    """How a row of the table makes its target field.

    Attributes:
        expression: a SQL expression; the source field as it is when None.
        split: what text is cut at into a list, where it is.
        prefixes: of the ontologies whose terms the values are, none for all; no terms when None.
        needs: columns of the table that have to say something: `code list`, `unit`.
        skip: the field is left out on purpose.
    """

    expression: str | None = None
    split: str | None = None
    prefixes: tuple[str, ...] | None = None
    needs: tuple[str, ...] = ()
    skip: bool = False


def read_rule(text: str) -> Rule:
    """The rule that a cell says; an empty one says `copy`.

    Raises:
        ValueError: it says none; with the problem in words.
    """
    if found := EXPRESSION.fullmatch(text):
        return Rule(expression=found[1])
    if found := CONSTANT.fullmatch(text):
        return Rule(expression=literal(found[1]))
    if problem := misplaced(text):
        raise ValueError(problem)
    rule = Rule()
    for part in re.split(r"\s+then\s+", text or "copy"):
        word = next((one for one in _WORDS if re.match(rf"{one}(?!\w)", part, re.IGNORECASE)), None)
        if word is None:
            raise ValueError(_unknown(part))
        rule = _WORDS[word](rule, part[len(word) :].strip())
    return rule


def misplaced(text: str) -> str:
    """What is wrong with a parameter or a reference to a secret where only words may stand; empty without them."""
    if SECRET.search(text):
        return ONLY_PARAMETERS
    if "${param:" in text:
        return "a parameter is a value, and never a name or a part of one: =… or constant: ${param:NAME} in the rule"
    return ""


def literal(text: str) -> str:
    """The value that a text means, in SQL: a number, true, false, a parameter, or the text itself.

    Raises:
        ValueError: a parameter is a part of it, or it names a secret; with the problem in words.
    """
    if whole_name(text):
        return text
    if SECRET.search(text):
        raise ValueError(ONLY_PARAMETERS)
    if "${param:" in text:
        raise ValueError("constant: ${param:NAME} is a whole value; a part of a text is ='…' || ${param:NAME}")
    if text.casefold() in {"true", "false"} or NUMBER.fullmatch(text):
        return text
    doubled = text.replace("'", "''")
    return f"'{doubled}'"


def _unknown(text: str) -> str:
    if re.match(r"#[A-Z]+[!?]", text):
        return "a spreadsheet took this for a formula of its own; write sql: in place of ="
    word = text.split(maxsplit=1)[0]
    near = near_match(word, _WORDS)
    hint = f"; did you mean {near!r}?" if near else f" (known: {', '.join(_WORDS)}, =EXPRESSION)"
    return f"{word!r} is no rule{hint}"


def _alone(word: str) -> Callable[[Rule, str], Rule]:
    """A rule that has nothing behind its name; for a code list and a unit there are columns."""

    def read(rule: Rule, rest: str) -> Rule:
        if rest:
            where = f"; it stands in the column {word!r}" if word in {"code list", "unit"} else ""
            raise ValueError(f"{word}: expected nothing behind it{where}")
        if word == "skip":
            return Rule(skip=True)
        return rule if word == "copy" else msgspec.structs.replace(rule, needs=(*rule.needs, word))

    return read


def _constant(_: Rule, rest: str) -> Rule:
    raise ValueError(f"write constant: {rest or 'VALUE'}")


def _split(rule: Rule, rest: str) -> Rule:
    return msgspec.structs.replace(rule, split=rest or ",")


def _ontology(rule: Rule, rest: str) -> Rule:
    return msgspec.structs.replace(rule, prefixes=tuple(re.split(r"[\s,;]+", rest)) if rest else ())


_WORDS: dict[str, Callable[[Rule, str], Rule]] = {
    "copy": _alone("copy"),
    "constant": _constant,
    "split": _split,
    "code list": _alone("code list"),
    "unit": _alone("unit"),
    "ontology": _ontology,
    "skip": _alone("skip"),
}
