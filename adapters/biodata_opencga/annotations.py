"""Annotation sets as a field: `annotations.<variable set>.<variable>` (protocols/opencga.md, sections 5 and 6).

The server keeps a list of annotation sets, each of a variable set of the study. Here a variable set is an object of
its variables; one that may stand in a record more than once is a list of such objects. Variable sets that the server
fills in itself are left to it.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, TypeAlias

import msgspec

from biodata.records.types import Boolean, Field, Float, Integer, Json, List, Object, Reference, String

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from biodata.query.tree import Leaf
    from biodata.records.types import DataType

    Decoder: TypeAlias = Callable[[DataType], Callable[[Any], Any]]

__all__ = ["ANNOTATIONS", "annotation_field", "condition", "decoded_sets", "encoded_sets", "sayable", "updated_sets"]

ANNOTATIONS = "annotations"
DEPTH = 3
"""Names in a path to a variable."""

_OWN = "opencga_"
_NAME = re.compile(r"[A-Za-z0-9_.-]+")
_VALUE = re.compile(r"(?!NONE$)[A-Za-z0-9_.\-][A-Za-z0-9_. \-]*")
_OTHER_TYPE = re.compile(r"[-+.\d]+(e[-+]?\d+)?|true|false", re.IGNORECASE)
_MOST_EXACT = 2**53
_TYPES: dict[str, Any] = {
    "BOOLEAN": Boolean(), "INTEGER": Integer(64), "DOUBLE": Float(), "STRING": String(), "TEXT": String(),
}  # fmt: skip


# --- the field ---------------------------------------------------------------------------------------------


def annotation_field(variable_sets: Sequence[dict[str, Any]], entity: str) -> Field | None:
    """The field of a table whose entries are that `entity` for variable sets; None where there is no set for it."""
    held = [one for one in variable_sets if not one["id"].startswith(_OWN) and not one.get("internal")]
    fits = [one for one in held if entity in (one.get("entities") or (entity,))]
    fields = tuple(Field(one["id"], _of_set(one), description=one.get("description") or "") for one in fits)
    options = {"create": ANNOTATIONS, "update": ANNOTATIONS, "wire": "annotationSets"}
    return Field(ANNOTATIONS, Object(fields), options=options) if fields else None


def _of_set(variable_set: dict[str, Any]) -> Any:
    inner = _of_variables(variable_set.get("variables") or ())
    return inner if variable_set.get("unique", True) else List(inner)


def _of_variables(variables: Sequence[dict[str, Any]]) -> Object:
    ordered = sorted(variables, key=lambda one: (one.get("rank") or 0, one["id"]))
    return Object(tuple(Field(one["id"], _of_variable(one)) for one in ordered))


def _of_variable(variable: dict[str, Any]) -> Any:
    word = variable["type"]
    if word == "CATEGORICAL":
        type_: Any = String(choices=tuple(variable.get("allowedValues") or ()) or None)
    elif word == "OBJECT" and variable.get("variableSet"):
        type_ = _of_variables(variable["variableSet"])
    else:
        type_ = _TYPES.get(word, Json())
    return List(type_) if variable.get("multiValue") else type_


# --- values ------------------------------------------------------------------------------------------------


def decoded_sets(type_: Object, decoder: Decoder) -> Callable[[Any], dict[str, Any] | None]:
    """From the server's list of annotation sets to the object of variable sets; `decoder` makes that of a type."""
    inner = {field.name: (isinstance(field.type, List), _values(field.type, decoder)) for field in type_.fields}

    def decode(sets: Sequence[dict[str, Any]]) -> dict[str, Any] | None:
        done: dict[str, Any] = {}
        for one in sets:
            many, values = inner.get(one["variableSetId"], (False, None))
            if values is not None and (value := values(one.get("annotations") or {})):
                done[one["variableSetId"]] = [*done.get(one["variableSetId"], ()), value] if many else value
        return {name: done[name] for name in inner if name in done} or None

    return decode


