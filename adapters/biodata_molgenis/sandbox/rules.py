"""The rules of a v1 query: a flat list with connectors between them (protocols/molgenis.md, a4)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from biodata_molgenis.sandbox.conditions import All, Condition, Leaf, Not, Some, path_of
from biodata_molgenis.sandbox.errors import bad_request, server_error, unknown_attribute
from biodata_molgenis.sandbox.values import convert

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from biodata_molgenis.sandbox.model import Attribute, EntityType

__all__ = ["from_rules"]

_LISTS = frozenset({"IN", "RANGE"})
_VALUES = frozenset({"EQUALS", "LESS", "LESS_EQUAL", "GREATER", "GREATER_EQUAL"})
_TEXTS = frozenset({"LIKE", "SEARCH", "SEARCH_QUERY", "FUZZY_MATCH", "FUZZY_MATCH_NGRAM"})
_CONNECTORS = frozenset({"AND", "OR", "NOT", "NESTED", "SHOULD", "DIS_MAX"})


def from_rules(
    types: Mapping[str, EntityType], entity_type: EntityType, rules: list[dict[str, Any]]
) -> Condition | None:
    """The condition of a list of rules; None for an empty list.

    AND binds tighter than OR, NOT belongs to the rule after it, rules without a connector are ANDed.

    Raises:
        ApiError: 500 for an operator that does not exist [C 1014], 404 D04 for an unknown field.
    """
    if not rules:
        return None
    groups: list[list[Condition]] = [[]]
    negated = False
    for rule in rules:
        operator = _operator(rule)
        if operator == "OR":
            groups.append([])
        elif operator == "NOT":
            negated = True
        elif operator != "AND":
            condition = _condition(types, entity_type, rule, operator)
            groups[-1].append(Not(condition) if negated else condition)
            negated = False
    alternatives = [All(tuple(group)) for group in groups if group]
    return alternatives[0] if len(alternatives) == 1 else Some(tuple(alternatives))


def _operator(rule: dict[str, Any]) -> str:
    operator = rule.get("operator")
    if operator not in _LISTS | _VALUES | _TEXTS | _CONNECTORS:
        text = 'Cannot invoke "org.molgenis.data.QueryRule$Operator.ordinal()" because "operator" is null'
        raise server_error(text)
    return str(operator)


def _condition(
    types: Mapping[str, EntityType], entity_type: EntityType, rule: dict[str, Any], operator: str
) -> Condition:
    if operator in ("NESTED", "SHOULD", "DIS_MAX"):
        return from_rules(types, entity_type, rule.get("nestedRules") or []) or All(())
    field = rule.get("field")
    if field is None and operator not in ("SEARCH", "SEARCH_QUERY"):
        raise unknown_attribute("null", entity_type.label)
    path = path_of(types, entity_type, field) if field is not None else ()
    value = rule.get("value")
    if operator in _TEXTS:
        return Leaf(path, operator, "" if value is None else _text(value))
    if operator in _LISTS:
        return Leaf(path, operator, tuple(_values(types, path[-1], value)))
    return Leaf(path, operator, _value(types, path[-1], value))


def _values(types: Mapping[str, EntityType], attribute: Attribute, value: Any) -> Iterator[Any]:
    if not isinstance(value, list):
        raise bad_request("Invalid request body.")
    return (_value(types, attribute, one) for one in value)


def _value(types: Mapping[str, EntityType], attribute: Attribute, value: Any) -> Any:
    if value is None:
        return None
    if attribute.ref is not None and attribute.type != "file":
        return _value(types, types[attribute.ref].id_attribute, value)
    return convert(types, attribute, value)


def _text(value: Any) -> str:
    whole = isinstance(value, float) and value.is_integer()
    return str(int(value)) if whole else str(value)
