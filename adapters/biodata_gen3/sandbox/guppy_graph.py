"""Guppy's GraphQL schema, made of its indices (protocols/gen3.md, d)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from graphql import build_schema

from biodata_gen3.sandbox.indices import NUMBERS

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from graphql import GraphQLSchema

    from biodata_gen3.sandbox.indices import Index

__all__ = ["schema_of"]

_TYPES = {"keyword": "String", "text": "String", "integer": "Int"}
_FIXED = """
scalar JSON
enum Accessibility { all accessible unaccessible }
enum Format { json tsv csv }
type MatchedItem { field: String highlights: [String] }
type TextBucket { key: String count: Int }
type NumberBucket { key: [Float] min: Float max: Float avg: Float sum: Float count: Int }
type HistogramForString {
  _totalCount: Int _cardinalityCount(precision_threshold: Int = 3000): Int
  histogram: [TextBucket] asTextHistogram: [TextBucket]
}
type HistogramForNumber {
  _totalCount: Int _cardinalityCount(precision_threshold: Int = 3000): Int
  histogram(rangeStart: Int, rangeEnd: Int, rangeStep: Int, binCount: Int): [NumberBucket]
  asTextHistogram: [TextBucket]
}
"""
_ROWS = "offset: Int, first: Int, filter: JSON, sort: JSON, accessibility: Accessibility = all, format: Format = json"
_COUNTS = "filter: JSON, filterSelf: Boolean = true, nestedAggFields: JSON, accessibility: Accessibility = all"


def schema_of(indices: Mapping[str, Index]) -> GraphQLSchema:
    """The schema; what it is asked of are plain objects and functions (`guppy.py`)."""
    rows = [f"{name}({_ROWS}): [{_capital(name)}]" for name in indices]
    counts = [f"{name}({_COUNTS}): {_capital(name)}Aggregation" for name in indices]
    names = [f"{name}(searchInput: String): [String]" for name in indices]
    parts = [_FIXED, _type("Query", [*rows, "_aggregation: Aggregation", "_mapping: Mapping"])]
    parts += [_type("Aggregation", counts), _type("Mapping", names)]
    nested: dict[str, str] = {}
    for name, index in indices.items():
        parts += _of_index(name, index, nested)
    return build_schema("\n".join([*parts, *nested.values()]))


def _capital(name: str) -> str:
    return name[:1].upper() + name[1:]


def _type(name: str, fields: list[str]) -> str:
    return f"type {name} {{ {' '.join(fields)} }}"


def _of_index(name: str, index: Index, nested: dict[str, str]) -> Iterator[str]:
    """A nested document's type is called after its field, without a capital."""
    held = [f"{field}: {_listed(field, kind, index)}" for field, kind in index.fields.items()]
    yield _type(_capital(name), [*held, "_matched: [MatchedItem]"])
    flat = {field: kind for field, kind in index.fields.items() if isinstance(kind, str)}
    counted = [f"{field}: HistogramFor{'Number' if kind in NUMBERS else 'String'}" for field, kind in flat.items()]
    yield _type(f"{_capital(name)}Aggregation", ["_totalCount: Int", *counted])
    for field, kind in index.fields.items():
        if not isinstance(kind, str):
            nested[field] = _type(field, [f"{inner}: {_listed(inner, one, index)}" for inner, one in kind.items()])


def _listed(field: str, kind: Any, index: Index) -> str:
    one = _TYPES.get(kind, "Float") if isinstance(kind, str) else field
    return f"[{one}]" if field in index.arrays else one