def _values(type_: DataType, decoder: Decoder) -> Callable[[Any], Any]:
    of_set: Any = type_.item if isinstance(type_, List) else type_
    whole = decoder(of_set)
    texts = [field.name for field in of_set.fields if isinstance(field.type, String)]
    return lambda values: whole({**values, **{name: _text(values[name]) for name in texts if name in values}})


def _text(value: Any) -> Any:
    """A variable of texts holds numbers too, if it was given some."""
    return value if value is None or isinstance(value, str) else msgspec.json.encode(value).decode()


def encoded_sets(value: dict[str, Any], known: Sequence[dict[str, Any]] = ()) -> list[dict[str, Any]]:
    """The server's annotation sets for an object of variable sets, under the ids of `known` where those are there."""
    done: list[dict[str, Any]] = []
    for name, given in value.items():
        ids = [one["id"] for one in known if one["variableSetId"] == name]
        for number, one in enumerate(given if isinstance(given, list) else [given]):
            if _filled(one):
                id_ = ids[number] if number < len(ids) else _free(name, [*ids, *(each["id"] for each in done)])
                done.append({"id": id_, "variableSetId": name, "annotations": _filled(one)})
    return done


def _filled(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _filled(one) for name, one in value.items() if one not in (None, [])}
    return value


def _free(name: str, taken: Sequence[str]) -> str:
    candidates = (name, *(f"{name}-{number}" for number in range(2, len(taken) + 3)))
    return next(one for one in candidates if one not in taken)


def updated_sets(stored: Sequence[dict[str, Any]], field: Field, value: Any) -> list[dict[str, Any]] | None:
    """The annotation sets of a record after an update, None where that changes nothing.

    A variable set that is given is replaced whole, null takes it away, one that is not given stays; null in place
    of all of them takes away those that the table has a field for.
    """
    assert isinstance(field.type, Object)  # noqa: S101 - annotation_field makes no other
    given = {inner.name: None for inner in field.type.fields} if value is None else value
    kept = [one for one in stored if one["variableSetId"] not in given]
    now = [one for one in stored if one["variableSetId"] in given]
    asked = encoded_sets({name: one for name, one in given.items() if one is not None}, stored)
    return None if _by_id(now) == _by_id(asked) else [*map(_bare, kept), *asked]


def _bare(one: dict[str, Any]) -> dict[str, Any]:
    return {key: one.get(key) for key in ("id", "variableSetId", "annotations")}


def _by_id(sets: Sequence[dict[str, Any]]) -> dict[str, Any]:
    return {one["id"]: _filled(one.get("annotations") or {}) for one in sets}


# --- conditions --------------------------------------------------------------------------------------------


def sayable(leaf: Leaf, type_: DataType) -> bool:
    """Whether a condition can stand in the parameter `annotation` and mean itself.

    A text that could be a number or a boolean stays here: how the server compares those with what is stored as a
    number is not known.
    """
    values = leaf.value if isinstance(leaf.value, tuple) else (leaf.value,)
    if not all(map(_NAME.fullmatch, leaf.path)) or isinstance(type_, Json | Object | Reference):
        return False
    if isinstance(type_, String):
        return all(_VALUE.fullmatch(one) and one == one.strip() and not _OTHER_TYPE.fullmatch(one) for one in values)
    return all(isinstance(one, bool) or abs(one) <= _MOST_EXACT for one in values)


def condition(leaf: Leaf) -> str:
    """It: `set:variable<value`; what must all hold is joined by `;`, one of several values by `,`."""
    name = ":".join(leaf.path[1:])
    if leaf.op == "between":
        return f"{name}>={_said(leaf.value[0])};{name}<={_said(leaf.value[1])}"
    if leaf.op in ("==", "in"):
        values = leaf.value if isinstance(leaf.value, tuple) else (leaf.value,)
        return f"{name}={','.join(map(_said, values))}"
    return f"{name}{leaf.op}{_said(leaf.value)}"


def _said(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
