"""How a filter is written: as RSQL, or as v1's rules for what RSQL cannot say.

RSQL of rsql-parser 2.0.0 has no escape inside quotes and no quotes around names (protocols/molgenis.md, b4);
the rules are JSON, and hold any text (a4).
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import msgspec

from biodata.errors import QueryError
from biodata.query.patterns import literal, split_pattern
from biodata.query.tree import And, Leaf, Native, Node, Or
from biodata.records.types import EXACT_FLOAT

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

__all__ = [
    "Unsayable",
    "literals",
    "longest_run",
    "plain_name",
    "rsql",
    "rules",
    "sayable",
    "text_of",
    "values_of",
]

_NULL = frozenset({"is null", "is not null"})
_PARTS = frozenset({"like", "ilike", "contains", "starts_with"})
_RUN = re.compile(r"[ -~]+")
_LIVE = re.compile(r"[%_\\'\"]")
_FOLDED = re.compile(r"[IiKk]")
_NAME = re.compile(r"[A-Za-z0-9_#-]+")
_QUOTES = frozenset("'\"")
_STRING = re.compile(r"'[^']*'|\"[^\"]*\"")


class Unsayable(Exception):
    """RSQL has no way to write this; v1's rules have."""


def values_of(leaf: Leaf) -> Sequence[Any]:
    """The values that a leaf compares with: one, or several."""
    return leaf.value if isinstance(leaf.value, tuple | list) else (leaf.value,)


def longest_run(leaf: Leaf) -> str:
    """The longest stretch of text that every match holds, and that `=like=` finds whatever the database's locale.

    ASCII only, without its live `%`, `_` and backslash and without quotes. For `ilike` also without `i` and `k`:
    two characters beyond ASCII have those as their small form, and a database need not agree.
    """
    text = str(leaf.value)
    pattern = text if leaf.op in {"like", "ilike"} else literal(text)
    cut = _FOLDED if leaf.op == "ilike" else None
    runs = (run for kind, part in split_pattern(pattern) if kind == "text" for run in _runs(part, cut))
    return max(runs, key=len, default="")


def _runs(text: str, cut: re.Pattern[str] | None) -> Iterable[str]:
    for stretch in _RUN.findall(text):
        for run in _LIVE.split(stretch):
            yield from cut.split(run) if cut else (run,)


def text_of(value: Any) -> str:
    """A value as the server's filters read it: dates ISO, date-times with `Z`, booleans small."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat().replace("+00:00", "Z")
    if isinstance(value, float):
        return repr(value)
    return value.isoformat() if hasattr(value, "isoformat") else str(value)


def sayable(value: Any) -> bool:
    """Whether RSQL can hold the value: not when it has both kinds of quote."""
    text = text_of(value)
    return not ('"' in text and "'" in text)


def _quoted(value: Any) -> str:
    text = text_of(value)
    if not sayable(value):
        raise Unsayable
    return f"'{text}'" if '"' in text else f'"{text}"'


# --- RSQL --------------------------------------------------------------------------------------------------


def rsql(node: Node) -> str:
    """The filter as RSQL.

    Raises:
        Unsayable: a value with both kinds of quote, a field whose name is no selector, or a native list of rules.
        QueryError: `BD-QUERY-NATIVE`, a native query whose brackets or quotes are not in pairs.
    """
    if isinstance(node, And):
        return ";".join(_bracketed(part, Or) for part in node.parts)
    if isinstance(node, Or):
        return ",".join(map(rsql, node.parts))
    if isinstance(node, Native) and not _is_rules(node):
        return f"({_kept_inside(node.text)})"
    if isinstance(node, Leaf):
        return _leaf(_selector(node), node)
    raise Unsayable


def _kept_inside(text: str) -> str:
    """A native query, if the brackets that are put around it hold all of it."""
    bare, depth, lowest = _STRING.sub("", text), 0, 0
    for one in re.findall(r"[()]", bare):
        depth += 1 if one == "(" else -1
        lowest = min(lowest, depth)
    if lowest < 0 or depth or set(bare) & _QUOTES:
        raise QueryError(
            "The native query has a bracket or a quote without its other one",
            code="BD-QUERY-NATIVE",
            hint="It is joined with the filter by AND, so it must be a whole condition of its own.",
        )
    return text


def _bracketed(node: Node, kind: type[Or]) -> str:
    return f"({rsql(node)})" if isinstance(node, kind) else rsql(node)


def plain_name(name: str) -> bool:
    """Whether a field's name can stand in RSQL and in `sort`."""
    return _NAME.fullmatch(name) is not None


def _selector(leaf: Leaf) -> str:
    if not plain_name(leaf.path[0]):
        raise Unsayable
    return leaf.path[0]


def _leaf(name: str, leaf: Leaf) -> str:
    if leaf.op in _PARTS:
        return f"{name}=like={_quoted(longest_run(leaf))}"
    if isinstance(leaf.value, bool):
        return f"{name}=={text_of(leaf.value is (leaf.op == '=='))}"
    return _WRITERS[leaf.op](name, leaf.value)


