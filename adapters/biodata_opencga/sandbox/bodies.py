"""Strict bodies: an unknown key, a wrong type or a bad enum is refused in the words of the server's JSON reader.

Sources: protocols/opencga.md, sections 3 and 6; recordings 008, 009, 042, 043, 111, 172, 220, 463.
"""

from __future__ import annotations

import json
from json.decoder import scanstring  # type: ignore[attr-defined]  # there, and not in the stubs
from typing import TYPE_CHECKING, Any, TypeAlias

import msgspec

from biodata_opencga.sandbox.errors import BadBody, jersey

if TYPE_CHECKING:
    from biodata_opencga.sandbox.http import Ask

__all__ = ["ANY", "FLAG", "TEXT", "WHOLE", "Enum", "Many", "Scalar", "Shape", "Spec", "read_body", "read_map"]

_SOURCE = "(org.glassfish.jersey.message.internal.ReaderInterceptorExecutor$UnCloseableInputStream)"
_SPACE = " \t\r\n"
_TOKENS = {
    str: ("String", "VALUE_STRING"),
    list: ("Array", "START_ARRAY"),
    dict: ("Object", "START_OBJECT"),
    bool: ("Boolean", "VALUE_TRUE"),
    int: ("Integer", "VALUE_NUMBER_INT"),
    float: ("Floating-point", "VALUE_NUMBER_FLOAT"),
}


class Scalar(msgspec.Struct, frozen=True):
    """A text, number or boolean, or anything."""

    java: str


class Enum(msgspec.Struct, frozen=True):
    """One of some words."""

    java: str
    values: tuple[str, ...]


class Many(msgspec.Struct, frozen=True):
    """A list."""

    item: Shape
    java: str


class Spec(msgspec.Struct, frozen=True):
    """An object with known keys."""

    java: str
    fields: dict[str, Shape]


Shape: TypeAlias = Scalar | Enum | Many | Spec
TEXT, FLAG, WHOLE = Scalar("java.lang.String"), Scalar("java.lang.Boolean"), Scalar("int")
ANY = Scalar("")


def read_body(ask: Ask, spec: Spec) -> dict[str, Any]:
    """The body without its nulls, which the server takes as not given.

    Raises:
        BadBody: 400.
        Refusal: 415 for another content type than JSON.
    """
    if ask.content_type != "application/json":
        raise jersey(415)
    text = ask.body.decode("utf-8", "replace") or "{}"
    try:
        value = json.loads(text)
    except ValueError:
        raise BadBody(_unparsable(text)) from None
    value = {} if value is None else value
    _check(value, spec, (), spec.java, text)
    body: dict[str, Any] = _without_nulls(value)
    return body


def read_map(ask: Ask) -> dict[str, Any]:
    """A body whose keys are free.

    Raises:
        BadBody: it is no object.
    """
    text = ask.body.decode("utf-8", "replace") or "{}"
    try:
        value = json.loads(text)
    except ValueError:
        raise BadBody(_unparsable(text)) from None
    if not isinstance(value, dict):
        raise BadBody(_cannot("java.util.LinkedHashMap<java.lang.String,java.lang.Object>", value))
    return value


def _check(value: Any, shape: Shape, path: tuple[str | int, ...], chain: str, text: str) -> None:
    if value is None or shape == ANY:
        return
    problem = _mismatch(value, shape)
    if problem is not None:
        raise BadBody(problem + _place(text, _start(text, path), chain if path else ""))
    if isinstance(shape, Many):
        for number, one in enumerate(value):
            _check(one, shape.item, (*path, number), f"{chain}->{shape.java}[{number}]", text)
    if isinstance(shape, Spec):
        _check_object(value, shape, path, chain, text)


