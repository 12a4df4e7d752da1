"""What Elasticsearch does of Guppy's filters, sorting and counting (protocols/gen3.md, d).

A filter first becomes a query of Elasticsearch's own, the way Guppy makes one, its traps with ranges included; that
query is then true of a document or not.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from biodata_gen3.sandbox.indices import NUMBERS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from biodata_gen3.sandbox.indices import Index

__all__ = ["BadInput", "buckets", "found", "ordered", "ranges", "values"]

Document = dict[str, Any]
Query = dict[str, Any]
_BOUNDS = {
    ">": "gt", "gt": "gt", "GT": "gt", ">=": "gte", "gte": "gte", "GTE": "gte",
    "<": "lt", "lt": "lt", "LT": "lt", "<=": "lte", "lte": "lte", "LTE": "lte",
}  # fmt: skip
_ANY = frozenset({"in", "IN", "contains_any"})
_EQUAL = frozenset({"=", "eq", "EQ"})
_NONE = frozenset({"!=", "excludes_any"})
_PAIR = 2
_SHORTEST = 2


class BadInput(Exception):
    """What Apollo calls BAD_USER_INPUT."""


def values(document: Document, field: str) -> list[Any]:
    """The values at a field, of which a document can have several; a dotted name goes into nested documents."""
    held: list[Any] = [document]
    for name in field.split("."):
        held = [one for outer in held if isinstance(outer, dict) for one in _listed(outer.get(name))]
    return held


def _listed(value: Any) -> list[Any]:
    if value is None:
        return []
    return value if isinstance(value, list) else [value]


def found(index: Index, given: Any) -> list[Document]:
    """The documents that a filter lets pass; all for none.

    Raises:
        BadInput: an unknown field or operator, or a query that Elasticsearch refuses.
    """
    query = _translated(index, given) if given else None
    return [one for one in index.documents if query is None or _true(query, one)]


# --- Guppy's filter as a query --------------------------------------------------------------------------------


def _translated(index: Index, given: Any, prefix: str = "") -> Query | None:
    if not isinstance(given, dict):
        raise BadInput('Invalid input "filter" argument')
    if not given:
        return None
    op, inner = next(iter(given.items()))
    if op.lower() in ("and", "or"):
        return _joined(op.lower(), [_translated(index, one, prefix) for one in inner])
    if op == "nested":
        return _nested(index, inner, prefix)
    if op == "search":
        return _search(inner)
    field, value = next(iter(inner.items()))  # of several only the first is looked at
    query = _leaf(op, prefix + field, _kind(index, prefix + field), value)
    aliased = index.alias is not None and "terms" in query and index.alias in query["terms"][1]
    return {"or": [query, {"missing": prefix + field}]} if aliased else query


def _joined(op: str, parts: list[Query | None]) -> Query | None:
    """Two ranges become one, and of more none is left, whatever joins them and whatever fields they are about."""
    held = [one for one in parts if one is not None]
    ranges = [one for one in held if "range" in one]
    if len(ranges) >= _PAIR:
        held = [one for one in held if "range" not in one]
    if len(ranges) == _PAIR:
        held.append({"range": _merged(ranges[0]["range"], ranges[1]["range"])})
    return {op: held} if held else None


def _merged(one: dict[str, Any], other: dict[str, Any]) -> dict[str, Any]:
    return {field: {**one.get(field, {}), **other.get(field, {})} for field in {**one, **other}}


def _nested(index: Index, inner: dict[str, Any], prefix: str) -> Query | None:
    """All of it is true of one nested document."""
    path = str(inner.get("path"))
    rest = {op: one for op, one in inner.items() if op != "path"}
    query = _translated(index, rest, f"{path}.")
    return None if query is None else {"nested": (prefix + path, query)}


def _search(inner: dict[str, Any]) -> Query:
    word = str(inner.get("keyword", ""))
    if len(word) < _SHORTEST:
        raise BadInput(f"Keyword for text search too short, minimum length is {_SHORTEST}.")
    return {"search": (word.lower(), _listed(inner.get("fields")))}


def _kind(index: Index, field: str) -> str:
    kind: Any = index.fields
    for name in field.split("."):
        kind = kind.get(name) if isinstance(kind, dict) else None
    if not isinstance(kind, str):
        raise BadInput(f'Please check your syntax for input "filter" argument: field {field} does not exist')
    return kind


def _leaf(op: str, field: str, kind: str, value: Any) -> Query:
    if kind in NUMBERS and op in _BOUNDS:
        return {"range": {field: {_BOUNDS[op]: value}}}
    if op in _EQUAL:
        return {"terms": (field, _listed(value))}
    if op in _ANY | _NONE:
        if not isinstance(value, list) and kind not in NUMBERS:
            raise BadInput(f"[terms] query does not support values that are no list, in [{field}]")
        return {"terms" if op in _ANY else "not": (field, _listed(value))}
    if op in ("contains_all", "excludes_all"):
        return {"all" if op[0] == "c" else "not all": (field, _listed(value))}
    raise BadInput(f'Invalid operation "{op}" for field "{field}" in filter argument')


# --- a query on a document ------------------------------------------------------------------------------------


def _true(query: Query, document: Document) -> bool:
    op, inner = next(iter(query.items()))
    return _TESTS[op](inner, document)


def _in_range(inner: dict[str, dict[str, Any]], document: Document) -> bool:
    if len(inner) > 1:
        raise BadInput("[range] query doesn't support multiple fields, found " + " and ".join(map(repr, inner)))
    ((field, bounds),) = inner.items()
    return any(all(_BOUND[op](one, bound) for op, bound in bounds.items()) for one in values(document, field))


def _search_hit(inner: tuple[str, list[str]], document: Document) -> bool:
    word, fields = inner
    texts = [one for field in fields or document for one in values(document, field) if isinstance(one, str)]
    return any(word in text.lower() for text in texts)


def _nested_hit(inner: tuple[str, Query], document: Document) -> bool:
    path, query = inner
    return any(_true(query, _below(path, one)) for one in values(document, path))


def _below(path: str, value: Any) -> Document:
    for name in reversed(path.split(".")):
        value = {name: value}
    document: Document = value
    return document


_BOUND: dict[str, Callable[[Any, Any], bool]] = {
    "gt": lambda one, bound: one > bound,
    "gte": lambda one, bound: one >= bound,
    "lt": lambda one, bound: one < bound,
    "lte": lambda one, bound: one <= bound,
}
_TESTS: dict[str, Callable[[Any, Document], bool]] = {
    "and": lambda parts, document: all(_true(one, document) for one in parts),
    "or": lambda parts, document: any(_true(one, document) for one in parts),
    "terms": lambda inner, document: any(one in inner[1] for one in values(document, inner[0])),
    "missing": lambda inner, document: not values(document, inner),
    "not": lambda inner, document: not any(one in inner[1] for one in values(document, inner[0])),
    "all": lambda inner, document: set(inner[1]) <= set(values(document, inner[0])),
    "not all": lambda inner, document: not set(inner[1]) <= set(values(document, inner[0])),
    "range": _in_range,
    "search": _search_hit,
    "nested": _nested_hit,
}


# --- order and numbers ----------------------------------------------------------------------------------------


def ordered(index: Index, documents: Iterable[Document], sort: Any) -> list[Document]:
    """In order, those without a value last either way; by no key, as they stand.

    Raises:
        BadInput: an unknown field, or neither asc nor desc.
    """
    keys = [{name: way} for name, way in sort.items()] if isinstance(sort, dict) else list(sort or ())
    rows = list(documents)
    for key in reversed(keys):
        ((name, way),) = key.items() if isinstance(key, dict) and len(key) == 1 else ((None, None),)
        if not isinstance(index.fields.get(str(name)), str) or way not in ("asc", "desc"):
            raise BadInput("Invalid sort argument")
        best = max if way == "desc" else min
        there = [(best(values(one, str(name))), one) for one in rows if values(one, str(name))]
        there.sort(key=lambda pair: pair[0], reverse=way == "desc")
        rows = [one for _, one in there] + [one for one in rows if not values(one, str(name))]
    return rows


def buckets(documents: Iterable[Document], field: str, alias: str | None = None) -> list[dict[str, Any]]:
    """The number of documents with each value, the commonest first; those without one below the alias, if any."""
    none = [] if alias is None else [alias]
    counts = Counter(one for document in documents for one in dict.fromkeys(values(document, field) or none))
    ranked = sorted(counts.items(), key=lambda pair: (-pair[1], str(pair[0])))
    return [{"key": str(key), "count": count} for key, count in ranked]


def ranges(documents: Iterable[Document], field: str, args: dict[str, Any]) -> list[dict[str, Any]]:
    """One range of everything, of so many bins, or of a step each; ranges without a document are left out."""
    held = sorted(one for document in documents for one in values(document, field))
    start, end = args.get("rangeStart"), args.get("rangeEnd")
    held = [one for one in held if (start is None or one >= start) and (end is None or one < end)]
    if not held:
        return []
    low, high = held[0] if start is None else start, held[-1] if end is None else end
    step, bins = args.get("rangeStep"), args.get("binCount")
    if step is None and bins is None:
        return [_bucket(held, low, high)]
    width = step if step is not None else (high - low) / bins or 1
    low = low if start is not None or step is None else low // width * width
    groups: dict[int, list[Any]] = {}
    for one in held:
        number = int((one - low) // width)
        groups.setdefault(number if bins is None else min(number, bins - 1), []).append(one)
    return [_bucket(some, low + at * width, low + (at + 1) * width) for at, some in sorted(groups.items())]


def _bucket(held: list[Any], low: Any, high: Any) -> dict[str, Any]:
    total = sum(held)
    numbers = {"min": held[0], "max": held[-1], "avg": total / len(held), "sum": total, "count": len(held)}
    return {"key": [low, high], **numbers}