def _each(name: str, values: Iterable[Any], between: str, operator: str = "") -> str:
    return between.join(f"{name}{operator}{_quoted(value)}" for value in values)


_WRITERS: dict[str, Callable[[str, Any], str]] = {
    "==": lambda name, value: f"{name}=={_quoted(value)}",
    "!=": lambda name, value: f"{name}!={_quoted(value)}",
    "<": lambda name, value: f"{name}=lt={_quoted(value)}",
    "<=": lambda name, value: f"{name}=le={_quoted(value)}",
    ">": lambda name, value: f"{name}=gt={_quoted(value)}",
    ">=": lambda name, value: f"{name}=ge={_quoted(value)}",
    "in": lambda name, values: f"{name}=in=({_each('', values, ',')})",
    "not in": lambda name, values: _each(name, values, ";", "!="),
    "between": lambda name, ends: f"{name}=ge={_quoted(ends[0])};{name}=le={_quoted(ends[1])}",
    "not between": lambda name, ends: f"({name}=lt={_quoted(ends[0])},{name}=gt={_quoted(ends[1])})",
    "is null": lambda name, _: f'{name}==""',
    "is not null": lambda name, _: f'{name}!=""',
}


# --- v1's rules --------------------------------------------------------------------------------------------

RuleList = list[dict[str, Any]]


def rules(node: Node) -> RuleList:
    """The filter as v1's rules.

    A range is said by its two ends: the server writes its RANGE without brackets, which goes wrong after a NOT.

    Raises:
        Unsayable: a native query is in it that is RSQL.
        QueryError: `BD-QUERY-NATIVE`, a native query that begins as a list of rules and is none.
    """
    if isinstance(node, Native) and _is_rules(node):
        return _native_rules(node)
    node = _opened(node)
    if isinstance(node, And | Or):
        return _joined("AND" if isinstance(node, And) else "OR", node.parts)
    if isinstance(node, Leaf):
        return [*([{"operator": "NOT"}] if _negated(node) else []), _rule(node)]
    raise Unsayable


def _is_rules(node: Native) -> bool:
    """Whether a native query is v1's list of rules, or one rule, as JSON: no RSQL begins so."""
    return node.text.lstrip().startswith(("[", "{"))


def _native_rules(node: Native) -> RuleList:
    try:
        text = node.text.strip()
        given: RuleList = msgspec.json.decode(text if text.startswith("[") else f"[{text}]", type=RuleList)
    except msgspec.MsgspecError:
        given = []
    if not given:
        raise QueryError(
            "The native query begins as a list of rules, and is none",
            code="BD-QUERY-NATIVE",
            hint='[{"field": …, "operator": "EQUALS", "value": …}, {"operator": "OR"}, …]',
        )
    return given


def _opened(node: Node) -> Node:
    if not isinstance(node, Leaf) or node.op not in {"between", "not between"}:
        return node
    low, high = node.value
    if node.op == "between":
        return And((Leaf(node.path, ">=", low), Leaf(node.path, "<=", high)))
    return Or((Leaf(node.path, "<", low), Leaf(node.path, ">", high)))


def _joined(word: str, parts: Sequence[Node]) -> RuleList:
    joined: RuleList = []
    for part in parts:
        inner = rules(part)
        joined += [{"operator": word}] if joined else []
        joined += inner if isinstance(_opened(part), Leaf) else [{"operator": "NESTED", "nestedRules": inner}]
    return joined


def _negated(leaf: Leaf) -> bool:
    return leaf.op in {"!=", "not in", "is not null"} and not isinstance(leaf.value, bool)


def _rule(leaf: Leaf) -> dict[str, Any]:
    operator = _RULE_OPERATORS.get(leaf.op, "LIKE")
    return {"field": leaf.path[0], "operator": operator, "value": _rule_value(leaf)}


def _rule_value(leaf: Leaf) -> Any:
    if leaf.op in _NULL or leaf.value == "":
        return None
    if leaf.op in _PARTS:
        return longest_run(leaf)
    if isinstance(leaf.value, bool):
        return leaf.value is (leaf.op == "==")
    return list(map(_json, leaf.value)) if isinstance(leaf.value, tuple | list) else _json(leaf.value)


def _json(value: Any) -> Any:
    exact = isinstance(value, float) or (isinstance(value, int) and abs(value) <= EXACT_FLOAT)
    return value if exact else text_of(value)


_RULE_OPERATORS = {
    "==": "EQUALS", "!=": "EQUALS", "is null": "EQUALS", "is not null": "EQUALS",
    "in": "IN", "not in": "IN",
    "<": "LESS", "<=": "LESS_EQUAL", ">": "GREATER", ">=": "GREATER_EQUAL",
}  # fmt: skip


def literals(node: Node | None) -> list[Any]:
    """The values in a filter, to be masked in the server's words."""
    if isinstance(node, And | Or):
        return [value for part in node.parts for value in literals(part)]
    return list(values_of(node)) if isinstance(node, Leaf) else []