def _check_object(value: dict[str, Any], spec: Spec, path: tuple[str | int, ...], chain: str, text: str) -> None:
    prefix = chain if not path else f"{chain}->{spec.java}"
    for key, one in value.items():
        here = (*path, key)
        if key not in spec.fields:
            known = ", ".join(f'"{name}"' for name in spec.fields)
            message = (
                f'Unrecognized field "{key}" (class {spec.java}), not marked as ignorable '
                f"({len(spec.fields)} known properties: {known}])"
            )
            raise BadBody(message + _place(text, _reached(text, _start(text, here)), f'{prefix}["{key}"]'))
        _check(one, spec.fields[key], here, f'{prefix}["{key}"]', text)


def _mismatch(value: Any, shape: Shape) -> str | None:
    if isinstance(shape, Spec):
        return None if isinstance(value, dict) else _cannot(shape.java, value)
    if isinstance(shape, Many):
        return None if isinstance(value, list) else _cannot(f"java.util.ArrayList<{shape.java}>", value)
    if isinstance(shape, Enum):
        if value in shape.values:
            return None
        accepted = ", ".join(shape.values)
        return (
            f'Cannot deserialize value of type `{shape.java}` from String "{value}": '
            f"not one of the values accepted for Enum class: [{accepted}]"
        )
    return _scalar_mismatch(value, shape)


def _scalar_mismatch(value: Any, shape: Scalar) -> str | None:
    if isinstance(value, dict | list):
        return _cannot(shape.java, value)
    if shape == FLAG and not (isinstance(value, bool | int) or str(value) in ("true", "false")):
        why = 'only "true" or "false" recognized'
        return f'Cannot deserialize value of type `{shape.java}` from String "{value}": {why}'
    if shape == WHOLE and isinstance(value, str) and not value.lstrip("-").isdigit():
        return f'Cannot deserialize value of type `int` from String "{value}": not a valid `int` value'
    return None


def _cannot(java: str, value: Any) -> str:
    word, token = _TOKENS.get(type(value), ("Null", "VALUE_NULL"))
    return f"Cannot deserialize value of type `{java}` from {word} value (token `JsonToken.{token}`)"


def _place(text: str, offset: int, chain: str) -> str:
    line = text.count("\n", 0, offset) + 1
    column = offset - (text.rfind("\n", 0, offset) + 1) + 1
    through = f" (through reference chain: {chain})" if chain else ""
    return f"\n at [Source: {_SOURCE}; line: {line}, column: {column}]{through}"


def _unparsable(text: str) -> str:
    offset = next((at for at, one in enumerate(text) if one not in _SPACE), 0)
    if text[offset] == "{":
        offset = next((at for at in range(offset + 1, len(text)) if text[at] not in _SPACE), offset)
    one = text[offset]
    wanted = "was expecting double-quote to start field name"
    return f"Unexpected character ('{one}' (code {ord(one)})): {wanted}" + _place(text, offset + 1, "")


def _start(text: str, path: tuple[str | int, ...], at: int = 0) -> int:
    """The offset at which the value at a path begins."""
    at = _skip(text, at)
    if not path:
        return at
    number, at = 0, _skip(text, at + 1)
    while True:
        name: str | int = number
        if isinstance(path[0], str):
            name, at = scanstring(text, at + 1)
            at = _skip(text, _skip(text, at) + 1)
        if name == path[0]:
            return _start(text, path[1:], at)
        _, at = json.JSONDecoder().raw_decode(text, at)
        at = _skip(text, _skip(text, at) + 1)
        number += 1


def _skip(text: str, at: int) -> int:
    while text[at] in _SPACE:
        at += 1
    return at


def _reached(text: str, start: int) -> int:
    """How far the reader has come when it has seen that there is a value: it reads a number to its end."""
    if text[start] in '"{[':
        return start + 1
    _, end = json.JSONDecoder().raw_decode(text, start)
    return int(end)


def _without_nulls(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _without_nulls(one) for key, one in value.items() if one is not None}
    return [_without_nulls(one) for one in value] if isinstance(value, list) else value
