"""Answering a query over the rows of a table, as the two engines of MOLGENIS do it (protocols/molgenis.md, b4).

Plain comparisons run in the database, where a comparison with null is neither true nor false; full text and
dotted names run in the search engine, where "must not" is true for null, and which shows only its first
10 000 hits.
"""

from __future__ import annotations

import json
import re
import zlib
from typing import TYPE_CHECKING, Any, NamedTuple

from biodata_molgenis.sandbox.conditions import All, Condition, Leaf, Not, Some
from biodata_molgenis.sandbox.errors import server_error
from biodata_molgenis.sandbox.values import instant_text

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from datetime import datetime

    from biodata_molgenis.sandbox.model import Attribute, EntityType
    from biodata_molgenis.sandbox.state import Row, State

__all__ = ["SEARCH_WINDOW", "Selection", "matching", "select", "text_of"]

SEARCH_WINDOW = 10_000
_WORD = re.compile(r"\w+(?:['.]\w+)*")
_TEXT_OPERATORS = frozenset({"SEARCH", "SEARCH_QUERY", "FUZZY_MATCH", "FUZZY_MATCH_NGRAM"})
_ORDER: dict[str, Callable[[Any, Any], bool]] = {
    "LESS": lambda left, right: bool(left < right),
    "LESS_EQUAL": lambda left, right: bool(left <= right),
    "GREATER": lambda left, right: bool(left > right),
    "GREATER_EQUAL": lambda left, right: bool(left >= right),
}


class Selection(NamedTuple):
    """`total` counts all rows that match, `rows` are those of the page."""

    total: int
    rows: list[Row]


def select(
    state: State,
    entity_type: EntityType,
    rows: Mapping[Any, Row],
    condition: Condition | None,
    sort: Sequence[tuple[str, bool]],
    start: int,
    num: int,
) -> Selection:
    """One page of the rows that match; `sort` lists (attribute, descending) and the id decides at the end.

    Raises:
        ApiError: 500 past the search engine's window [C 203, 206] and for sorting by what is not there [C 051].
    """
    if condition is not None and searched(condition):
        _refuse_deep(entity_type, condition, start + num)
    ordered = _sorted(entity_type, matching(state, entity_type, rows, condition), sort)
    return Selection(len(ordered), ordered[start : start + num])


def matching(
    state: State, entity_type: EntityType, rows: Mapping[Any, Row], condition: Condition | None
) -> list[Row]:
    """All rows that match, in no order."""
    if condition is None:
        return list(rows.values())
    engine = _Search if searched(condition) else _Sql
    test = engine(state, entity_type).test(condition)
    return [row for row in _candidates(entity_type, rows, condition) if test(row)]


def _candidates(entity_type: EntityType, rows: Mapping[Any, Row], condition: Condition) -> Iterable[Row]:
    """The rows that can match: by the index on the id where the condition names ids, else all of them."""
    leaves = condition.children if isinstance(condition, All) else (condition,)
    for leaf in leaves:
        if isinstance(leaf, Leaf) and leaf.path == (entity_type.id_attribute,) and leaf.operator in {"EQUALS", "IN"}:
            wanted = leaf.value if leaf.operator == "IN" else [leaf.value]
            return [rows[key] for key in dict.fromkeys(wanted) if key in rows]
    return rows.values()


def searched(condition: Condition) -> bool:
    """Whether a condition needs the search engine."""
    if isinstance(condition, Not):
        return searched(condition.child)
    if isinstance(condition, (All, Some)):
        return any(searched(child) for child in condition.children)
    attribute = condition.path[-1] if condition.path else None
    computed = attribute is not None and attribute.expression is not None
    return condition.operator in _TEXT_OPERATORS or len(condition.path) > 1 or computed


def _sorted(entity_type: EntityType, rows: list[Row], sort: Sequence[tuple[str, bool]]) -> list[Row]:
    key = entity_type.id_attribute.name
    ordered = sorted(rows, key=lambda row: (isinstance(row[key], str), row[key]))
    for name, descending in reversed(sort):
        if name not in entity_type.by_name:
            raise server_error(
                'Cannot invoke "org.molgenis.data.meta.model.Attribute.hasExpression()" because the return '
                'value of "org.molgenis.data.meta.model.EntityType.getAttribute(String)" is null'
            )
        filled = [row for row in ordered if _held(row, name)]
        empty = [row for row in ordered if not _held(row, name)]
        filled.sort(key=lambda row: row[name], reverse=descending)
        # PostgreSQL takes null for larger than any value.
        ordered = [*empty, *filled] if descending else [*filled, *empty]
    return ordered


