"""Parameters of a run: values that are bound, and never become part of a text.

`${param:NAME}` stands where a value may stand: in a filter, in a SELECT, in an expression. It is replaced by a mark
that the language reads as a value (a text literal that nobody writes, `$NAME`), and the value itself goes beside the
text: so no value can change what a text means.
"""

from __future__ import annotations

import re
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Any

from biodata.errors import ConfigError, QueryError, near_match
from biodata.records import types as t
from biodata.records.values import to_type

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from biodata.pipelines.spec import Parameter
    from biodata.pipelines.spec.names import Kind

__all__ = [
    "ONLY_PARAMETERS",
    "PLACE",
    "SECRET",
    "TYPES",
    "checked",
    "chosen",
    "kind_of",
    "names_in",
    "placed",
    "whole_name",
]

PLACE = re.compile(r"\$\{param:\s*(\w+)\s*\}")
"""Where a parameter's value goes."""
TYPES: dict[str, t.DataType] = {
    "text": t.String(),
    "int": t.Integer(),
    "float": t.Float(),
    "decimal": t.Decimal(),
    "bool": t.Boolean(),
    "date": t.Date(),
    "datetime": t.DateTime(),
}
"""The type of each kind of value that a pipeline file can name."""
SECRET = re.compile(r"\$\{(?:env|file|keyring|command):")
"""How a reference to a secret begins; no value of a pipeline file is one, besides the keys of pseudonyms."""
ONLY_PARAMETERS = "a secret has no place here; what whoever starts a run may choose is ${param:NAME}"
IN_BRACKETS = re.compile(r"(\bin\s*)\(\s*\$\{param:\s*(\w+)\s*\}\s*\)", re.IGNORECASE)


def names_in(text: str) -> Iterator[str]:
    """The parameters that a text names."""
    return (match[1] for match in PLACE.finditer(text))


def whole_name(text: str) -> str | None:
    """The parameter that a text is, whole; None for any other text."""
    match = PLACE.fullmatch(text.strip())
    return match[1] if match else None


def placed(sql: str, values: Mapping[str, Any] | None = None) -> str:
    """A SQL text with `$NAME` for each `${param:NAME}`, as long as it was, so that positions stay.

    `in (${param:NAME})` is `in ${param:NAME}` where its value is a list: a filter takes both too.
    """

    def place(match: re.Match[str]) -> str:
        return f"${match[1]}".ljust(len(match[0]))

    def alone(match: re.Match[str]) -> str:
        many = isinstance((values or {}).get(match[2]), tuple | list)
        return f"{match[1]} {match[0][len(match[1]) + 1 : -1]} " if many else match[0]

    return PLACE.sub(place, IN_BRACKETS.sub(alone, sql))


def kind_of(values: Sequence[Any]) -> Kind | None:
    """The type of some values of YAML, None where they are of several or of none that a parameter has."""
    names: dict[type, Kind] = {str: "text", bool: "bool", int: "int", float: "float"}
    kinds = {names.get(type(value)) for value in values}
    return kinds.pop() if len(kinds) == 1 else None


def checked(parameter: Parameter, value: Any) -> Any:
    """The value in the parameter's type; a text is read as the type asks.

    Raises:
        QueryError: `BD-PIPELINE-PARAM`, it is no such value; the value itself is not told.
    """
    if parameter.many:
        given = value if isinstance(value, list | tuple) else [one.strip() for one in str(value).split(",")]
        return tuple(_one(parameter, one) for one in given)
    return _one(parameter, value)


def _one(parameter: Parameter, value: Any) -> Any:
    kind = parameter.kind
    try:
        found = to_type(_READ[kind](value) if isinstance(value, str) and kind in _READ else value, TYPES[kind])
    except (ValueError, InvalidOperation):
        found = None
    if found is None:
        raise QueryError(f"expected {_WORDS[kind]}", code="BD-PIPELINE-PARAM")
    return found


def _bool(text: str) -> bool:
    words = {"true": True, "false": False}
    if text.lower() not in words:
        raise ValueError
    return words[text.lower()]


_READ: dict[str, Callable[[str], Any]] = {"int": int, "float": float, "decimal": Decimal, "bool": _bool}
"""What a text becomes before it is made to fit; the other types are texts, or read them themselves."""
_WORDS = {
    "text": "a text",
    "int": "a whole number",
    "float": "a number",
    "decimal": "a number",
    "bool": "true or false",
    "date": "a date such as 2026-11-30",
    "datetime": "an instant such as 2026-11-30T08:00:00Z",
}


def chosen(parameters: Sequence[Parameter], given: Mapping[str, Any]) -> dict[str, Any]:
    """The value of each parameter.

    Raises:
        ConfigError: `BD-PIPELINE-PARAM`, one that is not known, not given, or of another type.
    """
    known = {one.name: one for one in parameters}
    for name in given:
        if name not in known:
            near = near_match(name, known)
            hint = f"Did you mean {near!r}?" if near else f"It has: {', '.join(known) or 'none'}"
            raise ConfigError(f"The pipeline has no parameter {name!r}", code="BD-PIPELINE-PARAM", hint=hint)
    missing = [one.name for one in parameters if one.required and one.name not in given]
    if missing:
        raise ConfigError(
            f"The pipeline needs {', '.join(missing)}", code="BD-PIPELINE-PARAM", hint=f"--param {missing[0]}=VALUE"
        )
    return {name: _given(one, given[name]) if name in given else one.default for name, one in known.items()}


def _given(parameter: Parameter, value: Any) -> Any:
    try:
        return checked(parameter, value)
    except QueryError as error:
        message = f"The parameter {parameter.name}: {error.message}"
        raise ConfigError(message, code="BD-PIPELINE-PARAM") from None
