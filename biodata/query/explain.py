"""What will be done, in words: `print(rows.explain())`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from biodata.query.hints import fields_hint, order_hint, part_hint, sort_reason
from biodata.query.paths import fields_along
from biodata.query.plan import Order  # noqa: TC001 - msgspec reads annotations at run time
from biodata.query.pushdown import Support
from biodata.query.text import dotted, key_set, render
from biodata.records.types import Reference, element

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from biodata.query.plan import Part, Plan
    from biodata.query.pushdown import Pushdown
    from biodata.records.types import Path

__all__ = ["ExplainedPart", "Explanation", "explain"]

LONGEST = 400
"""Characters of a filter that the text shows; the JSON form has all of it, and requests are always whole."""

_WHO = {"exact": "platform", "inexact": "platform, checked here", "unsupported": "here"}


class ExplainedPart(msgspec.Struct, frozen=True, omit_defaults=True):
    """One AND-part: its text, how the platform does it, why not exactly, and what it would do instead."""

    filter: str
    support: Support
    reason: str = ""
    hint: str = ""


class Explanation(msgspec.Struct, frozen=True, omit_defaults=True):
    """How a query will be answered; `str()` is the text, `to_dict()` the JSON form.

    Attributes:
        parts: each AND-part of the filter, in its short form (`a = 1 or a = 2` is `a in (1, 2)`).
        fields: what is read, as dotted names; `asked` is what comes out.
        follows: the references whose records are read by key, a bulk request for each and every page.
        order_by: as asked; `-` for descending.
        sorted: `platform` or `here`; empty when no order is asked.
        sorted_why: why here; `sorted_hint`: an order like it that the platform sorts by.
        group_by: what is grouped by, as dotted names.
        grouped: who groups: `platform` or `here`; empty without groups. `grouped_why` says why here.
        limited: where limit and offset are applied: `platform` or `here`; empty when there are none.
        limited_why: why here.
        transport: how the records travel, in the adapter's words, and how many requests may be under way at once.
        requests: what will be sent first, method, path and parameters; each further page asks the same of the
            records after it.
        here: what is done here, in order.
        hints: what of limit and fields keeps work here; hints of the filter are in `parts`.
    """

    table: str
    parts: tuple[ExplainedPart, ...] = ()
    fields: tuple[str, ...] = ()
    asked: tuple[str, ...] = ()
    follows: tuple[str, ...] = ()
    order_by: tuple[str, ...] = ()
    sorted: str = ""
    sorted_why: str = ""
    sorted_hint: str = ""
    group_by: tuple[str, ...] = ()
    grouped: str = ""
    grouped_why: str = ""
    limit: int | None = None
    offset: int = 0
    limited: str = ""
    limited_why: str = ""
    page_size: int = 0
    transport: str = ""
    requests: tuple[str, ...] = ()
    here: tuple[str, ...] = ()
    hints: tuple[str, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """As JSON values; what is empty is left out."""
        built: dict[str, Any] = msgspec.json.decode(msgspec.json.encode(self))
        return built

    def __str__(self) -> str:
        return "\n".join(_lines(self))


def explain(
    plan: Plan,
    pushdown: Pushdown,
    *,
    transport: str = "",
    requests: Sequence[str] = (),
    expanded: Sequence[Path] = (),
) -> Explanation:
    """The explanation of a plan.

    Args:
        plan: from `make_plan`.
        pushdown: the table that it was made by; the hints are looked up in it.
        transport: the adapter's words for how the records travel.
        requests: the adapter's lines for what will be sent, without secrets.
        expanded: the references in whose place whole records are put.
    """
    query = plan.query
    limited = query.limit is not None or query.offset > 0
    down = plan.residual is None and not plan.sort_here
    limit_here = limited and not down
    follows = tuple(dict.fromkeys((*_follows(plan), *map(dotted, expanded))))
    return Explanation(
        table=plan.schema.table,
        parts=tuple(_part(part, plan, pushdown) for part in plan.parts),
        fields=tuple(dotted(path) for path in plan.fields),
        asked=tuple(dotted(path) for path in query.fields or ((name,) for name in plan.schema.names)),
        follows=follows,
        order_by=tuple(_order(order) for order in query.order),
        sorted=("here" if plan.sort_here else "platform") if query.order else "",
        sorted_why=sort_reason(query, pushdown) if plan.sort_here else "",
        sorted_hint=order_hint(query, pushdown) if plan.sort_here else "",
        limit=query.limit,
        offset=query.offset,
        limited=("platform" if down else "here") if limited else "",
        limited_why=_limit_reason(plan) if limit_here else "",
        page_size=plan.page_size,
        transport=transport,
        requests=tuple(requests),
        here=(*(f"follow {name}" for name in follows), *_done_here(plan, limited=limit_here)),
        hints=tuple(_hints(plan, limited=limit_here)),
    )


def _part(part: Part, plan: Plan, pushdown: Pushdown) -> ExplainedPart:
    hint = part_hint(part, plan.query, pushdown)
    return ExplainedPart(render(part.filter), part.support, _reason(part), hint)


def _reason(part: Part) -> str:
    keys = [f"by {key_set(one)}, which are read first" for one in part.key_sets]
    return "; ".join([*keys, *([part.reason] if part.reason else [])])


def _follows(plan: Plan) -> tuple[str, ...]:
    found: dict[str, None] = {}
    for path in plan.fields:
        steps = fields_along(plan.schema, path, plan.query.lookup)[:-1]
        over = [dotted(path[:at]) for at, one in enumerate(steps, 1) if isinstance(element(one.type), Reference)]
        found.update(dict.fromkeys(over))
    return tuple(found)


def _order(order: Order) -> str:
    return ("-" if order.descending else "") + ".".join(order.path)


def _limit_reason(plan: Plan) -> str:
    steps = ["the check"] * (plan.residual is not None) + ["the sorting"] * plan.sort_here
    return f"only after {' and '.join(steps)}"


def _done_here(plan: Plan, *, limited: bool) -> list[str]:
    steps = [f"check {render(plan.residual)}"] if plan.residual is not None else []
    steps += [f"sort by {', '.join(_order(order) for order in plan.query.order)}"] if plan.sort_here else []
    return steps + ([_window(plan.query.offset, plan.query.limit)] if limited else [])


def _window(offset: int, limit: int | None) -> str:
    words = [f"skip {offset}"] if offset else []
    return ", ".join(words + ([f"take {limit}"] if limit is not None else []))


def _hints(plan: Plan, *, limited: bool) -> Iterator[str]:
    if limited and plan.sort_here and plan.residual is None:
        yield "Without order_by the platform would apply the limit."
    elif limited and plan.sort_here:
        yield "All that the platform sends is read, because it is sorted here before the limit."
    elif limited and plan.query.limit is not None:
        yield "Pages are read until enough records have passed the check here."
    found = fields_hint(plan)
    yield from [found] if found else []


def _groups(told: Explanation) -> str:
    return f"by {', '.join(told.group_by)} ({_who(told.grouped, told.grouped_why)})"


def _lines(told: Explanation) -> list[str]:
    lines = [told.table]
    lines += ["  filter"] * bool(told.parts)
    for part in told.parts:
        lines.append(f"    {_short(part.filter)}")
        lines.append(f"      {_WHO[part.support]}{part.reason and ': ' + part.reason}")
        lines += [f"      hint: {_short(part.hint)}"] * bool(part.hint)
    limit = _window(told.offset, told.limit)
    rows = [
        ("read", ", ".join(told.fields)),
        ("order", f"{', '.join(told.order_by)} ({_who(told.sorted, told.sorted_why)})" if told.order_by else ""),
        ("groups", _groups(told) if told.grouped else ""),
        (
            "limit",
            f"{limit} ({_who(told.limited, told.limited_why)})" if told.limited else "",
        ),
        ("pages of", str(told.page_size or "")),
        ("transport", told.transport),
        *(("request", line) for line in told.requests),
        ("here", ", then ".join(map(_short, told.here)) or "nothing"),
        *(("hint", line) for line in (told.sorted_hint, *told.hints)),
    ]
    return lines + [f"  {word:<10}{text}" for word, text in rows if text]


def _short(text: str) -> str:
    """The text; of a long one its two ends, and how long it is."""
    half = LONGEST // 2
    return text if len(text) <= LONGEST else f"{text[:half]} … {text[-half:]} ({len(text):,} characters)"


def _who(who: str, why: str) -> str:
    return f"{who}: {why}" if why else who