def _held(row: Row, name: str) -> bool:
    return row.get(name) is not None


def text_of(value: Any) -> str:
    """A value as text, for full text and CSV."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if hasattr(value, "isoformat"):
        moment: datetime = value
        return instant_text(moment)
    return str(value)


class _Engine:
    """What both engines share: reaching the values of a leaf."""

    def __init__(self, state: State, entity_type: EntityType) -> None:
        self.state = state
        self.entity_type = entity_type

    def values(
        self, path: tuple[Attribute, ...], entity_type: EntityType | None = None
    ) -> Callable[[Row], tuple[Any, ...]]:
        """The values at the end of a path: none, one, or several where it goes through a list."""
        first, rest = path[0], path[1:]
        reach = self._reach(entity_type or self.entity_type, first)
        if not rest:
            return reach
        target = self.state.rows(first.ref or "")
        onward = self.values(rest, self.state.types[first.ref or ""])
        return lambda row: tuple(value for key in reach(row) if key in target for value in onward(target[key]))

    def _reach(self, entity_type: EntityType, attribute: Attribute) -> Callable[[Row], tuple[Any, ...]]:
        name = attribute.name
        if attribute.type == "onetomany":
            children = self.state.children(attribute)
            key = entity_type.id_attribute.name
            return lambda row: children.get(row[key], ())
        if attribute.multi:
            return lambda row: row[name]
        return lambda row: () if row.get(name) is None else (row[name],)

    def matcher(self, leaf: Leaf) -> Callable[[Any], bool]:
        """Whether one value satisfies a leaf."""
        wanted = leaf.value
        if leaf.operator == "EQUALS":
            return lambda value: bool(value == wanted)
        if leaf.operator == "IN":
            listed = frozenset(one for one in wanted if one is not None)
            return lambda value: value in listed
        if leaf.operator == "RANGE":
            low, high = wanted[0], wanted[1]
            # An open end makes the whole comparison null [C 0606].
            return lambda value: low is not None and high is not None and low <= value <= high
        if leaf.operator == "LIKE":
            pattern = _like(wanted, case_sensitive=leaf.path[-1].case_sensitive)
            return lambda value: pattern.fullmatch(text_of(value)) is not None
        compare = _ORDER[leaf.operator]
        return lambda value: wanted is not None and compare(value, wanted)


class _Sql(_Engine):
    """Three-valued logic: None is neither true nor false."""

    def test(self, condition: Condition) -> Callable[[Row], bool | None]:
        if isinstance(condition, Leaf):
            return self._leaf(condition, negated=False)
        if isinstance(condition, Not):
            if isinstance(condition.child, Leaf):
                return self._leaf(condition.child, negated=True)
            inner = self.test(condition.child)
            return lambda row: None if (said := inner(row)) is None else not said
        parts = [self.test(child) for child in condition.children]
        return _all(parts) if isinstance(condition, All) else _any(parts)

    def _leaf(self, leaf: Leaf, *, negated: bool) -> Callable[[Row], bool | None]:
        values = self.values(leaf.path)
        if leaf.operator == "EQUALS" and leaf.value is None:
            return lambda row: bool(values(row)) == negated
        match = self.matcher(leaf)
        if leaf.path[-1].type == "bool":
            # A boolean that is null counts as not true, also under NOT [C 0618].
            return lambda row: any(map(match, values(row))) != negated

        def test(row: Row) -> bool | None:
            held = values(row)
            return any(match(value) != negated for value in held) if held else None

        return test


class _Search(_Engine):
    """Two-valued logic: what is not found is not there, and NOT of it is true."""

    def test(self, condition: Condition) -> Callable[[Row], bool]:
        if isinstance(condition, Leaf):
            return self._leaf(condition)
        if isinstance(condition, Not):
            inner = self.test(condition.child)
            return lambda row: not inner(row)
        parts = [self.test(child) for child in condition.children]
        if isinstance(condition, All):
            return lambda row: all(part(row) for part in parts)
        return lambda row: any(part(row) for part in parts)

    def _leaf(self, leaf: Leaf) -> Callable[[Row], bool]:
        if leaf.operator in _TEXT_OPERATORS:
            texts = self._texts(leaf.path)
            wanted = _search_terms(leaf.value, simple=leaf.operator == "SEARCH_QUERY")
            return lambda row: wanted(texts(row))
        values = self.values(leaf.path)
        if leaf.operator == "EQUALS" and leaf.value is None:
            return lambda row: not values(row)
        match = self.matcher(leaf)
        return lambda row: any(map(match, values(row)))

    def _texts(self, path: tuple[Attribute, ...]) -> Callable[[Row], str]:
        if path:
            reaches = self._with_labels(path)
        else:
            reaches = [one for attribute in self.entity_type.atomic for one in self._with_labels((attribute,))]
        return lambda row: "\n".join(text_of(value) for reach in reaches for value in reach(row))

    def _with_labels(self, path: tuple[Attribute, ...]) -> list[Callable[[Row], tuple[Any, ...]]]:
        """A reference is indexed with the attributes of its row."""
        ref = path[-1].ref
        if ref is None:
            return [self.values(path)]
        plain = [one for one in self.state.types[ref].atomic if not one.reference]
        return [self.values((*path, one)) for one in plain]


def _all(parts: Iterable[Callable[[Row], bool | None]]) -> Callable[[Row], bool | None]:
    tests = list(parts)

    def test(row: Row) -> bool | None:
        said = [one(row) for one in tests]
        return False if False in said else None if None in said else True

    return test


def _any(parts: Iterable[Callable[[Row], bool | None]]) -> Callable[[Row], bool | None]:
    tests = list(parts)

    def test(row: Row) -> bool | None:
        said = [one(row) for one in tests]
        return True if True in said else None if None in said else False

    return test


def _like(value: str, *, case_sensitive: bool) -> re.Pattern[str]:
    """A substring, any case unless a tag says otherwise; `%` and `_` keep their meaning in SQL [C 0630]."""
    inner = "".join({"%": ".*", "_": "."}.get(one, re.escape(one)) for one in value)
    return re.compile(f".*{inner}.*", re.DOTALL if case_sensitive else re.IGNORECASE | re.DOTALL)


def _words(text: str) -> list[str]:
    return [word.casefold() for word in _WORD.findall(text)]


def _search_terms(value: str, *, simple: bool) -> Callable[[str], bool]:
    if simple:
        return _simple_query(value)
    wanted = set(_words(value))
    return lambda text: not wanted.isdisjoint(_words(text))


def _simple_query(value: str) -> Callable[[str], bool]:
    """Elasticsearch's simple query string: words are ORed, `+` requires, `-` forbids, `*` ends a prefix."""
    signs = re.findall(r'([+-]?)(?:"([^"]*)"|([^\s|+()"]+))', value)
    terms = [(sign, _term(phrase or word, phrase=bool(phrase))) for sign, phrase, word in signs]
    all_needed = "+" in value

    def test(text: str) -> bool:
        words = _words(text)
        held = [term(words) for sign, term in terms if sign != "-"]
        if any(term(words) for sign, term in terms if sign == "-"):
            return False
        return all(held) if all_needed else any(held)

    return test


