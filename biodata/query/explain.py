"""What will be done, in words: `print(rows.explain())`; and a tree in the string form."""

from __future__ import annotations

import decimal
import re
from typing import TYPE_CHECKING, Any

import msgspec

from biodata.query.plan import Order  # noqa: TC001 - msgspec reads annotations at run time
from biodata.query.pushdown import Support
from biodata.query.tree import NEGATED, Always, And, Leaf, Native, Node, Not, Or

if TYPE_CHECKING:
    from collections.abc import Sequence

    from biodata.query.plan import Plan
    from biodata.records.types import Path

__all__ = ["ExplainedPart", "Explanation", "explain", "render"]

_PLAIN_NAME = re.compile(r"[^\W\d]\w*")
_KEYWORDS = frozenset({
    "and", "or", "not", "in", "between", "like", "ilike", "escape", "is", "null", "true", "false",
    "exists", "contains", "starts_with", "native",
})  # fmt: skip
_WHO = {"exact": "platform", "inexact": "platform, checked here", "unsupported": "here"}


class ExplainedPart(msgspec.Struct, frozen=True, omit_defaults=True):
    """One AND-part: its text, how the platform does it, and why not exactly."""

    filter: str
    support: Support
    reason: str = ""


class Explanation(msgspec.Struct, frozen=True, omit_defaults=True):
    """How a query will be answered; `str()` is the text, `to_dict()` the JSON form.

    Attributes:
        parts: each AND-part of the filter.
        fields: what is read, as dotted names; `asked` is what comes out.
        order_by: as asked; `-` for descending.
        sorted: `platform` or `here`; empty when no order is asked.
        limited: where limit and offset are applied: `platform` or `here`; empty when there are none.
        transport: how the records travel, in the adapter's words.
        requests: what will be sent, in the adapter's words.
        here: what is done here, in order.
        hint: what would let the platform do more.
    """

    table: str
    parts: tuple[ExplainedPart, ...] = ()
    fields: tuple[str, ...] = ()
    asked: tuple[str, ...] = ()
    order_by: tuple[str, ...] = ()
    sorted: str = ""
    limit: int | None = None
    offset: int = 0
    limited: str = ""
    page_size: int = 0
    transport: str = ""
    requests: tuple[str, ...] = ()
    here: tuple[str, ...] = ()
    hint: str = ""

    def to_dict(self) -> dict[str, Any]:
        """As JSON values; what is empty is left out."""
        built: dict[str, Any] = msgspec.json.decode(msgspec.json.encode(self))
        return built

    def __str__(self) -> str:
        return "\n".join(_lines(self))


def explain(plan: Plan, *, transport: str = "", requests: Sequence[str] = (), hint: str = "") -> Explanation:
    """The explanation of a plan.

    Args:
        plan: from `make_plan`.
        transport: the adapter's words for how the records travel.
        requests: the adapter's lines for what will be sent, without secrets.
        hint: the adapter's, where it has one; otherwise one is found by what keeps the limit here.
    """
    query = plan.query
    limited = query.limit is not None or query.offset > 0
    down = plan.residual is None and not plan.sort_here
    return Explanation(
        table=plan.schema.table,
        parts=tuple(ExplainedPart(render(part.filter), part.support, part.reason) for part in plan.parts),
        fields=tuple(_dotted(path) for path in plan.fields),
        asked=tuple(_dotted(path) for path in query.fields or ((name,) for name in plan.schema.names)),
        order_by=tuple(_order(order) for order in query.order),
        sorted=("here" if plan.sort_here else "platform") if query.order else "",
        limit=query.limit,
        offset=query.offset,
        limited=("platform" if down else "here") if limited else "",
        page_size=plan.page_size,
        transport=transport,
        requests=tuple(requests),
        here=tuple(_done_here(plan, limited=limited and not down)),
        hint=hint or _hint(plan, limited=limited and not down),
    )


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
        return _comparison(_dotted(leaf.path), NEGATED[leaf.op], leaf.value)
    text = _comparison(_dotted(leaf.path), leaf.op, leaf.value)
    return f"not {text}" if leaf.quantifier == "none" else text


def _comparison(name: str, op: str, value: Any) -> str:
    if op in {"is null", "is not null"}:
        return f"{name} {op}"
    if op.endswith(("contains", "starts_with")):
        negation, _, function = op.rpartition(" ")
        return f"{negation} {function}({name}, {_value(value)})".lstrip()
    if op in {"in", "not in"}:
        return f"{name} {op} ({', '.join(_value(item) for item in value)})"
    if op in {"between", "not between"}:
        return f"{name} {op} {_value(value[0])} and {_value(value[1])}"
    return f"{name} {'=' if op == '==' else op} {_value(value)}"


def _value(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float | decimal.Decimal):
        return str(value)
    text = str(value.isoformat() if hasattr(value, "isoformat") else value)
    return "'" + text.replace("'", "''") + "'"


def _dotted(path: Path) -> str:
    return ".".join(_name(name) for name in path)


def _name(name: str) -> str:
    if _PLAIN_NAME.fullmatch(name) and name.lower() not in _KEYWORDS:
        return name
    return "`" + name.replace("`", "``") + "`"


def _order(order: Order) -> str:
    return ("-" if order.descending else "") + ".".join(order.path)


def _done_here(plan: Plan, *, limited: bool) -> list[str]:
    steps = [f"check {render(plan.residual)}"] if plan.residual is not None else []
    steps += [f"sort by {', '.join(_order(order) for order in plan.query.order)}"] if plan.sort_here else []
    return steps + ([_window(plan.query.offset, plan.query.limit)] if limited else [])


def _window(offset: int, limit: int | None) -> str:
    words = [f"skip {offset}"] if offset else []
    return ", ".join(words + ([f"take {limit}"] if limit is not None else []))


def _hint(plan: Plan, *, limited: bool) -> str:
    if limited and plan.sort_here and plan.residual is None:
        return "Without order_by the platform would apply the limit."
    if limited and plan.residual is not None:
        return "All that the platform sends is read, because the limit comes after what is checked here."
    return ""


def _lines(told: Explanation) -> list[str]:
    lines = [told.table]
    lines += ["  filter"] * bool(told.parts)
    for part in told.parts:
        lines.append(f"    {part.filter}")
        lines.append(f"      {_WHO[part.support]}{part.reason and ': ' + part.reason}")
    rows = [
        ("read", ", ".join(told.fields)),
        ("order", f"{', '.join(told.order_by)} ({told.sorted})" if told.order_by else ""),
        ("limit", f"{_window(told.offset, told.limit)} ({told.limited})" if told.limited else ""),
        ("pages of", str(told.page_size or "")),
        ("transport", told.transport),
        *(("request", line) for line in told.requests),
        ("here", ", then ".join(told.here) or "nothing"),
        ("hint", told.hint),
    ]
    return lines + [f"  {word:<10}{text}" for word, text in rows if text]
