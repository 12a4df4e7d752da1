"""A tree in the string form, which is read as the same tree again."""

from __future__ import annotations

import decimal
import re
from typing import TYPE_CHECKING, Any

from biodata.query.plan import KeySet
from biodata.query.tree import NEGATED, Always, And, Leaf, Native, Node, Not, Or

if TYPE_CHECKING:
    from biodata.records.types import Path

__all__ = ["dotted", "key_set", "render"]

_PLAIN_NAME = re.compile(r"[^\W\d]\w*")
_KEYWORDS = frozenset({
    "and", "or", "not", "in", "between", "like", "ilike", "escape", "is", "null", "true", "false",
    "exists", "contains", "starts_with", "native",
})  # fmt: skip


def render(node: Node) -> str:
    """A tree in the string form, which is read as the same tree again; a bound one binds to the same again."""
    match node:
        case Leaf():
            return _leaf(node)
        case And(parts) | Or(parts):
            word = " and " if isinstance(node, And) else " or "
            return word.join(f"({render(part)})" if isinstance(part, And | Or) else render(part) for part in parts)
        case Not(part):
            return f"not ({render(part)})" if isinstance(part, And | Or) else f"not {render(part)}"
        case Native(text):
            return f"native({_value(text)})"
        case Always(value):
            return "every record" if value else "no record"


def _leaf(leaf: Leaf) -> str:
    negated = leaf.op.startswith("not ") or leaf.op in {"!=", "is not null"}
    if leaf.quantifier == "none" and not negated and leaf.op in {"==", "in", "between", "like", "ilike"}:
        return _comparison(dotted(leaf.path), NEGATED[leaf.op], leaf.value)
    text = _comparison(dotted(leaf.path), leaf.op, leaf.value)
    return f"not {text}" if leaf.quantifier == "none" else text


def _comparison(name: str, op: str, value: Any) -> str:
    if op in {"is null", "is not null"}:
        return f"{name} {op}"
    if op.endswith(("contains", "starts_with")):
        negation, _, function = op.rpartition(" ")
        return f"{negation} {function}({name}, {_value(value)})".lstrip()
    if isinstance(value, KeySet):
        return f"{name} {op} ({key_set(value)})"
    if op in {"in", "not in"}:
        return f"{name} {op} ({', '.join(_value(item) for item in value)})"
    if op in {"between", "not between"}:
        return f"{name} {op} {_value(value[0])} and {_value(value[1])}"
    return f"{name} {'=' if op == '==' else op} {_value(value)}"


def key_set(keys: KeySet) -> str:
    """A key set in words."""
    return f"the keys of {keys.table} where {render(keys.filter)}"


def _value(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float | decimal.Decimal):
        return str(value)
    text = str(value.isoformat() if hasattr(value, "isoformat") else value)
    return "'" + text.replace("'", "''") + "'"


def dotted(path: Path) -> str:
    """A path as it is written in a filter, odd names in backticks."""
    return ".".join(_name(name) for name in path)


def _name(name: str) -> str:
    if _PLAIN_NAME.fullmatch(name) and name.lower() not in _KEYWORDS:
        return name
    return "`" + name.replace("`", "``") + "`"
