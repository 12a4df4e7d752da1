"""Aggregates of REST v2: counts over one or two attributes (protocols/molgenis.md, b5)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from biodata_molgenis.sandbox import answers_v2, rsql
from biodata_molgenis.sandbox.answers import plain
from biodata_molgenis.sandbox.conditions import from_rsql
from biodata_molgenis.sandbox.errors import bad_request, server_error, unknown_attribute
from biodata_molgenis.sandbox.fetch import default_of, everything
from biodata_molgenis.sandbox.query import matching

if TYPE_CHECKING:
    from collections.abc import Iterator

    from biodata_molgenis.sandbox.answers import View
    from biodata_molgenis.sandbox.model import Attribute, EntityType
    from biodata_molgenis.sandbox.state import Row

__all__ = ["answer"]


def answer(view: View, entity_type: EntityType, text: str, query: rsql.Node | None) -> dict[str, Any]:
    """The matrix of counts for `x==…;y==…;distinct==…`.

    Raises:
        ApiError: 500 for an OR [C 201] and for an attribute that is not aggregatable [C 070].
    """
    axes = _axes(entity_type, text)
    condition = from_rsql(view.state.types, entity_type, query) if query is not None else None
    everyone = view.state.visible_rows(view.user, entity_type.id)
    rows = matching(view.state, entity_type, everyone, condition)
    matrix, x_labels, y_labels = _matrix(view, entity_type, axes, rows)
    body: dict[str, Any] = {
        "href": answers_v2.path(entity_type.id),
        "aggs": {"matrix": matrix, "xLabels": x_labels, "yLabels": y_labels},
    }
    for axis in ("x", "y", "distinct"):
        if axis in axes:
            meta = answers_v2.attribute_meta(view, entity_type, axes[axis], everything(entity_type))
            body[f"{axis}Attr"] = meta
    return body


def _axes(entity_type: EntityType, text: str) -> dict[str, Attribute]:
    try:
        node = rsql.parse(text)
    except ValueError as error:
        raise bad_request(f"An error occurred while parsing the RSQL: {error}.") from None
    if isinstance(node, rsql.Logical) and node.operator == "or":
        raise server_error("RSQL query operator OR (';' or 'or') not allowed in aggregates query")
    parts = node.children if isinstance(node, rsql.Logical) else (node,)
    axes: dict[str, Attribute] = {}
    for part in parts:
        if not isinstance(part, rsql.Comparison) or part.operator != "==":
            raise server_error("RSQL query operator not allowed in aggregates query")
        axes[part.selector] = _aggregatable(entity_type, part.arguments[0])
    if not axes.keys() & {"x", "y"}:
        raise bad_request("Aggregate query is missing 'x' or 'y' attribute")
    return axes


def _aggregatable(entity_type: EntityType, name: str) -> Attribute:
    attribute = entity_type.by_name.get(name)
    if attribute is None:
        raise unknown_attribute(name, entity_type.label)
    if not attribute.aggregatable:
        raise server_error(f"Attribute is not isAggregatable [ {name}]")
    return attribute


def _matrix(
    view: View, entity_type: EntityType, axes: dict[str, Attribute], rows: list[Row]
) -> tuple[list[list[int]], list[Any], list[Any]]:
    cells: dict[tuple[Any, Any], list[Row]] = {}
    for row in rows:
        for x in _values(view, entity_type, axes.get("x"), row):
            for y in _values(view, entity_type, axes.get("y"), row):
                cells.setdefault((x, y), []).append(row)
    x_keys = _ordered({x for x, _ in cells}) if "x" in axes else [None]
    y_keys = _ordered({y for _, y in cells}) if "y" in axes else [None]
    distinct = axes.get("distinct")
    matrix = [[_count(view, entity_type, distinct, cells.get((x, y), [])) for y in y_keys] for x in x_keys]
    x_labels = [_label(view, axes["x"], key) for key in x_keys] if "x" in axes else []
    y_labels = [_label(view, axes["y"], key) for key in y_keys] if "y" in axes else []
    return matrix, x_labels, y_labels


def _values(view: View, entity_type: EntityType, attribute: Attribute | None, row: Row) -> Iterator[Any]:
    if attribute is None:
        yield None
    elif attribute.multi:
        yield from view.ids(entity_type, attribute, row) or (None,)
    else:
        yield row[attribute.name]


def _ordered(keys: set[Any]) -> list[Any]:
    return [*sorted(key for key in keys if key is not None), *([None] if None in keys else [])]


def _count(view: View, entity_type: EntityType, distinct: Attribute | None, rows: list[Row]) -> int:
    if distinct is None:
        return len(rows)
    held = {one for row in rows for one in _values(view, entity_type, distinct, row)}
    return len(held - {None})


def _label(view: View, attribute: Attribute, key: Any) -> Any:
    """A boolean is 0 or 1 [C 200], a reference its row, a missing value null."""
    if key is None:
        return None
    if attribute.type == "bool":
        return int(key)
    if attribute.reference:
        target = view.type_of(attribute)
        return answers_v2.row_writer(view, target, default_of(target))(view.state.rows(target.id)[key])
    value = plain(attribute, key)
    return value if isinstance(value, str) else str(value)