def _term(text: str, *, phrase: bool) -> Callable[[list[str]], bool]:
    wanted = _words(text)
    if not phrase and text.endswith("*"):
        return lambda words: bool(wanted) and any(word.startswith(wanted[-1]) for word in words)
    size = len(wanted)
    return lambda words: any(words[at : at + size] == wanted for at in range(len(words) - size + 1) if size)


def _refuse_deep(entity_type: EntityType, condition: Condition, end: int) -> None:
    if end > SEARCH_WINDOW:
        index = f"{entity_type.id.lower().replace('_', '')}_{_hash(entity_type.id)}"
        raise server_error(
            "org.molgenis.data.index.exception.IndexSearchException: "
            f"Error searching docs in index '{index}' with query '{_described(condition)}'."
        )


def _described(condition: Condition) -> str:
    """The query as the search engine was given it; only a single match is spelt out."""
    leaf = condition
    while not isinstance(leaf, Leaf):
        leaf = leaf.child if isinstance(leaf, Not) else leaf.children[0]
    name = f"{leaf.path[-1].name}_{_hash(leaf.path[-1].id)}" if leaf.path else "_all"
    settings = {
        "query": leaf.value if isinstance(leaf.value, str) else text_of(leaf.value),
        "operator": "OR",
        "prefix_length": 0,
        "max_expansions": 50,
        "fuzzy_transpositions": True,
        "lenient": False,
        "zero_terms_query": "NONE",
        "auto_generate_synonyms_phrase_query": True,
        "boost": 1.0,
    }
    return json.dumps({"match": {name: settings}}, separators=(",", ":"))


def _hash(text: str) -> str:
    return f"{zlib.crc32(text.encode()):08x}"
