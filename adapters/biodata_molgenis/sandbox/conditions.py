"""What a query asks of a row, the same whether it came as RSQL or as v1 rules."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from biodata_molgenis.sandbox import rsql
from biodata_molgenis.sandbox.errors import ApiError, Violation, bad_request, server_error, unknown_attribute
from biodata_molgenis.sandbox.model import ORDERED_TYPES
from biodata_molgenis.sandbox.values import convert, java_int, parse_date, parse_datetime

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from biodata_molgenis.sandbox.model import Attribute, EntityType

__all__ = ["All", "Condition", "Leaf", "Not", "Some", "from_rsql", "leaf_value", "path_of", "rsql_text_error"]


class Leaf(NamedTuple):
    """`operator` is one of v1's names (EQUALS, IN, …); `path` is empty for a search in all attributes."""

    path: tuple[Attribute, ...]
    operator: str
    value: Any


class Not(NamedTuple):
    """The opposite; what it makes of null depends on the engine (b4)."""

    child: Condition


class All(NamedTuple):
    """Every one of them."""

    children: tuple[Condition, ...]


class Some(NamedTuple):
    """At least one of them."""

    children: tuple[Condition, ...]


Condition = Leaf | Not | All | Some
_COMPARISONS = {"=lt=": "LESS", "=le=": "LESS_EQUAL", "=gt=": "GREATER", "=ge=": "GREATER_EQUAL"}
_TEXTS = {"=like=": "LIKE", "=q=": "SEARCH", "=sq=": "SEARCH_QUERY"}


def path_of(types: Mapping[str, EntityType], entity_type: EntityType, name: str) -> tuple[Attribute, ...]:
    """The attributes that a dotted name goes through.

    Raises:
        ApiError: 404 D04; 400 for a name that goes deeper than the table is indexed.
    """
    path: list[Attribute] = []
    here = entity_type
    for step in name.split("."):
        if path:
            here = types[path[-1].ref] if path[-1].ref is not None else here
        attribute = here.by_name.get(step)
        if attribute is None or (path and path[-1].ref is None):
            raise unknown_attribute(name, here.label)
        path.append(attribute)
    if len(path) > entity_type.indexing_depth + 1:
        raise bad_request(f"Can not filter on references deeper than {entity_type.indexing_depth}.")
    return tuple(path)


def leaf_value(types: Mapping[str, EntityType], attribute: Attribute, text: str) -> Any:
    """A value of a query from its text; an empty one is null.

    Raises:
        ApiError: 500 for a text that is no number [C 0631], 400 for one that is no date.
    """
    if not text:
        return None
    if attribute.ref is not None and attribute.type != "file":
        return leaf_value(types, types[attribute.ref].id_attribute, text)
    if attribute.type in ("int", "long"):
        limits = (-(2**31), 2**31 - 1) if attribute.type == "int" else (-(2**63), 2**63 - 1)
        return java_int(text, limits)
    if attribute.type == "date":
        return parse_date(text, attribute.name)
    if attribute.type == "datetime":
        return parse_datetime(text, attribute.name)
    return convert(types, attribute, text)


def from_rsql(types: Mapping[str, EntityType], entity_type: EntityType, node: rsql.Node) -> Condition:
    """The condition of an RSQL tree, as v2 understands the operators.

    Raises:
        ApiError: unknown attributes, operators that do not go with a type (500 WEB03 [C 0620]), `=out=` (500),
            a range with one end (500 [C 0607]).
    """
    if isinstance(node, rsql.Logical):
        children = tuple(from_rsql(types, entity_type, child) for child in node.children)
        return All(children) if node.operator == "and" else Some(children)
    if node.operator in _TEXTS or node.operator == "=notlike=":
        return _text_leaf(types, entity_type, node)
    if node.operator == "=out=":
        raise server_error("Unknown RSQL query operator [=out=]", "WEB02")
    path = path_of(types, entity_type, node.selector)
    return _value_leaf(types, entity_type, path, node)


def _text_leaf(types: Mapping[str, EntityType], entity_type: EntityType, node: rsql.Comparison) -> Condition:
    everywhere = node.selector == "*" and node.operator in ("=q=", "=sq=")
    path = () if everywhere else path_of(types, entity_type, node.selector)
    leaf = Leaf(path, _TEXTS.get(node.operator, "LIKE"), node.arguments[0])
    return Not(leaf) if node.operator == "=notlike=" else leaf


def _value_leaf(
    types: Mapping[str, EntityType],
    entity_type: EntityType,
    path: tuple[Attribute, ...],
    node: rsql.Comparison,
) -> Condition:
    attribute = path[-1]
    ordered = node.operator in _COMPARISONS or node.operator == "=rng="
    if ordered and attribute.type not in ORDERED_TYPES:
        raise _not_ordered(entity_type, attribute, node.operator)
    if node.operator == "=rng=" and len(node.arguments) == 1:
        raise server_error("Index 1 out of bounds for length 1")
    values = tuple(leaf_value(types, attribute, text) for text in node.arguments)
    if node.operator in ("==", "!="):
        leaf = Leaf(path, "EQUALS", values[0])
        return Not(leaf) if node.operator == "!=" else leaf
    if node.operator in ("=in=", "=rng="):
        return Leaf(path, "IN" if node.operator == "=in=" else "RANGE", values)
    return Leaf(path, _COMPARISONS[node.operator], values[0])


def _not_ordered(entity_type: EntityType, attribute: Attribute, operator: str) -> ApiError:
    text = (
        f"Can't perform RSQL query operator [{operator}] on {attribute.type.upper()} attribute "
        f"'Attribute{{name={attribute.name} id={attribute.id}}}' of entity type "
        f"'EntityType{{name={entity_type.id}}}'."
    )
    return server_error(text, "WEB03")


def rsql_text_error(error: ValueError) -> str:
    """What MOLGENIS says of a query that it could not parse, without the frame that v2 puts around it."""
    if isinstance(error, rsql.UnknownOperatorError):
        return f"org.molgenis.api.convert.UnknownQueryOperatorException: Invalid query operator {error}."
    said = f"An error occurred while parsing the RSQL: {error}."
    return f"org.molgenis.api.convert.QueryParseException: {said}"


def problem_of_rsql(error: ValueError, text: str) -> Violation:
    """The same as v3 says it: API05 for an unknown operator, API03 for a syntax error [C 136]."""
    if isinstance(error, rsql.UnknownOperatorError):
        return Violation(f"Invalid query operator '{error}'.", "API05", "q", text)
    return Violation(f"An error occurred while parsing the RSQL: '{error}'.", "API03", "q", text)


def joined(children: Sequence[Condition]) -> Condition:
    """One condition of several that must all hold."""
    return children[0] if len(children) == 1 else All(tuple(children))
